using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.OpenStack;

/// <summary><c>OPENSTACK/SECURITY_GROUP</c>: rules of a Neutron security group, by Keystone application credential.</summary>
/// <remarks>What the answers mean was seen on Neutron 21.0 and Keystone 22.0.</remarks>
public sealed partial class OpenStackSecurityGroups(IHttpClientFactory clients, EndpointLimits limits, TimeProvider time, ILogger<OpenStackSecurityGroups> log)
    : IResourceProvider, ILeastPrivilege
{
    private readonly HttpExchange exchange = new(clients, time, log);
    private readonly KeystoneTokens tokens = new(new HttpExchange(clients, time, log), time);

    // Neutron looks for an equal rule before it stores one, and does not lock: two requests at once are both answered 201, and both stored. The engine
    // makes one call per allow-list at a time; whoever else does, waits here.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> turns = new();

    /// <inheritdoc/>
    public ResourceType Type => new("OPENSTACK", "SECURITY_GROUP");

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities { get; } = new()
    {
        CredentialTypes = [OpenStackCredential.ApplicationType, OpenStackCredential.NoneType],
        BatchSize = NeutronApply.Most,
        SuccessIsProof = true,   // what was answered is in Neutron's database, and every list reads it
    };

    /// <inheritdoc/>
    public ProviderDescription Description { get; } = new(
        "OpenStack security group",
        [
            new(ProviderDescription.Identifier, "Security group ID", FieldKind.Text)
            {
                IsRequired = true,
                Hint = "The ID, not the name; in small letters.",
                Example = "83c04863-dd45-4572-add7-008471fa9213",
            },
            .. PortConfig.Fields,
        ],
        OpenStackCredential.Descriptions);

    /// <inheritdoc/>
    public ConfigReading Read(ResourceConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var errors = new Dictionary<string, string>();
        if (!GroupId().IsMatch(config.Identifier))
            errors["resourceIdentifier"] = "must be the security group's id, such as 83c04863-dd45-4572-add7-008471fa9213, in small letters";
        var scopes = PortConfig.Read(config.Settings, errors);
        return errors.Count == 0 ? ConfigReading.Good(scopes) : ConfigReading.Bad(errors);
    }

    /// <inheritdoc/>
    public string? CheckCredential(OrganizationId organization, string credentialType, string secret) =>
        OpenStackCredential.Read(credentialType, secret, limits).Fault;

    /// <inheritdoc/>
    public AllowListKeys KeysOf(ResourceConfig config, string identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(identity);
        var at = identity.IndexOf('@', StringComparison.Ordinal);
        var project = at < 0 ? $"neutron:{identity}" : $"neutron:{identity[(at + 1)..]}:{identity[..at]}";
        return new(new AllowListKey($"{project}:{config.Identifier}"), project);
    }

    /// <summary>Signs in afresh, reads the group, its rules and the quota. That rules can be made and deleted, nothing but doing it could show.</summary>
    public async Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var reading = Read(context.Config);
        if (!reading.IsGood)
            return VerifyReport.Invalid(string.Join(" ", reading.Errors.Select(e => $"{e.Key} {e.Value}.")));
        var (session, fault) = await NeutronSession.OpenAsync(exchange, tokens, context, limits, isFresh: true, ct);
        if (session is null)
            return VerifyReport.Of(fault!);
        var group = new NeutronGroup(session, context.Config.Identifier);
        var (name, project, missing) = await group.ReadAsync(ct);
        if (missing is not null)
            return VerifyReport.Of(missing);
        if (project != session.Grant.ProjectId)
            return VerifyReport.Invalid($"The group belongs to another project than the credential ({session.Grant.ProjectId}); use a credential of the group's own project.");
        var (snapshot, blind) = await SnapshotAsync(group, ct);
        if (snapshot is null)
            return VerifyReport.Of(blind!);
        var warnings = new List<string> { "Neutron has no dry run: that the credential may make and delete rules shows only when it does." };
        if (session.HasNoAuth)
            warnings.Add("The endpoint asks nobody to sign in: whoever reaches it can open anything.");
        if (snapshot.Quotas.IsEmpty)
            warnings.Add("The project's quota is unlimited or may not be read with this credential, so how much room there is cannot be shown.");
        var words = string.Create(CultureInfo.InvariantCulture, $"The group '{HttpExchange.Excerpt(name)}' lets in by {snapshot.Rules.Count} rules, made by whomever.");
        return VerifyReport.Valid(session.Identity, words, [.. warnings]) with { Snapshot = snapshot };
    }

    /// <inheritdoc/>
    public async Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (session, fault) = await OpenAsync(context, ct);
        if (session is null)
            return fault!;
        var (snapshot, blind) = await SnapshotAsync(new NeutronGroup(session, context.Config.Identifier), ct);
        return snapshot is null ? blind! : snapshot;
    }

    /// <inheritdoc/>
    public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(changes);
        var (session, fault) = await OpenAsync(context, ct);
        if (session is null)
            return NeutronApply.Nothing(changes, fault!);
        var turn = turns.GetOrAdd(context.Config.Identifier, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(ct);
        try
        {
            return await new NeutronApply(session, context.Config.Identifier, context.Key is not null, changes, time).RunAsync(ct);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public LeastPrivilege? For(IReadOnlyCollection<PrivilegedResource> resources) => AccessRules.For(resources);

    private async Task<(NeutronSession? Session, RuleFault? Fault)> OpenAsync(ProviderContext context, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var (session, fault) = await NeutronSession.OpenAsync(exchange, tokens, context, limits, isFresh: false, ct);

        // An absence proves nothing to somebody else than the one who made the rules (E15).
        return session is not null && context.Key is { } key && KeysOf(context.Config, session.Identity).Serialization != key
            ? (null, new RuleFault("IDENTITY", $"The credential acts as {session.Identity} now, which is not who was verified.", true) { IsCredentialFault = true })
            : (session, fault);
    }

    private async Task<(RuleSnapshot? Snapshot, RuleFault? Fault)> SnapshotAsync(NeutronGroup group, CancellationToken ct)
    {
        var askedAt = time.GetUtcNow();
        var (listed, fault) = await group.ListAsync(ct);
        return listed is null
            ? (null, fault)
            : (new RuleSnapshot(listed.Rules, listed.IsComplete, askedAt) { Quotas = await group.QuotaAsync(ct) }, null);
    }

    [GeneratedRegex("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", RegexOptions.CultureInvariant)]
    private static partial Regex GroupId();
}
