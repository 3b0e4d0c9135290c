using EntryGuard.Contracts;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What the API might say, for pages to show.</summary>
internal static class Rows
{
    /// <summary>A Monday.</summary>
    public static readonly DateTimeOffset Now = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    public static SignedInUser Admin { get; } = new()
    {
        Id = Guid.Parse("0199c3a0-0000-7000-8000-000000000001"),
        Email = "admin@acme.example",
        Authority = "ADMIN",
        IsOrgAdmin = true,
        OrganizationId = Guid.Empty,
        OrganizationName = "acme",
        OrganizationSlug = "acme",
        MfaEnabled = false,
        TotpEnabled = false,
        RecoveryCodesLeft = 0,
    };

    /// <param name="end">Null: <see cref="Now"/>.</param>
    public static ResourceIpResponse Claim(string resource = "web", DateTimeOffset? end = null, string status = "APPLIED") => new()
    {
        Id = Guid.Empty,
        ResourceId = Guid.Empty,
        ResourceName = resource,
        IpVersion = 4,
        IpAddress = "203.0.113.7",
        Status = status,
        Grant = "DIRECT",
        LatestEnd = (end ?? Now).AddHours(8),
        EndsAt = end ?? Now,
        Attempts = 0,
    };

    /// <summary>For four hours.</summary>
    public static SessionResponse Session(string status, params ResourceIpResponse[] claims) => new()
    {
        Id = Guid.Empty,
        UserId = Guid.Empty,
        UserEmail = "ann@acme.example",
        Status = status,
        StatusMessage = "",
        StartedAt = Now,
        ExpiresAt = Now.AddHours(4),
        OpenRules = 0,
        ResourceIps = claims,
        CreatedAt = Now,
        OrganizationName = "acme",
    };

    /// <summary>That may be opened for so long.</summary>
    public static AccessibleResource Door(int minutes) => new()
    {
        ResourceId = Guid.Empty,
        ResourceName = "web",
        Provider = "GATE",
        ResourceType = "TCP_GATE",
        ResourceIdentifier = "web",
        Health = "VALID",
        CanOpen = true,
        MaxMinutes = minutes,
        NeedsReason = false,
        NeedsSecondFactor = false,
        Ways = [],
    };

    public static Problem Refused(string message) => new() { Title = "Conflict", Status = 409, Error = "REFUSED", Message = message, Timestamp = Now, Path = "/" };
}
