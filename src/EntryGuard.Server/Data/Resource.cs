using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Server.Data;

/// <summary>Outcome of the last verification. Apart from <see cref="Resource.IsActive"/>, which is the admin's switch.</summary>
public enum ResourceHealth
{
    Unverified,
    Valid,
    Invalid,
}

/// <summary>What reconciliation does about what it finds. No policy stops the closing of what ended.</summary>
public enum DriftPolicy
{
    /// <summary>Reports, and writes nothing.</summary>
    Observe,

    /// <summary>Puts back what is ours and missing, takes off what is ours and not wanted; foreign rules are reported.</summary>
    Repair,

    /// <summary>The admin declared the allow-list wholly ours: foreign rules are taken off as well.</summary>
    Exclusive,
}

/// <summary>One allow-list somewhere, as one organization sees it.</summary>
public sealed class Resource : IFreezable
{
    /// <summary>Most of <see cref="ForeignRules"/> that are kept; a list with more of them is not told apart by its tail.</summary>
    public const int MostForeignRules = 200;

    public ResourceId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public Organization? Organization { get; set; }

    /// <summary>Unique within the organization among those not deleted.</summary>
    public required string Name { get; set; }

    /// <summary>Null where the provider needs none.</summary>
    public CredentialId? CredentialId { get; set; }
    public Credential? Credential { get; set; }

    /// <summary>Never changes, like type, identifier and region (E08).</summary>
    public required string Provider { get; set; }
    public required string ResourceType { get; set; }
    public required string Identifier { get; set; }
    public string? Region { get; set; }

    /// <summary>The provider's own settings, as JSON.</summary>
    public required string Config { get; set; }

    /// <summary>What a claim made now opens; copied into the claim, fixed there for its life.</summary>
    public ImmutableArray<Scope> Scopes { get; set; } = [];

    /// <summary>Kinds of address beyond the provider's usual ones: "DOCUMENTATION", "PRIVATE", ..., "RANGE".</summary>
    public IReadOnlyList<string> AllowedAddresses { get; set; } = [];

    /// <summary>The admin's switch. Off: nothing new is opened, and what is open is closed.</summary>
    public bool IsActive { get; set; } = true;

    /// <inheritdoc/>
    public DateTimeOffset? FrozenAt { get; set; }
    public DriftPolicy Policy { get; set; } = DriftPolicy.Repair;
    public ResourceHealth Health { get; set; }

    /// <summary>The verification's words; null before the first one.</summary>
    public string? HealthMessage { get; set; }

    /// <summary>When the provider last said that it works, or that it does not; null: never. A check that reached nobody does not count.</summary>
    public DateTimeOffset? LastVerifiedAt { get; set; }

    /// <summary>When it is verified again by itself; whoever moves this date makes the check.</summary>
    public DateTimeOffset VerifyAt { get; set; }

    /// <summary>Null until the first good verification; then never another (E08).</summary>
    public AllowListKey? AllowListKey { get; set; }

    /// <summary>What the last good verification proved us to be.</summary>
    public string? Identity { get; set; }

    /// <summary>Resources with the same key share a call budget; null: none is kept.</summary>
    public string? ThrottleKey { get; set; }

    /// <summary>Rules of others that open some of what it opens, as last seen: they let people in whatever happens here.</summary>
    public ImmutableArray<ForeignRule> ForeignRules { get; set; } = [];

    /// <summary>When its allow-list was last listed for <see cref="ForeignRules"/>; null: never.</summary>
    public DateTimeOffset? ListedAt { get; set; }

    /// <summary>How full it was when last seen; empty: no limit, or not known.</summary>
    public ImmutableArray<RuleQuota> Quotas { get; set; } = [];
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A tombstone since then; null: in use. Pruned once no claim rests on it.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Entries that can be added for an address of this family, as last seen; null: no limit, or not known.</summary>
    public int? FreeFor(int ipVersion) => Quotas.Where(q => q.Counts(ipVersion)).Select(q => (int?)q.Free).Min();

    /// <summary>A rule of somebody else's that lets the address in to any of these scopes, the widest if there are several, as last seen; null: none was.</summary>
    public ForeignRule? AllowingAnyway(Cidr address, IReadOnlyCollection<Scope> scopes) => AllowingAnyway(ForeignRules, address, scopes);

    /// <inheritdoc cref="AllowingAnyway(Cidr, IReadOnlyCollection{Scope})"/>
    public static ForeignRule? AllowingAnyway(IReadOnlyCollection<ForeignRule> foreign, Cidr address, IReadOnlyCollection<Scope> scopes) =>
        foreign.Where(f => f.Rule.Address.Contains(address) && scopes.Any(f.Rule.Scope.Overlaps)).OrderBy(f => f.Rule.Address.PrefixLength)
            .Select(f => (ForeignRule?)f).FirstOrDefault();

    /// <summary>Those of a list's foreign rules that open some of what it opens, in a stable order.</summary>
    public ImmutableArray<ForeignRule> ForeignIn(IEnumerable<ObservedRule> foreign) =>
        [.. foreign.Where(f => Scopes.Any(s => s.Overlaps(f.Rule.Scope))).Select(f => new ForeignRule(f.Rule, f.Id)).OrderBy(f => f.Rule.Address)
            .ThenBy(f => f.Rule.ToString(), StringComparer.Ordinal).ThenBy(f => f.Id, StringComparer.Ordinal).Take(MostForeignRules)];

    /// <summary>Writes down what a list of its allow-list shows beside our own rules; an incomplete one only how full it is.</summary>
    /// <param name="snapshot">As listed.</param>
    /// <param name="installation">Whose marks are ours.</param>
    public void Note(RuleSnapshot snapshot, string installation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Quotas = snapshot.Quotas;
        if (snapshot.IsComplete)
            (ForeignRules, ListedAt) = (ForeignIn(snapshot.Rules.Where(r => !r.IsMarkedBy(installation))), snapshot.AskedAt);
    }

    /// <summary>As its provider reads it.</summary>
    /// <param name="config">Settings to try instead of its own, as JSON; null: its own.</param>
    public ResourceConfig ToConfig(string? config = null) => new(Identifier, Region, JsonSerializer.Deserialize<JsonElement>(config ?? Config));
}

/// <summary>A rule without our mark.</summary>
/// <param name="Rule">What it opens, to whom.</param>
/// <param name="Id">The provider's id; null where it has none.</param>
public readonly record struct ForeignRule(RuleKey Rule, string? Id);
