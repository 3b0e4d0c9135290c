using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Authorization;

namespace EntryGuard.Server.Hosting;

/// <summary>Who may call an endpoint. Declared beside its route; one that declares nothing is closed to everybody.</summary>
/// <param name="IsPublic">Without a key.</param>
/// <param name="IsAdminOnly">The user must be an admin, or an auditor where nothing is changed.</param>
/// <param name="Scope">An API key must have it; null: any key will do.</param>
/// <param name="OnlyReads">It changes nothing: an auditor may call it.</param>
/// <param name="IsOwn">It changes nothing but what is the caller's alone, such as a password: an auditor may call it.</param>
public sealed record Access(bool IsPublic, bool IsAdminOnly, string? Scope, bool OnlyReads, bool IsOwn)
{
    /// <summary>No API key will do: whoever comes has signed in.</summary>
    public bool IsForSignedIn { get; init; }

    /// <summary>Also for whoever must set up a second factor first.</summary>
    public bool IsForEnrolment { get; init; }

    /// <summary>What an endpoint declares; null: nothing.</summary>
    public static Access? Of(EndpointMetadataCollection metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.GetMetadata<IsPublicMark>() is not null)
            return new Access(true, false, null, false, false);
        var isAdminOnly = metadata.GetMetadata<AdminMark>() is not null;
        var scope = metadata.GetMetadata<ScopeMark>();
        var isForSignedIn = metadata.GetMetadata<SignedInMark>() is not null;
        if (scope is null && !isAdminOnly && !isForSignedIn)
            return null;
        var onlyReads = metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.All(HttpMethods.IsGet) == true;
        return new Access(false, isAdminOnly, isForSignedIn ? null : scope is null ? ApiScopes.All : scope.Scope, onlyReads, metadata.GetMetadata<OwnMark>() is not null)
        {
            IsForSignedIn = isForSignedIn,
            IsForEnrolment = metadata.GetMetadata<EnrolmentMark>() is not null,
        };
    }

    /// <summary>Why the caller is refused; null: may enter.</summary>
    public string? WhyNot(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (IsPublic)
            return null;
        if (caller.LacksCsrfToken)
            return "A request that signs in by cookie and changes something repeats, as X-CSRF-Token, the value it got when it signed in.";
        if (IsForSignedIn && caller.SignInId is null)
            return "An API key cannot do this; sign in.";
        if (caller.OnlyEnrols && !IsForEnrolment)
            return "The organization demands a second factor; set one up first, with POST /api/v1/mfa/setup or a passkey.";
        if (caller.Authority == Authority.Auditor && !OnlyReads && !IsOwn)
            return "An auditor reads everything and changes nothing.";
        if (IsAdminOnly && !caller.IsOrgAdmin && !(OnlyReads && caller.SeesAll))
            return "Only an administrator of the organization may do this.";
        return Scope is null || ApiScopes.Allow(caller.Scopes, Scope) ? null : $"The API key lacks the scope {Scope}; use a key that has it.";
    }

    /// <summary>"public", "any key", "signed in", "sessions:write", "admin, resources:write", "admin or auditor, resources:read": as the OpenAPI document shows it.</summary>
    public override string ToString()
    {
        if (IsPublic)
            return "public";
        var who = (IsAdminOnly, OnlyReads) switch { (false, _) => "", (true, false) => "admin, ", (true, true) => "admin or auditor, " };
        return $"{who}{(IsForSignedIn ? "signed in" : Scope ?? "any key")}";
    }

    internal sealed record IsPublicMark;

    internal sealed record AdminMark;

    internal sealed record OwnMark;

    internal sealed record SignedInMark;

    internal sealed record EnrolmentMark;

    internal sealed record BrowserLinkMark;

    internal sealed record ScopeMark(string? Scope);
}

/// <summary>How routes declare their <see cref="Access"/>. What is said at the endpoint goes before what is said at its group.</summary>
public static class AccessDeclarations
{
    /// <summary>No key is needed.</summary>
    public static TBuilder AllowPublic<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.IsPublicMark());

    /// <summary>Any key will do, whatever its scopes.</summary>
    public static TBuilder RequireSignIn<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.ScopeMark(null));

    /// <summary>A key with this scope, one of <see cref="ApiScopes"/>.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.ScopeMark(scope));

    /// <summary>The key of an admin; without a scope beside it, one with full access.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.AdminMark());

    /// <summary>It changes nothing but what is the caller's alone: auditors may call it as well.</summary>
    public static TBuilder ForOneself<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.OwnMark());

    /// <summary>Whoever has signed in, with whatever right; no API key.</summary>
    public static TBuilder RequirePerson<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.SignedInMark());

    /// <summary>Whoever must set up a second factor may call it before that.</summary>
    public static TBuilder AllowEnrolment<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.EnrolmentMark());

    /// <summary>A browser opens it by a link, where no script can renew its access cookie first: the refresh cookie will do. Only for what reads.</summary>
    public static TBuilder OpenedByLink<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Access.BrowserLinkMark());

    /// <summary>The one policy: what the endpoint declares, and nothing without a declaration.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<IAuthorizationHandler, Gatekeeper>();
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().AddRequirements(new Declared()).Build());
        return services;
    }

    private sealed class Declared : IAuthorizationRequirement;

    private sealed class Gatekeeper : AuthorizationHandler<Declared>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, Declared requirement)
        {
            if (context.Resource is HttpContext http && MayEnter(http))
                context.Succeed(requirement);
            return Task.CompletedTask;
        }

        // What is no route of ours is routing's own answer: 404, 405, 415.
        private static bool MayEnter(HttpContext http) =>
            http.GetEndpoint() is not RouteEndpoint endpoint
            || (Access.Of(endpoint.Metadata) is { } access
                && (access.IsPublic || (http.RequestServices.GetRequiredService<CallerSlot>().Caller is { } caller && access.WhyNot(caller) is null)));
    }
}
