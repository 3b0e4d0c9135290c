using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary>Where a static rule can be opened, where not, and why.</summary>
internal sealed class RuleReach
{
    private readonly List<NotOpened> notOpened = [];

    private RuleReach()
    {
    }

    /// <summary>Resources that take the address.</summary>
    public List<Resource> Open { get; } = [];

    /// <summary>Resources the rule names already that are switched off, or without a credential: opened once they are back.</summary>
    public List<Resource> Asleep { get; } = [];

    /// <summary>Resources that do not take the address (E10).</summary>
    public IReadOnlyList<NotOpened> NotOpened => notOpened;

    /// <summary>Reads and sorts the Resources. They, their credentials and the organization are share-locked by now (E18).</summary>
    /// <param name="db">The tenant's.</param>
    /// <param name="wanted">All there must be.</param>
    /// <param name="named">Those among them that the rule names already: they may be asleep.</param>
    /// <param name="address">What to let in.</param>
    /// <param name="providers">All there are.</param>
    /// <param name="overdue">From <see cref="OverdueClosings"/>: what cannot be closed is not opened for a rule that did not name it before.</param>
    /// <param name="ct">Cancels it.</param>
    public static async Task<(RuleReach? Reach, Refusal? Refusal)> FindAsync(
        EntryGuardDb db, IReadOnlyCollection<ResourceId> wanted, IReadOnlySet<ResourceId> named, Cidr address, ProviderSet providers,
        IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue, CancellationToken ct)
    {
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        if (RuleFields.WidthFault(organization, address) is { } wide)
            return (null, wide);
        var found = await db.Resources.Include(r => r.Credential).Where(r => wanted.Contains(r.Id) && r.DeletedAt == null).OrderBy(r => r.Id).ToListAsync(ct);
        var missing = wanted.Except(found.Select(r => r.Id)).ToList();
        if (missing.Count > 0)
        {
            return (null, new Refusal(ErrorCodes.ResourceNotFound, RefusalKind.NotFound, $"No Resource has the id {string.Join(", ", missing.Select(id => id.Value))}.")
            {
                Errors = new Dictionary<string, string> { ["resourceIds"] = "names a Resource that does not exist" },
            });
        }

        var reach = new RuleReach();
        foreach (var resource in found)
        {
            if (WhyAsleep(resource) is not { } why)
                reach.Consider(resource, address, providers, organization.OpensWhileOverdue || named.Contains(resource.Id) ? null : resource.OverdueSince(overdue));
            else if (named.Contains(resource.Id))
                reach.Asleep.Add(resource);
            else
                return (null, Refusal.Field("resourceIds", why, ErrorCodes.ResourceInactive));
        }

        return reach.Open.Count + reach.Asleep.Count > 0 ? (reach, null) : (null, reach.Nothing());
    }

    /// <summary>Null if every provider is known to have room, or how much it has is not known.</summary>
    public static async Task<Refusal?> RoomFaultAsync(EntryGuardDb db, IReadOnlyCollection<Resource> resources, Cidr address, CancellationToken ct)
    {
        var live = await db.ResourceIps.AsNoTracking().Where(c => c.DueAt != null && c.Wanted == Domain.Sessions.Wanted.Present && c.Address == address)
            .Select(c => new { c.AllowListKey, c.Scopes }).ToListAsync(ct);
        foreach (var list in resources.Where(r => r.AllowListKey is not null).GroupBy(r => r.AllowListKey))
        {
            var standing = live.Where(l => l.AllowListKey == list.Key).SelectMany(l => l.Scopes).ToHashSet();
            var more = list.SelectMany(r => r.Scopes).Distinct().Count(scope => !standing.Contains(scope));
            if (list.First() is var resource && resource.FreeFor(address.IpVersion) is { } free && more > free)
            {
                return Refusal.Field("resourceIds",
                    $"names {resource.Name}, where {more} more rules are needed and the provider has room for {free}; end something there first", ErrorCodes.CapacityExceeded);
            }
        }

        return null;
    }

    private static string? WhyAsleep(Resource resource) => !resource.IsActive
        ? $"names {resource.Name}, which is switched off; leave it out, or switch it on"
        : resource.Credential?.DeletedAt is not null ? $"names {resource.Name}, whose credential was deleted; leave it out, or give it another one" : null;

    private void Consider(Resource resource, Cidr address, ProviderSet providers, DateTimeOffset? overdueSince)
    {
        if ((AddressLimits.WhyNotAtAll(providers, resource, address) ?? (overdueSince is { } since ? OverdueClosings.WhyNothingNew(since) : null)) is { } why)
            notOpened.Add(new NotOpened { ResourceId = resource.Id.Value, ResourceName = resource.Name, IpAddress = address.ToString(), Why = why });
        else
            Open.Add(resource);
    }

    private Refusal Nothing()
    {
        var why = string.Join("; ", notOpened.Select(n => $"{n.ResourceName}: {n.Why}"));
        return notOpened.Exists(n => n.Why.StartsWith("takes no", StringComparison.Ordinal))
            ? Refusal.Field("ipAddress", $"is refused. {why}", ErrorCodes.AddressNotAllowed)
            : new Refusal(ErrorCodes.NothingToOpen, RefusalKind.Invalid, $"Nothing can be opened. {why}");
    }
}
