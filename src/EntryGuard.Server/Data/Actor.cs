using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>Who does something, for the audit log.</summary>
/// <param name="Type">"USER": signed in. "API_KEY": a key of a person. "SERVICE_ACCOUNT": a key of one. "SYSTEM".</param>
/// <param name="UserId">Whose the key is, where it is one; null for the system.</param>
/// <param name="Email">Of the user; null for the system.</param>
/// <param name="IpAddress">The observed address of the request; null for the system.</param>
/// <param name="Key">Name and first characters of the key; null: it was none.</param>
public sealed record Actor(string Type, UserId? UserId, string? Email, string? IpAddress, string? Key = null)
{
    /// <summary>The engine itself.</summary>
    public static Actor System { get; } = new("SYSTEM", null, null, null);
}
