using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>One allow-list as read at the start of a pass.</summary>
/// <param name="Claims">The unsettled claims, those with a date that has come, and the live ones that share an address with them.</param>
/// <param name="Owners">The session of each claim.</param>
/// <param name="Resources">The Resources of the claims.</param>
/// <param name="InFlight">Claims with an attempt that nobody in this pass started.</param>
internal sealed record LoadedAllowList(
    AllowListKey Key, ResourceType Type, string Installation, DateTimeOffset? QuietAfter, IReadOnlyList<Claim> Claims,
    IReadOnlyDictionary<ResourceIpId, SessionId> Owners, IReadOnlyDictionary<ResourceId, ResourceView> Resources, IReadOnlyList<ResourceIpId> InFlight)
{
    /// <summary>The Resources in use that lead here, if it is to be compared with what the provider has; null if it is not.</summary>
    public IReadOnlyList<Resource>? Served { get; init; }

    /// <summary>When an admin asked for the comparison; null: its turn has come.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>An admin said that the comparison may remove more than the brake lets pass.</summary>
    public bool IsUnbraked { get; init; }

    /// <summary>The claims by id.</summary>
    public IReadOnlyDictionary<ResourceIpId, Claim> ById { get; } = Claims.ToDictionary(c => c.Id);

    /// <summary>From when on a list proves absence (E12). A gate of a single node is exempt: a late call dies with the process.</summary>
    public DateTimeOffset? ProvableFrom(ProviderCapabilities capabilities, bool isShared) =>
        capabilities.DiesWithProcess && !isShared ? null : QuietAfter + capabilities.ReadDelay;
}

/// <summary>A call about to go out: its changes, and what each claim was before.</summary>
/// <param name="Batch">Only what claims still waited for when the attempt was committed.</param>
/// <param name="MayHaveStood">Claims whose rules may have stood before this attempt.</param>
/// <param name="Wrote">Something was written although nothing is to be called: claims that lost their grant.</param>
internal sealed record Attempt(
    Guid Id, DateTimeOffset StartedAt, DateTimeOffset DeadlineAt, RuleBatch Batch, IReadOnlySet<ResourceIpId> MayHaveStood, bool Wrote);
