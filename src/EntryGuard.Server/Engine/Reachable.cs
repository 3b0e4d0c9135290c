using EntryGuard.Domain;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>A Resource and one way to it, as one row of the database.</summary>
public sealed class ReachRow
{
    public required ResourceId ResourceId { get; init; }

    /// <summary>Null: assigned directly.</summary>
    public required Role? Role { get; init; }
}

/// <summary>A Resource that a user may reach.</summary>
/// <param name="Resource">Which; it may be switched off, frozen or broken.</param>
/// <param name="Ways">What leads there: at least one.</param>
public sealed record Reachable(ResourceId Resource, IReadOnlyList<Way> Ways);
