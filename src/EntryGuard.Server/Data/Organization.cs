using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>A tenant. Every row but the installation's own belongs to one.</summary>
public sealed class Organization
{
    public OrganizationId Id { get; set; }
    public required string Name { get; set; }

    /// <summary>Lower case, hyphens; unique among organizations that are not deleted.</summary>
    public required string Slug { get; set; }
    public bool IsActive { get; set; } = true;

    /// <summary>Longest session, extensions included.</summary>
    public TimeSpan MaxSession { get; set; } = TimeSpan.FromHours(24);
    public DateTimeOffset CreatedAt { get; set; }
    public List<User> Users { get; } = [];
}
