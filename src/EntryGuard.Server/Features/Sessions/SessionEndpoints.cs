using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>Routes of sessions and their Resource IPs.</summary>
public static class SessionEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var sessions = api.MapGroup("/sessions").WithTags("Sessions").RequireScope(ApiScopes.SessionsWrite);
        sessions.MapPost("", StartSession.Handle).WithName("StartSession").WithSummary("Open access for a while");
        sessions.MapGet("", ListSessions.Handle).WithName("ListSessions").WithSummary("Own sessions, newest first").RequireScope(ApiScopes.SessionsRead);
        sessions.MapGet("/{id}", GetSession.Handle).WithName("GetSession").WithSummary("One session").RequireScope(ApiScopes.SessionsRead);
        sessions.MapGet("/{id}/timeline", GetTimeline.Handle).WithName("GetTimeline").WithSummary("What happened to one session, oldest first").RequireScope(ApiScopes.SessionsRead);
        sessions.MapPost("/{id}/stop", StopSession.Handle).WithName("StopSession").WithSummary("End an own session now");
        sessions.MapPost("/{id}/extend", ExtendSession.Handle).WithName("ExtendSession").WithSummary("Move the end of an own session");
        sessions.MapGet("/admin", ListSessions.HandleAdmin).WithName("ListAllSessions").WithSummary("Sessions of the organization, newest first")
            .RequireScope(ApiScopes.SessionsRead).RequireAdmin();
        sessions.MapPost("/admin/{id}/stop", StopSession.HandleAdmin).WithName("StopAnySession").WithSummary("End anybody's session now").RequireAdmin();
        sessions.MapPost("/admin/stop-all", StopAll.Handle).WithName("StopAll").WithSummary("End everything of the organization, a user or a Resource now, and freeze it if asked to").RequireAdmin();
        sessions.MapPost("/admin/lift-freeze", StopAll.HandleLift).WithName("LiftFreeze").WithSummary("Let sessions be started again").RequireAdmin();

        var claims = api.MapGroup("/resource-ips").WithTags("Sessions").RequireScope(ApiScopes.SessionsWrite);
        claims.MapGet("", ListResourceIps.Handle).WithName("ListResourceIps").WithSummary("What is open, being opened or being closed, whoever's it is; with failing=true the closings that fail")
            .RequireScope(ApiScopes.SessionsRead).RequireAdmin();
        claims.MapPost("/{id}/retry", RetryResourceIp.Handle).WithName("RetryResourceIp").WithSummary("Try a failed opening or closing again, now");
        claims.MapPost("/{id}/declare-gone", DeclareGone.Handle).WithName("DeclareGone")
            .WithSummary("Last resort: state that a rule is gone which the server cannot see").RequireAdmin();
    }
}
