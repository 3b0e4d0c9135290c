namespace EntryGuard.Domain.Providers;

/// <summary>What a provider is told about the allow-list it is to work on.</summary>
/// <param name="Organization">Whose Resource it is.</param>
/// <param name="Resource">The Resource through which the allow-list is reached now.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Key">The allow-list; null before its first good verification.</param>
/// <param name="Credential">Null if the provider needs none.</param>
public sealed record ProviderContext(
    OrganizationId Organization, ResourceId Resource, ResourceConfig Config, AllowListKey? Key, ProviderCredential? Credential)
{
    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{Key?.Value ?? Config.Identifier} ({Resource.Value})";
}

/// <summary>A credential for one call.</summary>
/// <param name="Id">Which; its secret may be another at the next call.</param>
/// <param name="Type">One of <see cref="ProviderCapabilities.CredentialTypes"/>.</param>
/// <param name="Secret">In clear: the object its admin stored, as JSON. Never log it.</param>
/// <param name="ExternalId">What a trust relation with the organization must demand: unguessable, never another organization's, made by us.</param>
public sealed record ProviderCredential(CredentialId Id, string Type, string Secret, string ExternalId)
{
    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{Type} ({Id.Value})";
}

/// <summary>
/// Talks to one kind of allow-list: translates, and classifies errors. It never loops, retries, sleeps or decides; the engine owns diff,
/// retry, budget, clock, read-back and audit. It throws only for bugs and <see cref="OperationCanceledException"/>; a cancelled call may
/// have been carried out.
/// </summary>
public interface IResourceProvider
{
    /// <summary>The kind it handles; one provider per kind.</summary>
    ResourceType Type { get; }

    /// <summary>Constant facts about the kind.</summary>
    ProviderCapabilities Capabilities { get; }

    /// <summary>What <see cref="Read"/> and <see cref="CheckCredential"/> accept, for whoever is to write it.</summary>
    ProviderDescription Description { get; }

    /// <summary>Checks and reads a configuration, without any call. All errors at once.</summary>
    ConfigReading Read(ResourceConfig config);

    /// <summary>Checks a credential's shape, and whether the organization may use its kind, without any call: null if good, else what is wrong with <c>credentialData</c>.</summary>
    /// <param name="organization">Whose it is to be.</param>
    /// <param name="credentialType">One of <see cref="ProviderCapabilities.CredentialTypes"/>.</param>
    /// <param name="secret">A JSON object.</param>
    string? CheckCredential(OrganizationId organization, string credentialType, string secret);

    /// <summary>The keys under which work on this Resource is serialised and throttled.</summary>
    /// <param name="config">A configuration that <see cref="Read"/> accepts.</param>
    /// <param name="identity">What verification proved.</param>
    AllowListKeys KeysOf(ResourceConfig config, string identity);

    /// <summary>Would opening and closing work? Changes nothing.</summary>
    Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct);

    /// <summary>Lists what stands, ours and foreign.</summary>
    Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct);

    /// <summary>Carries out one batch, removals first. Adding what stands and removing what is gone are successes.</summary>
    Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct);
}
