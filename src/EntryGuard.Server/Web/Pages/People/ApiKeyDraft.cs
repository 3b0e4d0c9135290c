using System.Globalization;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>What is typed about a new API key.</summary>
public sealed record ApiKeyDraft
{
    /// <summary>Whose key it is to be; null: of whoever makes it.</summary>
    public Guid? UserId { get; set; }
    public string Name { get; set; } = "";
    public string Description { get; set; } = "";

    /// <summary>Everything its user may.</summary>
    public bool IsForAll { get; set; }

    /// <summary>Else these: "sessions:read users:write". Equal text is the same choice.</summary>
    public string Scopes { get; set; } = "";

    /// <summary>Ids of Resources it is for; empty: all.</summary>
    public string Resources { get; set; } = "";

    internal IReadOnlyList<string> ScopeList => Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    internal IReadOnlyList<string> ResourceIds => Resources.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What it may do about something: "read", "write"; empty: nothing.</summary>
    internal string Level(string about) => ScopeList.Where(s => s.StartsWith(about + ':', StringComparison.Ordinal)).Select(s => s[(about.Length + 1)..]).FirstOrDefault("");

    internal void Set(string about, string level)
    {
        var others = ScopeList.Where(s => !s.StartsWith(about + ':', StringComparison.Ordinal));
        Scopes = Join(level.Length > 0 ? others.Append($"{about}:{level}") : others);
    }

    internal bool Names(Guid resource) => ResourceIds.Contains(resource.ToString());

    internal void Choose(Guid resource, bool isNamed)
    {
        var others = ResourceIds.Where(id => id != resource.ToString());
        Resources = Join(isNamed ? others.Append(resource.ToString()) : others);
    }

    /// <summary>One on a line.</summary>
    public string Networks { get; set; } = "";

    /// <summary>Days it works; 0: until it is revoked; null: until <see cref="EndsAt"/>.</summary>
    public int? Days { get; set; } = 90;

    /// <summary>As the browser's field has it, UTC: "2026-03-01T09:30".</summary>
    public string EndsAt { get; set; } = "";

    private static string Join(IEnumerable<string> words) => string.Join(' ', words.Order(StringComparer.Ordinal));

    /// <summary>Null: nothing can be read as an instant, or it never ends.</summary>
    internal DateTimeOffset? Until(DateTimeOffset now) => Days switch
    {
        0 => null,
        { } days => now.AddDays(days),
        null => DateTimeOffset.TryParse(EndsAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
    };
}
