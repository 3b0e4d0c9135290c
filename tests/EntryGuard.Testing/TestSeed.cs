using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Testing;

/// <summary>Writes the rows that tests rest on. Each is made once; names are unique within their organization.</summary>
public sealed class TestSeed(Databases databases, ScriptedProvider provider, TimeProvider time) : IDisposable
{
    private const string Identity = "tester";
    private readonly SemaphoreSlim turn = new(1);

    public Task<OrganizationId> Organization(string name) => Once(async db =>
    {
        if (await db.Organizations.SingleOrDefaultAsync(o => o.Slug == name) is { } there)
            return there.Id;
        var organization = new Organization { Id = new OrganizationId(NewId()), Name = name, Slug = name, CreatedAt = time.GetUtcNow() };
        db.Organizations.Add(organization);
        return organization.Id;
    });

    public Task<UserId> User(OrganizationId organization, string email, bool isAdmin = false, bool mayNameAddress = true, Authority authority = Authority.Member) => Once(async db =>
    {
        if (await db.Users.SingleOrDefaultAsync(u => u.OrganizationId == organization && u.Email == email) is { } there)
            return there.Id;
        var user = new User
        {
            Id = new UserId(NewId()),
            OrganizationId = organization,
            Email = email,
            Authority = isAdmin ? Authority.Admin : authority,
            MayNameAddress = mayNameAddress,
            CreatedAt = time.GetUtcNow(),
            UpdatedAt = time.GetUtcNow(),
        };
        db.Users.Add(user);
        return user.Id;
    });

    /// <summary>A new key, with its text.</summary>
    public Task<(ApiKeyId Id, string Text)> ApiKey(
        OrganizationId organization, UserId user, string[]? scopes = null, DateTimeOffset? expiresAt = null) => Once(db =>
    {
        var text = ApiKeyText.New(organization);
        var key = new ApiKey
        {
            Id = new ApiKeyId(NewId()),
            OrganizationId = organization,
            UserId = user,
            Name = "kit",
            KeyPrefix = text.Prefix,
            Hash = text.Hash,
            Scopes = scopes ?? ["*"],
            ExpiresAt = expiresAt,
            CreatedByEmail = "kit@localhost",
            CreatedAt = time.GetUtcNow(),
        };
        db.ApiKeys.Add(key);
        return Task.FromResult((key.Id, text.Text));
    });

    /// <summary>A credential whose secret <paramref name="protect"/> encrypts.</summary>
    public Task<CredentialId> Credential(OrganizationId organization, string name, Func<CredentialId, byte[]> protect) => Once(async db =>
    {
        ArgumentNullException.ThrowIfNull(protect);
        if (await db.Credentials.SingleOrDefaultAsync(c => c.OrganizationId == organization && c.Name == name) is { } there)
            return there.Id;
        var id = new CredentialId(NewId());
        db.Credentials.Add(new Credential
        {
            Id = id,
            OrganizationId = organization,
            Name = name,
            Provider = provider.Type.Provider,
            CredentialType = "TOKEN",
            Secret = protect(id),
            CreatedAt = time.GetUtcNow(),
            UpdatedAt = time.GetUtcNow(),
        });
        return id;
    });

    /// <summary>A verified Resource on the scripted allow-list of the same name; it takes documentation addresses.</summary>
    public Task<ResourceId> Resource(OrganizationId organization, string name, params int[] ports) => ResourceOn(organization, name, name, ports);

    /// <summary>A verified Resource on a scripted allow-list that others may share; it takes documentation addresses.</summary>
    public Task<ResourceId> ResourceOn(OrganizationId organization, string name, string allowList, params int[] ports) => Once(async db =>
    {
        if (await db.Resources.SingleOrDefaultAsync(r => r.OrganizationId == organization && r.Name == name) is { } there)
            return there.Id;
        if (ports.Length == 0)
            ports = [443];
        var config = $$"""{"ports":[{{string.Join(',', ports)}}]}""";
        using var settings = System.Text.Json.JsonDocument.Parse(config);
        var keys = provider.KeysOf(new ResourceConfig(allowList, null, settings.RootElement), Identity);
        if (!await db.AllowLists.AnyAsync(a => a.Key == keys.Serialization))
            db.AllowLists.Add(new AllowList { Key = keys.Serialization, Type = provider.Type.ToString(), Identity = Identity });
        var resource = new Resource
        {
            Id = new ResourceId(NewId()),
            OrganizationId = organization,
            Name = name,
            Provider = provider.Type.Provider,
            ResourceType = provider.Type.Kind,
            Identifier = allowList,
            Config = config,
            Scopes = [.. ports.Distinct().Order().Select(Scope.Tcp)],
            AllowedAddresses = ["DOCUMENTATION"],
            Health = ResourceHealth.Valid,
            LastVerifiedAt = time.GetUtcNow(),
            VerifyAt = time.GetUtcNow().AddYears(10),   // by itself only in the tests that are about it
            AllowListKey = keys.Serialization,
            Identity = Identity,
            ThrottleKey = keys.Throttle,
            CreatedAt = time.GetUtcNow(),
            UpdatedAt = time.GetUtcNow(),
        };
        db.Resources.Add(resource);
        return resource.Id;
    });

    /// <summary>From now on the Resource is reached with this credential.</summary>
    public Task Reached(ResourceId resource, Guid credential) =>
        Change(async db => (await db.Resources.SingleAsync(r => r.Id == resource)).CredentialId = new CredentialId(credential));

    /// <summary>Assigns a Resource to a user.</summary>
    public Task<bool> Assignment(OrganizationId organization, UserId user, ResourceId resource) => Once(async db =>
    {
        if (await db.UserResources.AnyAsync(g => g.UserId == user && g.ResourceId == resource))
            return false;
        db.UserResources.Add(new UserResource { OrganizationId = organization, UserId = user, ResourceId = resource, CreatedAt = time.GetUtcNow() });
        return true;
    });

    /// <summary>Changes rows directly: deactivates a user, lets a key expire, ...</summary>
    public Task Change(Func<EntryGuardDb, Task> change) => Once(async db =>
    {
        await change(db);
        return true;
    });

    public void Dispose() => turn.Dispose();

    private Guid NewId() => Guid.CreateVersion7(time.GetUtcNow());

    private async Task<T> Once<T>(Func<EntryGuardDb, Task<T>> make)
    {
        await turn.WaitAsync();
        try
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
            var made = await make(db);
            await work.CommitAsync(CancellationToken.None);
            return made;
        }
        finally
        {
            turn.Release();
        }
    }
}
