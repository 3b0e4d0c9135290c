using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.StaticIps;

/// <summary>What is typed about a static IP.</summary>
public sealed record StaticIpDraft
{
    private const string Never = "never";

    public string Label { get; set; } = "";
    public string IpAddress { get; set; } = "";

    /// <summary>As the browser's field has it, UTC: "2026-03-01T09:30"; empty: never.</summary>
    public string ExpiresAt { get; set; } = "";

    /// <inheritdoc cref="ExpiresAt"/>
    public string ReviewAt { get; set; } = "";

    /// <summary>Who answers for it; null: whoever makes it.</summary>
    public Guid? OwnerId { get; set; }

    /// <summary>Ids, in order: equal text is the same choice.</summary>
    public string Resources { get; set; } = "";

    internal IReadOnlyList<string> ResourceIds => Resources.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    internal bool Names(Guid resource) => ResourceIds.Contains(resource.ToString());

    internal void Name(Guid resource, bool isNamed) =>
        Resources = string.Join(' ', (isNamed ? ResourceIds.Append(resource.ToString()) : ResourceIds.Where(id => id != resource.ToString())).Distinct().Order(StringComparer.Ordinal));

    internal static StaticIpDraft Of(StaticRuleResponse rule)
    {
        var draft = new StaticIpDraft { Label = rule.Label, IpAddress = rule.IpAddress, ExpiresAt = Shown(rule.ExpiresAt), ReviewAt = Shown(rule.ReviewAt), OwnerId = rule.OwnerUserId };
        foreach (var resource in rule.Resources.Where(r => r.Status is not "REMOVING" && r.OverdueSince is null))
            draft.Name(resource.ResourceId, true);
        return draft;
    }

    /// <summary>As the API takes a date.</summary>
    internal static string Date(string typed) => typed is { Length: > 0 } ? typed.EndsWith('Z') ? typed : typed + "Z" : Never;

    private static string Shown(DateTimeOffset? at) => at is { } date ? string.Create(CultureInfo.InvariantCulture, $"{date.UtcDateTime:yyyy-MM-ddTHH:mm}") : "";
}
