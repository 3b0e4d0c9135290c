using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary>Routes of static rules.</summary>
public static class StaticRuleEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var rules = api.MapGroup("/static-ip-rules").WithTags("Static rules").RequireAdmin().RequireScope(ApiScopes.StaticRulesWrite);
        rules.MapGet("", ListStaticRules.Handle).WithName("ListStaticRules").WithSummary("Static rules, newest first").RequireScope(ApiScopes.StaticRulesRead);
        rules.MapGet("/{id}", GetStaticRule.Handle).WithName("GetStaticRule").WithSummary("One static rule").RequireScope(ApiScopes.StaticRulesRead);
        rules.MapPost("", CreateStaticRule.Handle).WithName("CreateStaticRule").WithSummary("Let an address or range in without an end");
        rules.MapPatch("/{id}", UpdateStaticRule.Handle).WithName("UpdateStaticRule").WithSummary("Change it; what is open follows");
        rules.MapDelete("/{id}", DeleteStaticRule.Handle).WithName("DeleteStaticRule").WithSummary("End it; it stays visible until all of it is seen gone");
    }
}
