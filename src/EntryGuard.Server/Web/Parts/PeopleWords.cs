using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Words and looks of users, their keys and their rights.</summary>
internal static class PeopleWords
{
    private const string Clock = "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18";
    private const string Letter = "M3 6h18v12H3zM3 7l9 6 9-6";
    private const string Flake = "M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9";
    private const string Tick = "M4 12.5l5 5L20 6.5";
    private const string Dash = "M5 12h14";

    /// <summary>What an authority is called, and what it means.</summary>
    public static IReadOnlyList<(string Wire, string Name, string Meaning)> Authorities { get; } =
    [
        ("MEMBER", "Member", "Opens what roles and assignments give."),
        ("AUDITOR", "Auditor", "Reads everything, changes nothing."),
        ("ADMIN", "Administrator", "Changes everything. By itself that opens nothing."),
    ];

    public static StatusLook Frozen { get; } = new("Frozen", "blue", Flake, "No session starts until the freeze is lifted.");

    public static string Authority(string wire) => Authorities.FirstOrDefault(a => a.Wire == wire).Name ?? Words.Title(wire);

    public static StatusLook User(UserResponse user) => user switch
    {
        { IsActive: false } => new("Inactive", "grey", Dash, "Cannot sign in or open anything."),
        { LastLoginAt: null } => new("Invited", "yellow", Letter, "Has never signed in."),
        _ => new("Active", "green", Tick, "May sign in."),
    };

    public static StatusLook Key(ApiKeyResponse key, DateTimeOffset now) => key switch
    {
        { IsRevoked: true } => new("Revoked", "grey", Dash, "It does not work any more."),
        { ExpiresAt: { } end } when end <= now => new("Expired", "grey", Dash, "It does not work any more."),
        { RotatedTo: not null } => new("Being replaced", "yellow", Clock, "It works until its end; another key takes its place."),
        { ExpiresAt: { } end } when end - now < TimeSpan.FromDays(7) => new("Ends soon", "yellow", Clock, "It works until its end. Rotate it before."),
        _ => new("Active", "green", Tick, ""),
    };

    /// <summary>It can be rotated and revoked.</summary>
    public static bool Works(ApiKeyResponse key, DateTimeOffset now) => !key.IsRevoked && !(key.ExpiresAt <= now);

    /// <summary>"Sessions: read", "Everything its owner may".</summary>
    public static IReadOnlyList<string> Scopes(IReadOnlyList<string> scopes) => scopes.Contains("*") ? ["Everything its owner may"]
        : [.. Scope.Groups.Where(g => scopes.Contains(g.Read) || scopes.Contains(g.Write)).Select(g => $"{g.Name}: {(scopes.Contains(g.Write) ? "change" : "read")}")];

    /// <summary>"2 Resources", "1 user".</summary>
    public static string Count(int count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");

    /// <summary>"2026-03-01 09:30 UTC".</summary>
    public static string Instant(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyy-MM-dd HH:mm} UTC");
}

/// <summary>What an API key may be allowed, by what it is about.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Reads">What reading shows.</param>
/// <param name="Writes">What changing does, beside reading; null: there is nothing to change.</param>
/// <param name="Key">Of its scopes, before the colon.</param>
/// <param name="IsForMembers">Its operations are not only for administrators and auditors.</param>
internal sealed record Scope(string Name, string Reads, string? Writes, string Key, bool IsForMembers = false)
{
    public string Read => $"{Key}:read";

    public string Write => $"{Key}:write";

    public static IReadOnlyList<Scope> Groups { get; } =
    [
        new("Sessions", "See sessions, what may be opened, and what happens.", "Start, extend and stop sessions.", "sessions", true),
        new("Resources", "See Resources, their health and who may open them.", "Add, change, verify and delete Resources, and assign users.", "resources"),
        new("Static IPs", "See static IPs.", "Let addresses in for good, change and close them.", "static-ip-rules"),
        new("Credentials", "See which credentials there are, never their secrets.", "Add, replace and delete credentials.", "credentials"),
        new("Users", "See users and service accounts.", "Add, change and delete them, reset passwords and second factors.", "users"),
        new("Roles", "See roles, who has them and what they open.", "Add, change and delete roles, and give them.", "roles"),
        new("API keys", "See API keys, never the keys themselves.", "Make, rotate and revoke API keys.", "api-keys", true),
        new("Organization", "See the organization's settings.", "Change the organization's settings.", "organization"),
        new("Audit log", "Read and export the audit log.", null, "audit"),
    ];
}
