using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data.Common;
using System.Linq.Expressions;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Providers.Aws;
using EntryGuard.Providers.Http;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Testing.FakeEc2;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Bench;

/// <summary>The engine of one server on a new SQLite file, and the groups it works on.</summary>
internal sealed partial class CloudWorld : IEngine, IAsyncDisposable
{
    private const string Account = "123456789012";
    private const string Region = "eu-central-1";
    private readonly string folder = Directory.CreateTempSubdirectory("entryguard-bench-").FullName;
    private readonly ConcurrentDictionary<AllowListKey, bool> rung = new();
    private readonly OrganizationId organization = new(Guid.CreateVersion7());
    private readonly UserId user = new(Guid.CreateVersion7());
    private readonly WriteCount counter = new();
    private readonly EngineMetrics metrics = new();
    private readonly ShiftedTime time = new();
    private readonly Databases databases;
    private readonly SecretBox secrets = new(new EphemeralDataProtectionProvider());
    private readonly DatabaseClock clock;
    private readonly AllowListWorker worker;
    private readonly DueClaims due;
    private readonly AwsSecurityGroupProvider aws;
    private readonly List<Resource> resources = [];

    private CloudWorld(Ec2Server ec2)
    {
        Ec2 = ec2;
        databases = Databases.Sqlite($"Data Source={Path.Combine(folder, "entryguard.db")}", counter);
        clock = new DatabaseClock(time, _ => Task.FromResult(time.GetUtcNow()));
        aws = new AwsSecurityGroupProvider(new EndpointLimits([], [Cidr.Parse("127.0.0.0/8")]), [], time, NullLogger<AwsSecurityGroupProvider>.Instance);
        var right = new WriteRight();
        right.Grant();
        worker = new AllowListWorker(
            databases, new ProviderSet([aws]), secrets, new CallBudget(time), clock, time, metrics, right, NullLogger<AllowListWorker>.Instance,
            new Reconciliation(databases, clock, metrics, DriftBrake.Default));
        due = new DueClaims(databases, clock, metrics);
    }

    public Ec2Server Ec2 { get; }

    public DateTimeOffset Now => clock.Now;

    /// <summary>Statements so far that changed the database.</summary>
    public int Writes => counter.Count;

    public static async Task<CloudWorld> StartAsync(int groups, TimeSpan latency)
    {
        var world = new CloudWorld(await Ec2Server.StartAsync());
        world.Ec2.Latency = latency;
        await world.databases.MigrateAsync(world.time, default);
        await world.clock.MeasureAsync(default);
        await world.SeedAsync(groups);
        return world;
    }

    /// <summary>The group a call is about; empty: none.</summary>
    public static string GroupOf(Ec2Call call) => call.Parameters.GetValueOrDefault("GroupId") ?? call.Parameters.GetValueOrDefault("Filter.1.Value.1") ?? "";

    public int MostCallsPerGroup() => Ec2.Journal.GroupBy(GroupOf).Where(g => g.Key.Length > 0).Max(g => g.Count());

    /// <summary>Statements so far.</summary>
    public int Statements => counter.All;

    /// <summary>Whose claims they are.</summary>
    public UserId User => user;

    public void Wake(IEnumerable<AllowListKey> keys)
    {
        foreach (var key in keys)
            rung[key] = true;
        bell.TrySetResult();
    }

    /// <summary>Sessions as starts make them, each with a claim on every group.</summary>
    public async Task<IReadOnlyList<SessionId>> StartSessionsAsync(int count, Func<int, Cidr> address, TimeSpan length)
    {
        var ids = new List<SessionId>();
        foreach (var some in Enumerable.Range(0, count).Chunk(50))
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            foreach (var number in some)
            {
                var session = NewSession(length);
                foreach (var resource in resources)
                    session.ResourceIps.Add(NewClaim(session, resource, address(number)));
                var write = SessionWrite.Start(db, session, Now, Actor.System);
                write.Complete();
                Wake(write.Wake);
                ids.Add(session.Id);
            }

            await work.CommitAsync(default);
        }

        return ids;
    }

    /// <summary>Their time is up, for all of them at the same moment.</summary>
    public async Task EndAtOnceAsync(IReadOnlyList<SessionId> sessions)
    {
        var now = Now;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, default);
        await db.ResourceIps.ExecuteUpdateAsync(set => set.SetProperty(c => c.EndsAt, now).SetProperty(c => c.DueAt, now));
        await db.Sessions.ExecuteUpdateAsync(set => set.SetProperty(s => s.ExpiresAt, now));
        await work.CommitAsync(default);
        Wake(await due.ActAsync(default));
        GC.KeepAlive(sessions);
    }

    /// <summary>Works, every group by itself, until nothing is due any more.</summary>
    public async Task WorkAsync()
    {
        while (true)
        {
            var keys = rung.Keys.ToList();
            keys.ForEach(key => rung.TryRemove(key, out _));
            await Task.WhenAll(keys.Select(key => Task.Run(() => worker.RunOnce(key, default))));
            Wake(await due.ActAsync(default));
            if (!rung.IsEmpty)
                continue;
            if (!await IsUnsettledAsync())
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    /// <summary>Claims that stand, made without the engine, and the rules that belong to them.</summary>
    public async Task FillAsync(int perGroup)
    {
        await using var db = databases.OpenEngine();
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        var code = (await db.Installations.AsNoTracking().SingleAsync()).Code;
        foreach (var some in Enumerable.Range(0, perGroup).Chunk(500))
        {
            db.ChangeTracker.Clear();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            foreach (var number in some)
            {
                var session = NewSession(TimeSpan.FromDays(1));
                (session.Status, session.ExpiresAt) = (SessionStatus.Active, Now.AddDays(1));
                foreach (var resource in resources)
                {
                    var claim = NewClaim(session, resource, Cidr.Parse($"10.{number / 62_500}.{number / 250 % 250}.{(number % 250) + 1}"));
                    var id = Ec2.Groups.Single(g => g.Id == resource.Identifier).AddForeign(
                        claim.Address.ToCidrString(), description: new RuleKey(claim.Scopes[0], claim.Address).OwnerMark(code, resource.AllowListKey!.Value));
                    (claim.Status, claim.MayStand, claim.NextAttemptAt, claim.DueAt, claim.AppliedAt, claim.SeenAt) = (ResourceIpStatus.Applied, true, null, claim.EndsAt, Now, Now);
                    claim.Entries = [new RuleEntry(id, claim.Scopes[0])];
                    session.ResourceIps.Add(claim);
                }

                db.Sessions.Add(session);
            }

            await work.CommitAsync(default);
        }
    }

    /// <summary>Lets the next turn of every group come, and compares.</summary>
    public async Task CompareAsync()
    {
        await Task.WhenAll(resources.Select(r => worker.RunOnce(r.AllowListKey!.Value, default)));
        time.Shift(Reconciliation.Every);
        await clock.MeasureAsync(default);
        foreach (var resource in resources)
            await worker.RunOnce(resource.AllowListKey!.Value, default);
    }

    public async Task<int> CountAsync(Expression<Func<Session, bool>> which)
    {
        await using var db = databases.OpenEngine();
        return await db.Sessions.CountAsync(which);
    }

    public async ValueTask DisposeAsync()
    {
        await databases.DisposeAsync();
        aws.Dispose();
        metrics.Dispose();
        await Ec2.DisposeAsync();
        Directory.Delete(folder, true);
    }

    private Session NewSession(TimeSpan length) => new()
    {
        Id = new SessionId(Guid.CreateVersion7(Now)),
        OrganizationId = organization,
        UserId = user,
        Status = SessionStatus.Pending,
        StartedAt = Now,
        ExpiresAt = Now + length,
        ChangedAt = Now,
    };

    private ResourceIp NewClaim(Session session, Resource resource, Cidr address) => new()
    {
        Id = new ResourceIpId(Guid.CreateVersion7(Now)),
        OrganizationId = organization,
        SessionId = session.Id,
        ResourceId = resource.Id,
        AllowListKey = resource.AllowListKey,
        Address = address,
        Scopes = resource.Scopes,
        Grant = Grant.Direct,
        Wanted = Wanted.Present,
        Status = ResourceIpStatus.Pending,
        EndsAt = session.ExpiresAt,
        CapAt = session.ExpiresAt,
        NextAttemptAt = Now,
        Identity = resource.Identity,
        CreatedAt = Now,
    };

    private async Task<bool> IsUnsettledAsync()
    {
        await using var db = databases.OpenEngine();
        return await db.ResourceIps.AnyAsync(c => c.DueAt != null && c.Status != ResourceIpStatus.Applied);
    }

    private async Task SeedAsync(int groups)
    {
        var key = Ec2.Keys.Add(Account);
        var credential = new CredentialId(Guid.CreateVersion7(Now));
        var secret = JsonSerializer.Serialize(new { accessKeyId = key.Id, secretAccessKey = key.Secret, endpointUrl = Ec2.Url });
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        db.Organizations.Add(new Organization { Id = organization, Name = "Bench", Slug = "bench", CreatedAt = Now });
        db.Users.Add(new User { Id = user, OrganizationId = organization, Email = "bench@localhost", CreatedAt = Now, UpdatedAt = Now });
        db.Credentials.Add(new Credential
        {
            Id = credential,
            OrganizationId = organization,
            Name = "aws",
            Provider = "AWS",
            CredentialType = "ACCESS_KEY",
            Secret = secrets.Protect(organization, credential, secret),
            CreatedAt = Now,
            UpdatedAt = Now,
        });
        var identity = $"{Account}@127.0.0.1";
        for (var i = 0; i < groups; i++)
        {
            var id = $"sg-{i:x8}";
            Ec2.AddGroup(id, Account, Region).Quota = 1_000_000;
            var resource = new Resource
            {
                Id = new ResourceId(Guid.CreateVersion7(Now)),
                OrganizationId = organization,
                Name = id,
                Provider = "AWS",
                ResourceType = "SECURITY_GROUP",
                Identifier = id,
                Region = Region,
                Config = """{"port":5432}""",
                CredentialId = credential,
                Scopes = [Scope.Tcp(5432)],
                Health = ResourceHealth.Valid,
                Identity = identity,
                CreatedAt = Now,
                UpdatedAt = Now,
            };
            var keys = aws.KeysOf(resource.ToConfig(), identity);
            (resource.AllowListKey, resource.ThrottleKey) = (keys.Serialization, keys.Throttle);
            db.AllowLists.Add(new AllowList { Key = keys.Serialization, Type = "AWS/SECURITY_GROUP", Identity = identity });
            db.Resources.Add(resource);
            db.UserResources.Add(new UserResource { OrganizationId = organization, UserId = user, ResourceId = resource.Id, CreatedAt = Now });
            resources.Add(resource);
        }

        await work.CommitAsync(default);
    }

    private sealed class WriteCount : DbCommandInterceptor
    {
        private int count;
        private int all;

        public int Count => Volatile.Read(ref count);

        public int All => Volatile.Read(ref all);

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            See(command);
            return ValueTask.FromResult(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            See(command);
            return ValueTask.FromResult(result);
        }

        private void See(DbCommand command)
        {
            Interlocked.Increment(ref all);
            if (!command.CommandText.StartsWith("SELECT", StringComparison.Ordinal) && !command.CommandText.StartsWith("PRAGMA", StringComparison.Ordinal))
                Interlocked.Increment(ref count);
        }
    }

    private sealed class ShiftedTime : TimeProvider
    {
        private TimeSpan shift;

        public void Shift(TimeSpan by) => shift += by;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
    }
}
