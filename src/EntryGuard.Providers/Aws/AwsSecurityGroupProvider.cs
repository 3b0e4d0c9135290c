using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Aws;

/// <summary>Security groups of Amazon EC2, <c>AWS/SECURITY_GROUP</c>. Entries are ours by their description, which is the owner mark.</summary>
public sealed class AwsSecurityGroupProvider : IResourceProvider, ILeastPrivilege, IDisposable
{
    /// <summary>Of everything one call of the engine asks AWS, together: less than the engine's own limit, so that what is known is said.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(13);

    private readonly EndpointLimits limits;
    private readonly IReadOnlySet<OrganizationId> chainAllowed;
    private readonly TimeProvider time;
    private readonly AwsHttp http;
    private readonly AwsConnections connections;

    /// <param name="limits">Where it may connect to.</param>
    /// <param name="chainAllowed">Organizations whose credentials may be the server's own identity (<c>DEFAULT_CHAIN</c>).</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">For what answers like no AWS.</param>
    /// <param name="ownIdentity">Null: the SDK's default chain.</param>
    public AwsSecurityGroupProvider(
        EndpointLimits limits, IEnumerable<OrganizationId> chainAllowed, TimeProvider time, ILogger<AwsSecurityGroupProvider> log,
        Func<CancellationToken, Task<ImmutableCredentials>>? ownIdentity = null)
    {
        (this.limits, this.chainAllowed, this.time) = (limits, chainAllowed.ToHashSet(), time);
        http = new AwsHttp(limits, time);
        connections = new AwsConnections(http, new OwnIdentity(ownIdentity ?? DefaultChainAsync), limits, time, log);
    }

    /// <inheritdoc/>
    public ResourceType Type => new("AWS", "SECURITY_GROUP");

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities { get; } = new()
    {
        CredentialTypes = [AwsSecret.AccessKey, AwsSecret.AssumeRole, AwsSecret.DefaultChain],

        // A group never has more inbound rules of a family ("Amazon VPC quotas"), so what a pass has to change is one call each way. That EC2
        // takes so many in one request is an assumption: if it does not, it refuses them whole, and they are halved.
        BatchSize = 1000,

        // EC2 API reference, "Eventual consistency": a list right after a change may be old. How old is not said; a second is an assumption.
        SuccessIsProof = false,
        ReadDelay = TimeSpan.FromSeconds(1),

        // EC2 refills the bucket of a changing action at 5 a second or more, after 50 at once ("Request throttling for the Amazon EC2 API");
        // one call of the engine has one of each. Others in the account draw from it too.
        CallsPerSecond = 4,
    };

    /// <inheritdoc/>
    public ProviderDescription Description { get; } = new("AWS security group", AwsGroup.Fields, AwsSecret.Descriptions);

    /// <inheritdoc/>
    public ConfigReading Read(ResourceConfig config)
    {
        var errors = new Dictionary<string, string>();
        return AwsGroup.Read(config, errors) is { } group ? ConfigReading.Good(group.Scopes) : ConfigReading.Bad(errors);
    }

    /// <inheritdoc/>
    public string? CheckCredential(OrganizationId organization, string credentialType, string secret)
    {
        if (!Capabilities.CredentialTypes.Contains(credentialType))
            return $"has an unknown type; AWS takes {string.Join(", ", Capabilities.CredentialTypes)}";
        var fault = AwsSecret.Read(credentialType, secret, limits).Fault;
        return MayUse(organization, credentialType) is { } why ? string.Join("; ", new[] { why, fault }.OfType<string>()) : fault;
    }

    /// <inheritdoc/>
    public AllowListKeys KeysOf(ResourceConfig config, string identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(KeyOf(identity, config.Region, config.Identifier), $"aws:{identity}:{config.Region}");
    }

    /// <inheritdoc/>
    public async Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var errors = new Dictionary<string, string>();
        if (AwsGroup.Read(context.Config, errors) is not { } group)
            return VerifyReport.Invalid(Sentences(errors));
        if (context.Credential is { } credential && MayUse(context.Organization, credential.Type) is { } why)
            return VerifyReport.Invalid($"The credential {why}.");
        var (connection, fault) = connections.Find(context);
        if (connection is null)
            return VerifyReport.Of(fault!);
        using var limit = Limit(ct);
        return await new AwsVerification(new AwsGroupClient(connection, group.Id, group.Region, limit.Token, ct), group, time).RunAsync();
    }

    /// <summary>
    /// Lists what stands. A group that is not there is a fault. The exception: it is known to be gone (<see cref="AwsGroupClient.IsGoneAsync"/>)
    /// from an allow-list that was verified; then nothing stands on it, and a closing may end.
    /// </summary>
    public async Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var askedAt = time.GetUtcNow();
        using var limit = Limit(ct);
        var (client, fault) = Client(context, limit.Token, ct);
        if (client is null)
            return fault!;
        var (rules, blind) = await client.RulesAsync();
        var quota = AwsGroup.Read(context.Config, [])?.Quota ?? AwsGroup.UsualQuota;
        if (rules is not null)
            return AwsGroupClient.Snapshot(rules, quota, askedAt);
        return blind!.AwsCode == "InvalidGroup.NotFound" && await client.IsGoneAsync(context) ? new RuleSnapshot([], true, askedAt) : blind.Fault;
    }

    /// <inheritdoc/>
    public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(changes);
        ct.ThrowIfCancellationRequested();
        if (changes.Removals.Count > Capabilities.BatchSize || changes.Additions.Count > Capabilities.BatchSize)
            return ApplyResult.Refused(new RuleFault("BATCH_TOO_LARGE", $"One call takes {Capabilities.BatchSize} rules each way.", true));
        using var limit = Limit(ct);
        var (client, fault) = Client(context, limit.Token, ct);
        if (client is null)
            return fault!.IsCredentialFault ? ApplyResult.Refused(fault) : ApplyResult.All(changes, new RuleOutcome.Rejected(fault));

        // The operator's leave, taken back, ends opening and never closing (E05).
        var mayAdd = MayUse(context.Organization, context.Credential!.Type) is { } why ? new RuleFault("NOT_ALLOWED", $"The credential {why}.", true) : null;
        return await new AwsChanges(client, context, changes).RunAsync(mayAdd);
    }

    /// <inheritdoc/>
    public LeastPrivilege? For(IReadOnlyCollection<PrivilegedResource> resources)
    {
        ArgumentNullException.ThrowIfNull(resources);
        var groups = resources.Where(r => AwsGroup.ReadPlace(r.Config, [])).Select(r => (r.Identity?.Split('@')[0], r.Config.Region!, r.Config.Identifier)).ToList();
        return groups.Count == 0 ? null : new LeastPrivilege(
            "An IAM policy for the role or the user behind the credential: inline, or as a managed policy attached to it.", AwsPolicy.For(groups));
    }

    /// <summary>Ends the connections.</summary>
    public void Dispose() => http.Dispose();

    internal static AllowListKey KeyOf(string identity, string? region, string group) => new($"aws:{identity}:{region}:{group}");

    private static async Task<ImmutableCredentials> DefaultChainAsync(CancellationToken ct) =>
        await (await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync()).GetCredentialsAsync();

    private static string Sentences(Dictionary<string, string> errors) => string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}."));

    private string? MayUse(OrganizationId organization, string credentialType) =>
        credentialType != AwsSecret.DefaultChain || chainAllowed.Contains(organization)
            ? null
            : "would be the server's own identity, which the operator has not allowed this organization; see EntryGuard:Aws:DefaultChain";

    private (AwsGroupClient? Client, RuleFault? Fault) Client(ProviderContext context, CancellationToken limit, CancellationToken asked)
    {
        var errors = new Dictionary<string, string>();
        if (!AwsGroup.ReadPlace(context.Config, errors))
            return (null, new RuleFault("INVALID_VALUE", Sentences(errors), true));
        var (connection, fault) = connections.Find(context);
        return connection is null ? (null, fault) : (new AwsGroupClient(connection, context.Config.Identifier, context.Config.Region!, limit, asked), null);
    }

    private Limiting Limit(CancellationToken ct) => new(CallTimeout, time, ct);

    /// <summary>Over when the caller gives up, or when the time is.</summary>
    private sealed class Limiting : IDisposable
    {
        private readonly CancellationTokenSource timer;
        private readonly CancellationTokenSource both;

        public Limiting(TimeSpan most, TimeProvider time, CancellationToken ct)
        {
            timer = new CancellationTokenSource(most, time);
            both = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        }

        public CancellationToken Token => both.Token;

        public void Dispose()
        {
            both.Dispose();
            timer.Dispose();
        }
    }
}
