using System.Globalization;
using System.Text.Json.Nodes;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.OpenStack;

/// <summary>One provider call's way to Neutron: its endpoint, its project, and the token that is good there.</summary>
internal sealed class NeutronSession
{
    private readonly HttpExchange exchange;
    private readonly KeystoneTokens tokens;
    private readonly (CredentialId, string) key;
    private readonly OpenStackCredential.Application? application;
    private readonly Uri endpoint;

    private NeutronSession(
        HttpExchange exchange, KeystoneTokens tokens, (CredentialId, string) key, OpenStackCredential.Application? application, Uri endpoint, Grant grant)
    {
        (this.exchange, this.tokens, this.key, this.application, this.endpoint) = (exchange, tokens, key, application, endpoint);
        Grant = grant;
    }

    /// <summary>What the last sign-in granted.</summary>
    public Grant Grant { get; private set; }

    /// <summary>Nobody is asked to sign in, so nothing says which project is ours but the credential.</summary>
    public bool HasNoAuth => application is null;

    /// <summary>Whom we are proved to be: the project, and where.</summary>
    public string Identity => $"{Grant.ProjectId}@{endpoint.IdnHost}:{endpoint.Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Signs in, if it must, and finds the endpoint.</summary>
    /// <param name="isFresh">The secret itself is to be tried, whatever tokens are in memory.</param>
    public static async Task<(NeutronSession? Session, RuleFault? Fault)> OpenAsync(
        HttpExchange exchange, KeystoneTokens tokens, ProviderContext context, EndpointLimits limits, bool isFresh, CancellationToken ct)
    {
        if (context.Credential is not { } given)
            return (null, Refused("The Resource has no credential."));
        var (credential, wrong) = OpenStackCredential.Read(given.Type, given.Secret, limits);
        if (credential is null)
            return (null, Refused($"The credential {wrong}."));
        var key = (given.Id, OpenStackCredential.Fingerprint(given));
        if (credential is OpenStackCredential.None none)
            return (new NeutronSession(exchange, tokens, key, null, none.NetworkUrl, new Grant(null, none.ProjectId, [], DateTimeOffset.MaxValue)), null);
        var application = (OpenStackCredential.Application)credential;
        var (grant, fault) = await tokens.GetAsync(key, application, null, isFresh, ct);
        if (grant is null)
            return (null, fault);
        var (endpoint, missing) = application.NetworkUrl is { } own ? (own, null) : Find(grant, context.Config.Region, limits);
        return endpoint is null ? (null, missing) : (new NeutronSession(exchange, tokens, key, application, endpoint, grant), null);

        static RuleFault Refused(string message) => new("CREDENTIAL", message, true) { IsCredentialFault = true };
    }

    /// <summary>Asks Neutron. A 401 renews the token once; a second one is the answer.</summary>
    /// <param name="path">"security-group-rules?…", after "/v2.0/".</param>
    public async Task<Reply> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken ct)
    {
        var reply = await SendOnceAsync(method, path, body, ct);
        if (reply.Status != 401 || HasNoAuth)
            return reply;
        return await RenewAsync(Grant, ct) is { } fault ? new Reply { Fault = fault } : await SendOnceAsync(method, path, body, ct);
    }

    /// <summary>Asks Neutron with the token there is, good or not.</summary>
    public Task<Reply> SendOnceAsync(HttpMethod method, string path, JsonNode? body, CancellationToken ct) =>
        exchange.SendAsync(method, new Uri($"{endpoint.ToString().TrimEnd('/')}/v2.0/{path}"), Grant.Token, body, ct);

    /// <summary>Signs in anew, unless somebody has since <paramref name="refused"/> was given out.</summary>
    /// <param name="refused">Null: in any case.</param>
    /// <returns>Null if it worked, and we still are who we were.</returns>
    public async Task<RuleFault?> RenewAsync(Grant? refused, CancellationToken ct)
    {
        if (application is null)
            return null;
        var (grant, fault) = await tokens.GetAsync(key, application, refused, refused is null, ct);
        if (grant is null)
            return fault;
        if (grant.ProjectId != Grant.ProjectId)
            return new RuleFault("IDENTITY", "The credential acts in another project now.", true) { IsCredentialFault = true };
        Grant = grant;
        return null;
    }

    private static (Uri? Endpoint, RuleFault? Fault) Find(Grant grant, string? region, EndpointLimits limits)
    {
        var regions = grant.Networks.Select(n => n.Region).Distinct().Order(StringComparer.Ordinal).ToList();
        var fit = grant.Networks.Where(n => region is null || n.Region == region).Distinct().ToList();
        var known = regions.Count == 0 ? "none" : HttpExchange.Excerpt(string.Join(", ", regions));
        if (fit.Count != 1)
        {
            return (null, new RuleFault("REGION", fit.Count == 0
                ? $"The catalog has no public network endpoint {(region is null ? "" : "in that region ")}(regions: {known}); mend the region, or write networkUrl in the credential."
                : $"The catalog has several network endpoints (regions: {known}); write the region.", true));
        }

        return limits.Read(fit[0].Url, out var endpoint) is { } why
            ? (null, new RuleFault("ENDPOINT_NOT_ALLOWED", $"The catalog's network endpoint {why}.", true) { IsCredentialFault = true })
            : (OpenStackCredential.WithoutVersion(endpoint!, "/v2.0"), null);
    }
}
