using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Makes the first organization, its admin and the admin's API key, once per database. The key is shown once and stored hashed. Two nodes
/// that start at the same time make one: the installation's row decides.
/// </summary>
internal sealed class FirstRun(Databases databases, DatabaseClock clock)
{
    /// <summary>Name of the first organization.</summary>
    public const string OrganizationName = "Home";

    /// <summary>The first admin.</summary>
    public const string AdminEmail = "admin@localhost";

    /// <summary>The admin, and the key just made; null if the database has an organization already.</summary>
    /// <param name="newKey">Makes the text of a key with what is stored of it.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<(OrganizationId Organization, UserId Admin, string Key)?> BootstrapAsync(
        Func<OrganizationId, (string Text, string Prefix, byte[] Hash)> newKey, CancellationToken ct)
    {
        var now = clock.Now;
        var organization = new OrganizationId(Guid.CreateVersion7(now));
        var admin = new UserId(Guid.CreateVersion7(now));
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var won = await db.Installations.Where(i => i.BootstrappedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(i => i.BootstrappedAt, now).SetProperty(i => i.FirstOrganizationId, organization).SetProperty(i => i.FirstAdminId, admin), ct);
        if (won == 0)
            return null;
        db.Organizations.Add(new Organization { Id = organization, Name = OrganizationName, Slug = "home", CreatedAt = now });
        db.Users.Add(new User
        {
            Id = admin,
            OrganizationId = organization,
            Email = AdminEmail,
            Name = "Administrator",
            Authority = Authority.Admin,
            MayNameAddress = true,
            CreatedAt = now,
            UpdatedAt = now,
        });
        var key = AddKey(db, newKey(organization), organization, admin, "first run", now);
        db.Audit.Add(new AuditEntry
        {
            OrganizationId = organization,
            EventType = "ORGANIZATION_CREATE",
            ActorType = "SYSTEM",
            Result = "SUCCESS",
            ResourceType = "ORGANIZATION",
            ResourceId = organization.Value.ToString(),
            ResourceName = OrganizationName,
            CreatedAt = now,
        });
        await work.CommitAsync(ct);
        return (organization, admin, key);
    }

    /// <summary>Who was made first; null before, or if they came into being another way.</summary>
    public async Task<(OrganizationId Organization, UserId Admin)?> FindAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var installation = await db.Installations.AsNoTracking().SingleAsync(ct);
        return installation is { FirstOrganizationId: { } organization, FirstAdminId: { } admin } ? (organization, admin) : null;
    }

    /// <summary>True if the key with this hash is one of this database, and still good.</summary>
    public async Task<bool> HoldsKeyAsync(byte[] hash, CancellationToken ct)
    {
        var now = clock.Now;
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.ApiKeys.AnyAsync(k => k.Hash == hash && k.RevokedAt == null && (k.ExpiresAt == null || k.ExpiresAt > now), ct);
    }

    /// <summary>Another key with full access for a user, to be shown once.</summary>
    public async Task<string> AddKeyAsync(
        (string Text, string Prefix, byte[] Hash) key, OrganizationId organization, UserId user, string name, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        AddKey(db, key, organization, user, name, clock.Now);
        await work.CommitAsync(ct);
        return key.Text;
    }

    private static string AddKey(
        EntryGuardDb db, (string Text, string Prefix, byte[] Hash) key, OrganizationId organization, UserId user, string name, DateTimeOffset now)
    {
        db.ApiKeys.Add(new ApiKey
        {
            Id = new ApiKeyId(Guid.CreateVersion7(now)),
            OrganizationId = organization,
            UserId = user,
            Name = name,
            KeyPrefix = key.Prefix,
            Hash = key.Hash,
            Scopes = ["*"],
            CreatedByEmail = AdminEmail,
            CreatedAt = now,
        });
        return key.Text;
    }
}
