using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace EntryGuard.Server.Data;

/// <summary>
/// The database in one of two scopes: a tenant's, where every query is filtered by organization, or the engine's, which sees all (E30).
/// On PostgreSQL the scopes are database roles as well, and row-level security repeats the filter.
/// </summary>
public abstract class EntryGuardDb(DbContextOptions options, OrganizationId? tenant, WriteGate gate) : DbContext(options)
{
    public DbSet<Installation> Installations => Set<Installation>();
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();
    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<User> Users => Set<User>();
    public DbSet<UserResource> UserResources => Set<UserResource>();
    public DbSet<Role> Roles => Set<Role>();
    public DbSet<RoleUser> RoleUsers => Set<RoleUser>();
    public DbSet<RoleResource> RoleResources => Set<RoleResource>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<UserSecret> UserSecrets => Set<UserSecret>();
    public DbSet<SignIn> SignIns => Set<SignIn>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<Passkey> Passkeys => Set<Passkey>();
    public DbSet<OneTimeToken> OneTimeTokens => Set<OneTimeToken>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();
    public DbSet<SignInFailure> SignInFailures => Set<SignInFailure>();
    public DbSet<Credential> Credentials => Set<Credential>();
    public DbSet<Resource> Resources => Set<Resource>();
    public DbSet<AllowList> AllowLists => Set<AllowList>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<ResourceIp> ResourceIps => Set<ResourceIp>();
    public DbSet<HealthEvent> HealthEvents => Set<HealthEvent>();
    public DbSet<AuditEntry> Audit => Set<AuditEntry>();
    public DbSet<OutboxMail> OutboxMails => Set<OutboxMail>();

    /// <summary>Owners that are sessions of users: what people are shown as sessions.</summary>
    public IQueryable<Session> UserSessions => Sessions.Where(s => s.Kind == OwnerKind.Session);

    /// <summary>Owners that are static rules.</summary>
    public IQueryable<Session> StaticRules => Sessions.Where(s => s.Kind == OwnerKind.StaticRule);

    /// <summary>Null: engine scope, all organizations. Else the tenant; <c>default</c> is a tenant without rows.</summary>
    public OrganizationId? Tenant { get; } = tenant;

    /// <summary>Rows of this organization only; in the engine scope all rows. A tenant that was never set matches nothing.</summary>
    private bool SeesAll => Tenant is null;

    private OrganizationId TenantOrNobody => Tenant ?? default;

    /// <summary>Rung after a commit that wrote audit rows; null only for migrations.</summary>
    internal AuditBell? AuditBell { get; set; }

    /// <summary>Called after a commit that stored mail; null: nobody sends any here.</summary>
    internal Action? MailStored { get; set; }

    /// <summary>The transaction that goes on stores mail.</summary>
    internal bool StoresMail { get; set; }

    /// <summary>Database time of the write to claims that is going on, for what follows from it; null: there was none.</summary>
    internal DateTimeOffset? WrittenAt { get; set; }

    /// <summary>True on PostgreSQL, where several nodes may write at once.</summary>
    public abstract bool IsShared { get; }

    /// <summary>
    /// Begins the one transaction in which something changes. On SQLite it waits for the write gate first (closings before others), and
    /// nothing but the database may be awaited until it is disposed. On PostgreSQL it names the tenant to row-level security.
    /// </summary>
    public Task<DbWork> BeginWriteAsync(WritePriority priority, CancellationToken ct) =>
        DbWork.BeginAsync(this, IsShared ? null : gate, priority, ct);

    /// <summary>Begins a read. On PostgreSQL a tenant sees no row outside of one; on SQLite it costs nothing.</summary>
    public Task<DbWork> BeginReadAsync(CancellationToken ct) => DbWork.BeginReadAsync(this, ct);

    /// <summary>Begins a read of several questions whose answers are of one moment, that of the first of them: what others commit meanwhile is not seen.</summary>
    public Task<DbWork> BeginSnapshotAsync(CancellationToken ct) => DbWork.BeginSnapshotAsync(this, ct);

    /// <summary>A transaction that sees one moment, and keeps nobody from writing.</summary>
    internal abstract Task<IDbContextTransaction> SnapshotAsync(CancellationToken ct);

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) =>
        optionsBuilder.ReplaceService<IModelCacheKeyFactory, ModelPerScope>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        var c = configurationBuilder;
        c.Properties<OrganizationId>().HaveConversion<OrganizationIdConverter>();
        c.Properties<UserId>().HaveConversion<UserIdConverter>();
        c.Properties<ApiKeyId>().HaveConversion<ApiKeyIdConverter>();
        c.Properties<SignInId>().HaveConversion<SignInIdConverter>();
        c.Properties<PasskeyId>().HaveConversion<PasskeyIdConverter>();
        c.Properties<RoleId>().HaveConversion<RoleIdConverter>();
        c.Properties<CredentialId>().HaveConversion<CredentialIdConverter>();
        c.Properties<ResourceId>().HaveConversion<ResourceIdConverter>();
        c.Properties<SessionId>().HaveConversion<SessionIdConverter>();
        c.Properties<ResourceIpId>().HaveConversion<ResourceIpIdConverter>();
        c.Properties<AllowListKey>().HaveConversion<AllowListKeyConverter>();
        c.Properties<Cidr>().HaveConversion<CidrConverter>();
        c.Properties<ImmutableArray<Cidr>>().HaveConversion<CidrsConverter, CidrsComparer>();
        c.Properties<ImmutableArray<ResourceId>>().HaveConversion<ResourceIdsConverter, ResourceIdsComparer>();
        c.Properties<ImmutableArray<Scope>>().HaveConversion<ScopesConverter, ScopesComparer>();
        c.Properties<ImmutableArray<RuleEntry>>().HaveConversion<EntriesConverter, EntriesComparer>();
        c.Properties<OwnerKind>().HaveConversion<EnumText<OwnerKind>>();
        c.Properties<DriftPolicy>().HaveConversion<EnumText<DriftPolicy>>();
        c.Properties<HealthCategory>().HaveConversion<EnumText<HealthCategory>>();
        c.Properties<MailKind>().HaveConversion<EnumText<MailKind>>();
        c.Properties<HealthEventId>().HaveConversion<HealthEventIdConverter>();
        c.Properties<ImmutableArray<ForeignRule>>().HaveConversion<ForeignRulesConverter, ForeignRulesComparer>();
        c.Properties<ImmutableArray<RuleQuota>>().HaveConversion<QuotasConverter, QuotasComparer>();
        c.Properties<IReadOnlyList<string>>().HaveConversion<WordsConverter, WordsComparer>();
        c.Properties<TimeSpan>().HaveConversion<SecondsConverter>();
        c.Properties<Domain.Sessions.SessionStatus>().HaveConversion<EnumText<Domain.Sessions.SessionStatus>>();
        c.Properties<Domain.Sessions.EndReason>().HaveConversion<EnumText<Domain.Sessions.EndReason>>();
        c.Properties<Domain.Sessions.Wanted>().HaveConversion<EnumText<Domain.Sessions.Wanted>>();
        c.Properties<Domain.Sessions.ResourceIpStatus>().HaveConversion<EnumText<Domain.Sessions.ResourceIpStatus>>();
        c.Properties<Authority>().HaveConversion<EnumText<Authority>>();
        c.Properties<UserKind>().HaveConversion<EnumText<UserKind>>();
        c.Properties<Grant>().HaveConversion<EnumText<Grant>>();
        c.Properties<SignInMethod>().HaveConversion<EnumText<SignInMethod>>();
        c.Properties<SignInEnd>().HaveConversion<EnumText<SignInEnd>>();
        c.Properties<TokenPurpose>().HaveConversion<EnumText<TokenPurpose>>();
        c.Properties<ResourceHealth>().HaveConversion<EnumText<ResourceHealth>>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(EntryGuardDb).Assembly);
        if (!SeesAll)
            FilterByTenant(modelBuilder);
        Names.ToSnakeCase(modelBuilder);
    }

    private void FilterByTenant(ModelBuilder model)
    {
        model.Entity<Organization>().HasQueryFilter(o => o.Id == TenantOrNobody);
        model.Entity<User>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<UserResource>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<Role>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<RoleUser>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<RoleResource>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<ApiKey>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<UserSecret>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<SignIn>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<RefreshToken>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<Passkey>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<OneTimeToken>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<Credential>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<Resource>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<Session>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<ResourceIp>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<HealthEvent>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<AuditEntry>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<OutboxMail>().HasQueryFilter(o => o.OrganizationId == TenantOrNobody);
        model.Entity<AllowList>().HasQueryFilter(_ => false);
        model.Entity<Installation>().HasQueryFilter(_ => false);
        model.Entity<DataProtectionKey>().HasQueryFilter(_ => false);
        model.Entity<SigningKey>().HasQueryFilter(_ => false);
        model.Entity<SignInFailure>().HasQueryFilter(_ => false);
        if (!IsShared)
            return;
        model.Entity<ClusterNode>().HasQueryFilter(_ => false);
        model.Entity<ClusterVersion>().HasQueryFilter(_ => false);
    }

    // A model per scope, so that a tenant's filter is a plain comparison: "sees all OR organization = x" would keep SQLite from any index on it.
    private sealed class ModelPerScope : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.GetType(), ((EntryGuardDb)context).SeesAll, designTime);
    }

    private sealed class OrganizationIdConverter() : ValueConverter<OrganizationId, Guid>(id => id.Value, value => new(value));
    private sealed class UserIdConverter() : ValueConverter<UserId, Guid>(id => id.Value, value => new(value));
    private sealed class ApiKeyIdConverter() : ValueConverter<ApiKeyId, Guid>(id => id.Value, value => new(value));
    private sealed class SignInIdConverter() : ValueConverter<SignInId, Guid>(id => id.Value, value => new(value));
    private sealed class PasskeyIdConverter() : ValueConverter<PasskeyId, Guid>(id => id.Value, value => new(value));
    private sealed class RoleIdConverter() : ValueConverter<RoleId, Guid>(id => id.Value, value => new(value));
    private sealed class CredentialIdConverter() : ValueConverter<CredentialId, Guid>(id => id.Value, value => new(value));
    private sealed class ResourceIdConverter() : ValueConverter<ResourceId, Guid>(id => id.Value, value => new(value));
    private sealed class SessionIdConverter() : ValueConverter<SessionId, Guid>(id => id.Value, value => new(value));
    private sealed class ResourceIpIdConverter() : ValueConverter<ResourceIpId, Guid>(id => id.Value, value => new(value));
    private sealed class AllowListKeyConverter() : ValueConverter<AllowListKey, string>(key => key.Value, value => new(value));
    private sealed class CidrConverter() : ValueConverter<Cidr, string>(cidr => cidr.ToString(), text => Cidr.Parse(text));
    private sealed class SecondsConverter() : ValueConverter<TimeSpan, long>(span => (long)span.TotalSeconds, seconds => TimeSpan.FromSeconds(seconds));

    private sealed class CidrsConverter() : ValueConverter<ImmutableArray<Cidr>, string>(
        cidrs => string.Join(' ', cidrs.Select(c => c.ToString())), text => ReadCidrs(text));

    private sealed class CidrsComparer() : ValueComparer<ImmutableArray<Cidr>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, c) => HashCode.Combine(hash, c)), a => a);

    private sealed class ResourceIdsConverter() : ValueConverter<ImmutableArray<ResourceId>, string>(
        ids => string.Join(' ', ids.Select(id => id.Value)), text => ReadResourceIds(text));

    private sealed class ResourceIdsComparer() : ValueComparer<ImmutableArray<ResourceId>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, id) => HashCode.Combine(hash, id)), a => a);

    private sealed class ScopesConverter() : ValueConverter<ImmutableArray<Scope>, string>(
        scopes => string.Join(' ', scopes.Select(s => s.ToString())), text => ReadScopes(text));

    private sealed class ScopesComparer() : ValueComparer<ImmutableArray<Scope>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, s) => HashCode.Combine(hash, s)), a => a);

    private sealed class EntriesConverter() : ValueConverter<ImmutableArray<RuleEntry>, string>(
        entries => WriteEntries(entries), text => ReadEntries(text));

    private sealed class EntriesComparer() : ValueComparer<ImmutableArray<RuleEntry>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, e) => HashCode.Combine(hash, e)), a => a);

    private sealed class HealthEventIdConverter() : ValueConverter<HealthEventId, Guid>(id => id.Value, value => new(value));

    private sealed class ForeignRulesConverter() : ValueConverter<ImmutableArray<ForeignRule>, string>(
        rules => JsonSerializer.Serialize(rules.Select(r => new[] { r.Rule.Scope.ToString(), r.Rule.Address.ToString(), r.Id })), text => ReadForeignRules(text));

    private sealed class ForeignRulesComparer() : ValueComparer<ImmutableArray<ForeignRule>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, r) => HashCode.Combine(hash, r)), a => a);

    private sealed class QuotasConverter() : ValueConverter<ImmutableArray<RuleQuota>, string>(
        quotas => JsonSerializer.Serialize(quotas.Select(q => new[] { q.IpVersion, q.Used, q.Limit })), text => ReadQuotas(text));

    private sealed class QuotasComparer() : ValueComparer<ImmutableArray<RuleQuota>>(
        (a, b) => a.SequenceEqual(b), a => a.Aggregate(0, (hash, q) => HashCode.Combine(hash, q)), a => a);

    private sealed class WordsConverter() : ValueConverter<IReadOnlyList<string>, string>(words => string.Join(' ', words), text => ReadWords(text));

    private sealed class WordsComparer() : ValueComparer<IReadOnlyList<string>>(
        (a, b) => a!.SequenceEqual(b!), a => a.Aggregate(0, (hash, word) => HashCode.Combine(hash, word)), a => a);

    private static ImmutableArray<Cidr> ReadCidrs(string text) => [.. ReadWords(text).Select(Cidr.Parse)];

    private static ImmutableArray<ResourceId> ReadResourceIds(string text) => [.. ReadWords(text).Select(id => new ResourceId(Guid.Parse(id)))];

    private static ImmutableArray<Scope> ReadScopes(string text) => [.. ReadWords(text).Select(Scope.Parse)];

    private static ImmutableArray<ForeignRule> ReadForeignRules(string text) =>
        [.. JsonSerializer.Deserialize<string?[][]>(text)!.Select(r => new ForeignRule(new RuleKey(Scope.Parse(r[0]!), Cidr.Parse(r[1]!)), r[2]))];

    private static ImmutableArray<RuleQuota> ReadQuotas(string text) =>
        [.. JsonSerializer.Deserialize<int?[][]>(text)!.Select(q => new RuleQuota(q[0], q[1]!.Value, q[2]!.Value))];

    private static string[] ReadWords(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string WriteEntries(ImmutableArray<RuleEntry> entries) =>
        JsonSerializer.Serialize(entries.Select(e => new[] { e.Id, e.Scope.ToString() }));

    private static ImmutableArray<RuleEntry> ReadEntries(string text) =>
        [.. JsonSerializer.Deserialize<string?[][]>(text)!.Select(pair => new RuleEntry(pair[0], Scope.Parse(pair[1]!)))];
}
