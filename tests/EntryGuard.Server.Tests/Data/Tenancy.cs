using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Tests.Data;

/// <summary>One organization with a user, a Resource, a session and its claim, as rows.</summary>
internal sealed record Tenancy(Organization Organization, User User, Credential Credential, Resource Resource, Session Session, ResourceIp Claim)
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public OrganizationId Id => Organization.Id;

    /// <summary>Saved in the engine scope.</summary>
    public static async Task<Tenancy> MakeAsync(Databases databases, string slug)
    {
        var organization = new Organization { Id = new(Next()), Name = slug, Slug = slug, CreatedAt = Now };
        var user = new User { Id = new(Next()), OrganizationId = organization.Id, Email = $"ann@{slug}.example", CreatedAt = Now, UpdatedAt = Now };
        var credential = new Credential
        {
            Id = new(Next()),
            OrganizationId = organization.Id,
            Name = "key",
            Provider = "AWS",
            CredentialType = "ACCESS_KEY",
            Secret = [1],
            CreatedAt = Now,
            UpdatedAt = Now,
        };
        var key = new AllowListKey($"gate:{slug}");
        var resource = NewResource(organization.Id, "web");
        (resource.CredentialId, resource.AllowListKey) = (credential.Id, key);
        var session = NewSession(organization.Id, user.Id);
        var claim = NewClaim(organization.Id, session.Id, resource.Id, key);

        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        db.AllowLists.Add(new AllowList { Key = key, Type = "GATE/TCP_GATE", Identity = slug });
        db.AddRange(organization, user, credential, resource, session, claim);
        db.UserResources.Add(new UserResource { OrganizationId = organization.Id, UserId = user.Id, ResourceId = resource.Id, CreatedAt = Now });
        db.ApiKeys.Add(new ApiKey
        {
            Id = new(Next()),
            OrganizationId = organization.Id,
            UserId = user.Id,
            Name = "k",
            KeyPrefix = "eg_",
            Hash = Guid.NewGuid().ToByteArray(),
            Scopes = ["*"],
            CreatedByEmail = user.Email,
            CreatedAt = Now,
        });
        AddSignIn(db, user);
        db.Audit.Add(NewAudit(organization.Id));
        await work.CommitAsync(default);
        return new Tenancy(organization, user, credential, resource, session, claim);
    }

    private static void AddSignIn(EntryGuardDb db, User user)
    {
        var signIn = new SignIn { Id = new(Next()), OrganizationId = user.OrganizationId, UserId = user.Id, Address = "203.0.113.7", CreatedAt = Now, LastSeenAt = Now, ExpiresAt = Now };
        db.SignIns.Add(signIn);
        db.UserSecrets.Add(new UserSecret { UserId = user.Id, OrganizationId = user.OrganizationId });
        db.RefreshTokens.Add(new RefreshToken { Hash = Guid.NewGuid().ToByteArray(), OrganizationId = user.OrganizationId, SignInId = signIn.Id, CreatedAt = Now, ExpiresAt = Now });
        db.OneTimeTokens.Add(new OneTimeToken { Hash = Guid.NewGuid().ToByteArray(), OrganizationId = user.OrganizationId, UserId = user.Id, CreatedAt = Now, ExpiresAt = Now });
        db.Passkeys.Add(new Passkey
        {
            Id = new(Next()),
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            Name = "phone",
            CredentialId = [1],
            PublicKey = [1],
            Transports = [],
            AttestationObject = [1],
            ClientData = [1],
            CreatedAt = Now,
        });
    }

    public static Guid Next() => Guid.CreateVersion7(Now);

    public static Resource NewResource(OrganizationId organization, string name) => new()
    {
        Id = new(Next()),
        OrganizationId = organization,
        Name = name,
        Provider = "GATE",
        ResourceType = "TCP_GATE",
        Identifier = "gate",
        Config = "{}",
        Scopes = [Scope.Tcp(443)],
        CreatedAt = Now,
        UpdatedAt = Now,
    };

    public static Session NewSession(OrganizationId organization, UserId user) => new()
    {
        Id = new(Next()),
        OrganizationId = organization,
        UserId = user,
        Status = SessionStatus.Active,
        IPv4 = Cidr.Parse("203.0.113.7"),
        StartedAt = Now,
        ExpiresAt = Now.AddHours(1),
        ChangedAt = Now,
    };

    public static ResourceIp NewClaim(OrganizationId organization, SessionId session, ResourceId resource, AllowListKey key) => new()
    {
        Id = new(Next()),
        OrganizationId = organization,
        SessionId = session,
        ResourceId = resource,
        AllowListKey = key,
        Address = Cidr.Parse("203.0.113.7"),
        Scopes = [Scope.Tcp(443)],
        Wanted = Wanted.Present,
        Status = ResourceIpStatus.Applied,
        MayStand = true,
        EndsAt = Now.AddHours(1),
        CapAt = Now.AddHours(8),
        DueAt = Now.AddHours(1),
        CreatedAt = Now,
    };

    public static AuditEntry NewAudit(OrganizationId organization) => new()
    {
        OrganizationId = organization,
        EventType = "SESSION_START",
        ActorType = "SYSTEM",
        Result = "SUCCESS",
        CreatedAt = Now,
    };
}
