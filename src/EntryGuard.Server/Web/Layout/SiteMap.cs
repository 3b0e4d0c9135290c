using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Layout;

/// <summary>A part of the menu.</summary>
/// <param name="Title">Null: it needs none.</param>
internal sealed record Group(string? Title, IReadOnlyList<Link> Links);

/// <summary>A page, as the menu and the palette name it.</summary>
internal sealed record Link(string Text, string Href);

/// <summary>What there is to see, and for whom.</summary>
internal static class SiteMap
{
    public static IReadOnlyList<Group> For(SignedInUser user)
    {
        Group mine = new(null, [new("Start", "/"), new("My sessions", "/sessions"), new("My security", "/security")]);
        return user.Authority switch
        {
            "ADMIN" => [mine, .. Everybodys, new("Organization", [new("Settings", "/settings"), new("First steps", "/first-run")])],
            "AUDITOR" => [mine, .. Everybodys, new("Organization", [new("Settings", "/settings")])],
            _ => [mine with { Links = [.. mine.Links, new("My API keys", "/api-keys")] }],
        };
    }

    private static readonly Group[] Everybodys =
    [
        new("Watch", [new("Overview", "/overview"), new("All sessions", "/all-sessions"), new("Health", "/health-events"), new("Audit log", "/audit")]),
        new("Doors", [new("Resources", "/resources"), new("Credentials", "/credentials"), new("Static IPs", "/static-ips"), new("IAM policy", "/iam-policy")]),
        new("People", [new("Users", "/users"), new("Roles", "/roles"), new("Service accounts", "/service-accounts"), new("API keys", "/api-keys")]),
    ];
}
