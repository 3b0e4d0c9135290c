using EntryGuard.Domain;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>A Resource and one way to it, as one row of the database.</summary>
public sealed class ReachRow
{
    public required ResourceId ResourceId { get; init; }
    public required string ResourceName { get; init; }
    public required string Provider { get; init; }
    public required string ResourceType { get; init; }
    public required string Identifier { get; init; }
    public required ResourceHealth Health { get; init; }

    /// <summary>Switched on, and with a credential if it ever had one.</summary>
    public required bool IsUsable { get; init; }
    public required DateTimeOffset? FrozenAt { get; init; }

    /// <summary>Null: assigned directly.</summary>
    public required Role? Role { get; init; }
}

/// <summary>A Resource that a user may reach.</summary>
/// <param name="Resource">What it is.</param>
/// <param name="Ways">What leads there: at least one.</param>
public sealed record Reachable(ReachRow Resource, IReadOnlyList<Way> Ways);
