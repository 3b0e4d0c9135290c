using System.Diagnostics;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Server.Engine;

/// <summary>
/// The way of a session, for traces: its start, each pass over an allow-list, each provider call. Ids only: no user, no client address, no
/// secret. A call serves many sessions at once, so it names them instead of being a child of one.
/// </summary>
public static class EngineTrace
{
    /// <summary>For exporters.</summary>
    public const string SourceName = "EntryGuard";

    private const int MostSessions = 50;
    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The request that is being served is about this session.</summary>
    public static void About(SessionId session) => Activity.Current?.SetTag("entryguard.session", session.Value);

    internal static Activity? Pass(AllowListKey key) => Source.StartActivity("allow-list pass")?.SetTag("entryguard.allow_list", key.Value);

    internal static Activity? Call(string verb, ResourceType type, ResourceId resource, IEnumerable<SessionId> sessions)
    {
        var activity = Source.StartActivity($"provider {verb}", ActivityKind.Client);
        return activity is { IsAllDataRequested: true }
            ? activity.SetTag("entryguard.provider", type.ToString()).SetTag("entryguard.resource", resource.Value)
                .SetTag("entryguard.sessions", sessions.Distinct().Take(MostSessions).Select(s => s.Value.ToString()).ToArray())
            : activity;
    }

    internal static void Failed(this Activity? activity, string? code)
    {
        if (code is not null)
            activity?.SetStatus(ActivityStatusCode.Error, code);
    }
}
