using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>Who does something, for the audit log.</summary>
/// <param name="Type">"USER" or "SYSTEM".</param>
/// <param name="UserId">Null for the system.</param>
/// <param name="Email">Null for the system.</param>
/// <param name="IpAddress">The observed address of the request; null for the system.</param>
public sealed record Actor(string Type, UserId? UserId, string? Email, string? IpAddress)
{
    /// <summary>The engine itself.</summary>
    public static Actor System { get; } = new("SYSTEM", null, null, null);
}
