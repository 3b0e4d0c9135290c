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

    /// <summary>One on a line.</summary>
    public string Networks { get; set; } = "";

    /// <summary>Days it works; 0: until it is revoked; null: until <see cref="EndsAt"/>.</summary>
    public int? Days { get; set; } = 90;

    /// <summary>As the browser's field has it, UTC: "2026-03-01T09:30".</summary>
    public string EndsAt { get; set; } = "";

    /// <summary>Null: nothing can be read as an instant, or it never ends.</summary>
    internal DateTimeOffset? Until(DateTimeOffset now) => Days switch
    {
        0 => null,
        { } days => now.AddDays(days),
        null => DateTimeOffset.TryParse(EndsAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
    };
}
