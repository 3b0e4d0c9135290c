using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>What is typed about a role.</summary>
public sealed record RoleDraft
{
    public string Name { get; set; } = "";
    public string Description { get; set; } = "";

    /// <summary>Minutes; null: the organization's.</summary>
    public int? MaxSessionMinutes { get; set; }
    public bool ReasonRequired { get; set; }
    public string ReasonPattern { get; set; } = "";

    /// <summary>One on a line.</summary>
    public string Networks { get; set; } = "";

    /// <summary>As the API takes it; empty: any time.</summary>
    public string Hours { get; set; } = "";
    public string? TimeZone { get; set; }
    public int? MfaWithinMinutes { get; set; }

    internal IReadOnlyList<string> NetworkList => TextLines.Of(Networks);

    internal static RoleDraft Of(RoleResponse role) => new()
    {
        Name = role.Name,
        Description = role.Description ?? "",
        MaxSessionMinutes = role.MaxSessionMinutes,
        ReasonRequired = role.Conditions.ReasonRequired == true,
        ReasonPattern = role.Conditions.ReasonPattern ?? "",
        Networks = string.Join('\n', role.Conditions.SourceNetworks ?? []),
        Hours = role.Conditions.Hours ?? "",
        TimeZone = role.Conditions.TimeZone,
        MfaWithinMinutes = role.Conditions.MfaWithinMinutes,
    };

    internal RoleConditions ToConditions() => new()
    {
        ReasonRequired = ReasonRequired,
        ReasonPattern = ReasonPattern is { Length: > 0 } ? ReasonPattern : null,
        SourceNetworks = NetworkList,
        Hours = Hours is { Length: > 0 } ? Hours : null,
        TimeZone = Hours is { Length: > 0 } && TimeZone is { Length: > 0 } ? TimeZone : null,
        MfaWithinMinutes = MfaWithinMinutes,
    };
}
