using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

public class RowTests
{
    [Theory, EveryDatabase]
    public async Task An_instant_comes_back_as_it_was_to_the_microsecond(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        DateTimeOffset[] instants = [Tenancy.Now.AddMicroseconds(1), Tenancy.Now.AddMicroseconds(999_999), DateTimeOffset.UnixEpoch, new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero)];
        foreach (var at in instants)
        {
            await ChangeAsync(database, one, claim => (claim.DueAt, claim.EndsAt) = (at, at));
            await using var db = database.Databases.OpenTenant(one.Id);
            await using var read = await db.BeginReadAsync(default);
            (await db.ResourceIps.AsNoTracking().SingleAsync(c => c.DueAt == at && c.EndsAt <= at)).DueAt.ShouldBe(at);
            (await db.ResourceIps.AnyAsync(c => c.DueAt < at)).ShouldBeFalse();
            (await db.ResourceIps.MinAsync(c => c.DueAt)).ShouldBe(at);
        }
    }

    [Theory, EveryDatabase]
    public async Task A_claim_comes_back_as_it_was(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        RuleEntry[] entries = [new("sgr-1", Scope.Tcp(443)), new(null, new Scope("udp", 6000, 6010))];
        await ChangeAsync(database, one, claim =>
        {
            (claim.Entries, claim.ErrorMessage, claim.AttemptId) = ([.. entries], new string('x', 100_000), Tenancy.Next());
            claim.Address = Cidr.Parse("2001:db8::/64");
            claim.State = new ClaimState(Wanted.Absent, ResourceIpStatus.Removing, true);
        });
        await using var db = database.Databases.OpenEngine();
        var found = await db.ResourceIps.Include(c => c.Resource!.Credential).Include(c => c.Session!.User).AsNoTracking().SingleAsync();
        found.Entries.ShouldBe(entries);
        found.Address.ShouldBe(Cidr.Parse("2001:db8::/64"));
        found.State.ShouldBe(new ClaimState(Wanted.Absent, ResourceIpStatus.Removing, true));
        found.ErrorMessage!.Length.ShouldBe(100_000);
        found.Resource!.Credential!.Id.ShouldBe(one.Credential.Id);
        found.Session!.User!.Email.ShouldBe("ann@one.example");
    }

    [Theory, EveryDatabase]
    public async Task Law_5_of_two_that_change_a_claim_one_fails_and_writes_nothing(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var slow = database.Databases.OpenEngine();
        var claim = await slow.ResourceIps.SingleAsync();
        await ChangeAsync(database, one, other => other.State = new ClaimState(Wanted.Absent, ResourceIpStatus.Removing, true));

        await using (var work = await slow.BeginWriteAsync(WritePriority.Other, default))
        {
            slow.Audit.Add(Tenancy.NewAudit(one.Id));
            claim.SeenAt = Tenancy.Now;   // a fact alone is guarded too: what it was read with must still hold
            await Should.ThrowAsync<DbUpdateConcurrencyException>(() => work.CommitAsync(default));
        }

        await using var db = database.Databases.OpenEngine();
        (await db.Audit.CountAsync()).ShouldBe(1);
        var stored = await db.ResourceIps.AsNoTracking().SingleAsync();
        (stored.SeenAt, stored.Status).ShouldBe((null, ResourceIpStatus.Removing));
    }

    [Theory, EveryDatabase]
    public async Task Law_5_a_session_moves_from_the_status_it_was_read_in(TestDatabase database)
    {
        await Tenancy.MakeAsync(database.Databases, "one");
        await using var slow = database.Databases.OpenEngine();
        await using var fast = database.Databases.OpenEngine();
        var (late, early) = (await slow.Sessions.SingleAsync(), await fast.Sessions.SingleAsync());
        early.Status = SessionStatus.Expiring;
        await fast.SaveChangesAsync();
        late.Status = SessionStatus.Partial;
        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => slow.SaveChangesAsync());
    }

    [Theory, EveryDatabase]
    public async Task A_name_is_free_again_once_its_owner_is_a_tombstone(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await RefusedAsync(database, Tenancy.NewResource(one.Id, "web"));
        await using var db = database.Databases.OpenEngine();
        var old = await db.Resources.SingleAsync();
        old.DeletedAt = Tenancy.Now;
        await db.SaveChangesAsync();
        db.Add(Tenancy.NewResource(one.Id, "web"));
        await db.SaveChangesAsync();
        await RefusedAsync(database, Tenancy.NewResource(one.Id, "web"));
    }

    [Theory, EveryDatabase]
    public async Task What_must_be_unique_is(TestDatabase database)
    {
        var (one, two) = (await Tenancy.MakeAsync(database.Databases, "one"), await Tenancy.MakeAsync(database.Databases, "two"));
        await RefusedAsync(database, new Organization { Id = new(Tenancy.Next()), Name = "again", Slug = "one" });
        await RefusedAsync(database, NewUser(one, "ann@one.example"));
        await RefusedAsync(database, NewUser(one, "Bob@one.example"));   // only lower case is stored
        await AddAsync(database, NewUser(two, "ann@one.example"));

        await AddAsync(database, NewSession(one, "k"));
        await RefusedAsync(database, NewSession(one, "k"));
        await AddAsync(database, NewSession(two, "k"), NewSession(one, null), NewSession(one, null));
    }

    [Theory, EveryDatabase]
    public async Task Audit_ids_rise_and_are_never_used_again(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenEngine();
        var newest = await db.Audit.MaxAsync(a => a.Id);
        await db.Audit.ExecuteDeleteAsync();
        await AddAsync(database, Tenancy.NewAudit(one.Id));
        (await db.Audit.SingleAsync()).Id.ShouldBeGreaterThan(newest);
    }

    private static User NewUser(Tenancy of, string email) => new() { Id = new(Tenancy.Next()), OrganizationId = of.Id, Email = email };

    private static Session NewSession(Tenancy of, string? key)
    {
        var session = Tenancy.NewSession(of.Id, of.User.Id);
        session.IdempotencyKey = key;
        return session;
    }

    private static async Task ChangeAsync(TestDatabase database, Tenancy of, Action<ResourceIp> change)
    {
        await using var db = database.Databases.OpenTenant(of.Id);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        change(await db.ResourceIps.SingleAsync());
        await work.CommitAsync(default);
    }

    private static async Task AddAsync(TestDatabase database, params object[] rows)
    {
        await using var db = database.Databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        db.AddRange(rows);
        await work.CommitAsync(default);
    }

    private static Task<DbUpdateException> RefusedAsync(TestDatabase database, object row) => Should.ThrowAsync<DbUpdateException>(() => AddAsync(database, row));
}
