using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Races;

/// <summary>Starts against those who take away what they rest on, and the order in which all of these take their locks (E18).</summary>
public sealed class GrantRaceTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [PostgresOnly(true, "201", "CANCELLED ACCESS_REVOKED")]
    [PostgresOnly(false, "403 FORBIDDEN", null)]
    public async Task E18_a_start_and_a_deactivation_of_its_user(TestDatabase database, bool startFirst, string answer, string? session)
    {
        await using var scene = await Scene.SetAsync(database);
        var (started, _) = await scene.RaceAsync(startFirst, scene.Deactivate);
        started.ShouldBe(answer);
        await scene.EndsAsync(session);
    }

    [Theory]
    [PostgresOnly(true, "201", "CANCELLED ACCESS_REVOKED")]
    [PostgresOnly(false, "404 RESOURCE_NOT_FOUND", null)]
    public async Task E18_a_start_and_the_deletion_of_its_Resource(TestDatabase database, bool startFirst, string answer, string? session)
    {
        await using var scene = await Scene.SetAsync(database);
        var (started, deleted) = await scene.RaceAsync(startFirst, () => scene.Admin.Delete(scene.Web));
        (started, deleted).ShouldBe((answer, "204"));
        await scene.EndsAsync(session);
    }

    [Theory]
    [PostgresOnly(true, "201", "CANCELLED ACCESS_REVOKED")]
    [PostgresOnly(false, "404 RESOURCE_NOT_FOUND", null)]
    public async Task E18_a_start_and_the_end_of_an_assignment(TestDatabase database, bool startFirst, string answer, string? session)
    {
        await using var scene = await Scene.SetAsync(database);
        var (started, unassigned) = await scene.RaceAsync(startFirst, () => scene.Admin.Unassign(scene.Web, scene.Ann));
        (started, unassigned).ShouldBe((answer, "200"));
        await scene.EndsAsync(session);
    }

    [Theory]
    [PostgresOnly("delete the role", "404 RESOURCE_NOT_FOUND")]
    [PostgresOnly("take the role", "404 RESOURCE_NOT_FOUND")]
    [PostgresOnly("empty the role", "404 RESOURCE_NOT_FOUND")]
    [PostgresOnly("take the Resource out", "404 RESOURCE_NOT_FOUND")]
    [PostgresOnly("ask for a reason", "400 REASON_REQUIRED")]
    [PostgresOnly("revoke the key", "403 FORBIDDEN")]
    [PostgresOnly("delete the user", "403 FORBIDDEN")]
    [PostgresOnly("freeze all", "403 FROZEN", "ADMIN")]
    [PostgresOnly("freeze the user", "403 FROZEN", "ADMIN")]
    [PostgresOnly("freeze the Resource", "403 FROZEN", "ADMIN")]
    public async Task E18_a_start_by_a_role_and_what_takes_it_away_cannot_pass_each_other(TestDatabase database, string what, string refused, string reason = "ACCESS_REVOKED")
    {
        foreach (var startFirst in new[] { true, false })
        {
            await using var again = await database.AgainAsync();
            await using var scene = await Scene.SetAsync(again, byRole: true);
            var (started, _) = await scene.RaceAsync(startFirst, () => scene.TakeAwayAsync(what));
            started.ShouldBe(startFirst ? "201" : refused);
            await scene.EndsAsync(startFirst ? $"CANCELLED {reason}" : null);
        }
    }

    // Each leaves the other's role to rest on: whoever comes second must see that it is gone.
    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_two_roles_that_go_at_once_leave_nothing_to_rest_on(TestDatabase database, bool ownFirst)
    {
        await using var scene = await Scene.SetAsync(database, byRole: true);
        var other = new RoleId((await scene.App.AsAdmin().CreateRole("readers", ["web"], [scene.App.As("ann")], maxMinutes: 90)).Id);
        (await scene.StartAsync()).Value.ResourceIps.Single().RoleId.ShouldBe(scene.Role.Value);
        await scene.App.RunUntilQuiet();
        RoleId[] roles = ownFirst ? [scene.Role, other] : [other, scene.Role];
        var held = database.Commits.HoldNext();
        var one = scene.Admin.DeleteRole(roles[0]);
        await held.Reached;
        var two = scene.Admin.DeleteRole(roles[1]);
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        (await one, await two).ShouldBe(("204", "204"));
        await scene.EndsAsync("CANCELLED ACCESS_REVOKED");
    }

    // An extension rests on whatever lets it be open longest, and that goes at the same moment.
    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_an_extension_and_the_end_of_what_it_would_rest_on(TestDatabase database, bool extendFirst)
    {
        await using var scene = await Scene.SetAsync(database, byRole: true);
        var app = scene.App;
        await app.AsAdmin().TryUpdate(await app.AsAdmin().Role(scene.Role), new UpdateRoleRequest { MaxSessionMinutes = 70 });
        var session = (await scene.StartAsync()).Value;
        await app.RunUntilQuiet();
        var longer = new RoleId((await app.AsAdmin().CreateRole("longer", ["web"], [app.As("ann")])).Id);
        Task<string> Extend() => Task.Run(async () => (await app.As("ann").TryExtend(session, 2)).Problem?.Error ?? "extended", None);
        Task<string> Delete() => scene.Admin.DeleteRole(longer);
        var held = database.Commits.HoldNext();
        var one = extendFirst ? Extend() : Delete();
        await held.Reached;
        var two = extendFirst ? Delete() : Extend();
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        (await one, await two).ShouldBe(extendFirst ? ("extended", "204") : ("204", ErrorCodes.SessionTooLong));
        var claim = (await app.Session(session)).ResourceIps.Single();
        (claim.Status, claim.RoleId).ShouldBe(("APPLIED", scene.Role.Value));
        claim.EndsAt.ShouldBe(session.StartedAt.AddMinutes(extendFirst ? 70 : 60));
        await scene.Laws.HoldAsync();
    }

    // The same request twice on two connections: one session, and it is the answer to both.
    [Theory, PostgresOnly]
    public async Task E18_two_starts_with_one_Idempotency_Key_are_one_session(TestDatabase database)
    {
        await using var scene = await Scene.SetAsync(database);
        var held = database.Commits.HoldNext();
        var one = scene.StartAsync("once");
        await held.Reached;
        var two = scene.StartAsync("once");
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        var (first, second) = (await one, await two);
        ((int)first.Status, (int)second.Status, second.Value.Id).ShouldBe((201, 200, first.Value.Id));
        await scene.Laws.HoldAsync();
    }

    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_an_assignment_and_the_deletion_of_its_Resource(TestDatabase database, bool assignFirst)
    {
        await using var scene = await Scene.SetAsync(database);
        var bob = (await scene.App.As("bob").SignIn()).User;
        Task<string> Assign() => scene.Admin.Assign(scene.Web, bob);
        Task<string> Delete() => scene.Admin.Delete(scene.Web);
        var held = database.Commits.HoldNext();
        var one = assignFirst ? Assign() : Delete();
        await held.Reached;
        var two = assignFirst ? Delete() : Assign();
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        (await one, await two).ShouldBe(assignFirst ? ("200", "204") : ("204", "404 RESOURCE_NOT_FOUND"));
        await using var db = database.Databases.OpenEngine();
        (await db.UserResources.CountAsync()).ShouldBe(0);
    }

    // Both have taken something and wait for the session, which a third holds: whoever gets it must not need what the other has.
    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_the_end_of_an_assignment_and_the_deletion_of_its_Resource_do_not_lock_each_other_out(TestDatabase database, bool deleteFirst)
    {
        await using var scene = await Scene.SetAsync(database);
        await scene.App.As("ann").StartSession("web", Address);
        await scene.App.RunUntilQuiet();
        Task<string> Unassign() => scene.Admin.Unassign(scene.Web, scene.Ann);
        Task<string> Delete() => scene.Admin.Delete(scene.Web);
        await scene.BehindTheSessionAsync(deleteFirst ? [Delete, Unassign] : [Unassign, Delete]);
        await scene.EndsAsync("CANCELLED ACCESS_REVOKED");
    }

    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_a_verification_and_the_record_of_an_unanswered_call_do_not_lock_each_other_out(TestDatabase database, bool recordFirst)
    {
        await using var scene = await Scene.SetAsync(database);
        await scene.UseCredentialAsync();
        var (session, record) = await scene.ParkAsync(lost: true);
        Task Verify() => scene.App.Services.GetRequiredService<Verification>().VerifyAsync(scene.Web, None);
        await scene.BehindTheSessionAsync(recordFirst ? [record, Verify] : [Verify, record]);
        await scene.App.Advance(TimeSpan.FromMinutes(5));
        (await scene.App.Status(session)).ShouldBe("ACTIVE");
        await scene.Laws.HoldAsync();
    }

    // Every audit row refers to its organization: whoever holds the organization must not keep the engine from writing one.
    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E18_a_worker_and_whoever_holds_the_organization_do_not_lock_each_other_out(TestDatabase database, bool workFirst)
    {
        await using var scene = await Scene.SetAsync(database);
        var (_, record) = await scene.ParkAsync(lost: false);
        await scene.BehindTheSessionAsync(workFirst ? [record, scene.SwitchOff] : [scene.SwitchOff, record]);
        await scene.EndsAsync("CANCELLED ACCESS_REVOKED");
    }

    private sealed class Scene(TestDatabase database, TestApp app) : IAsyncDisposable
    {
        public TestApp App => app;
        public Admin Admin { get; } = new(app);
        public required Laws Laws { get; init; }
        public required ResourceId Web { get; init; }
        public required UserId Ann { get; init; }

        public RoleId Role { get; private init; }

        public static async Task<Scene> SetAsync(TestDatabase database, bool byRole = false)
        {
            var app = await TestApp.StartAsync(database);
            await app.AsAdmin().SignIn();
            var laws = await Laws.WatchAsync(database, app);
            var role = byRole ? await app.AsAdmin().CreateRole("on-call", ["web"], [app.As("ann")]) : null;
            return new Scene(database, app)
            {
                Laws = laws,
                Web = role is null ? (await app.As("ann").Reach("web"))[0] : new ResourceId(role.ResourceIds[0]),
                Ann = (await app.As("ann").SignIn()).User,
                Role = role is null ? default : new RoleId(role.Id),
            };
        }

        public async Task<string> TakeAwayAsync(string what) => what switch
        {
            "delete the role" => await Admin.DeleteRole(Role),
            "take the role" => await Admin.TakeRole(Role, Ann),
            "empty the role" => await Admin.UpdateRole(Role, new UpdateRoleRequest { UserIds = [] }),
            "take the Resource out" => await Admin.TakeOut(Role, Web),
            "ask for a reason" => await Admin.UpdateRole(Role, new UpdateRoleRequest { Conditions = new RoleConditions { ReasonRequired = true } }),
            "revoke the key" => await Admin.RevokeKey(await KeyOfAnnAsync()),
            "delete the user" => await Admin.DeleteUser(Ann),
            "freeze all" => await Admin.Freeze(new StopAllRequest { Freeze = true }),
            "freeze the user" => await Admin.Freeze(new StopAllRequest { Freeze = true, UserId = Ann.Value.ToString() }),
            "freeze the Resource" => await Admin.Freeze(new StopAllRequest { Freeze = true, ResourceId = Web.Value.ToString() }),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };

        private async Task<ApiKeyId> KeyOfAnnAsync()
        {
            await using var db = database.Databases.OpenEngine();
            return await db.ApiKeys.Where(k => k.UserId == Ann).Select(k => k.Id).SingleAsync();
        }

        public async Task<(string Started, string Other)> RaceAsync(bool startFirst, Func<Task<string>> other)
        {
            var held = database.Commits.HoldNext();
            var one = startFirst ? Start() : other();
            await held.Reached;
            var two = startFirst ? other() : Start();
            (await LockWait.OfAsync(database, two)).ShouldBeTrue();
            held.Release();
            return startFirst ? (await one, await two) : (await two, await one);
        }

        /// <summary>All of them wait for the session of ann, in this order, which is then let go.</summary>
        public async Task BehindTheSessionAsync(params Func<Task>[] acts)
        {
            await using var db = database.Databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, None);
            var id = await db.Sessions.Select(s => s.Id).SingleAsync();
            await SessionWrite.LockAsync(db, [id], app.Time.GetUtcNow(), Actor.System, false, None);
            var all = new List<Task>();
            foreach (var act in acts)
            {
                all.Add(act());
                (await LockWait.OfAsync(database, Task.WhenAny(all), all.Count)).ShouldBeTrue();
            }

            await work.DisposeAsync();
            await Task.WhenAll(all);
        }

        /// <summary>The session, if there is one, has ended like this once the engine is quiet, and nothing stands.</summary>
        public async Task EndsAsync(string? session)
        {
            await app.Advance(TimeSpan.Zero);
            await using (var db = database.Databases.OpenEngine())
            {
                var all = await db.Sessions.ToListAsync();
                all.Select(s => $"{Names.Wire(s.Status)} {Names.Wire(s.EndReason!.Value)}").ShouldBe(session is null ? [] : [session]);
            }

            app.Cloud("web").Rules.ShouldBeEmpty();
            await Laws.HoldAsync();
        }

        /// <summary>A session whose one call is out, and what makes its answer come.</summary>
        public async Task<(SessionResponse Session, Func<Task> Record)> ParkAsync(bool lost)
        {
            var session = await app.As("ann").StartSession("web", Address);
            var call = new ParkedCall();
            app.Provider.OnApply = (_, _) => new Script(Before: _ => call.WaitAsync(), LoseAnswer: lost);
            await call.RunAsync(app.Services.GetRequiredService<AllowListWorker>(), "web");
            app.Provider.OnApply = null;
            return (session, call.GoAsync);
        }

        /// <summary>Gives the Resource what its verification asks for.</summary>
        public Task UseCredentialAsync() => app.Seed.Change(async db =>
        {
            var web = await db.Resources.SingleAsync(r => r.Id == Web);
            var id = new CredentialId(Guid.CreateVersion7(app.Time.GetUtcNow()));
            db.Credentials.Add(new Credential
            {
                Id = id,
                OrganizationId = web.OrganizationId,
                Name = "token",
                Provider = web.Provider,
                CredentialType = "TOKEN",
                Secret = app.Services.GetRequiredService<Server.Data.Secrets.SecretBox>().Protect(web.OrganizationId, id, "token"),
            });
            web.CredentialId = id;
        });

        public Task<string> Deactivate() => EndAsync(
            async db =>
            {
                await db.LockAsync(Ann, None);
                (await db.Users.SingleAsync(u => u.Id == Ann)).IsActive = false;
            },
            db => db.ResourceIps.Where(c => c.Session!.UserId == Ann && c.Wanted == Wanted.Present && c.Session.EndedAt == null));

        public Task<string> SwitchOff() => EndAsync(
            async db =>
            {
                await db.LockAsync(db.Tenant!.Value, None);
                (await db.Organizations.SingleAsync()).IsActive = false;
            },
            db => db.ResourceIps.Where(c => c.Wanted == Wanted.Present && c.Session!.EndedAt == null));

        /// <summary>Nothing but the request: what the kit would make for it is made.</summary>
        public async Task<ApiAnswer<SessionResponse>> StartAsync(string? idempotencyKey = null) =>
            await (await app.As("ann").Api()).StartSessionAsync(
                new StartSessionRequest { DurationHours = 1, Ipv4Address = Address, ResourceIds = [Web.Value.ToString()] }, idempotencyKey, None);

        private async Task<string> Start()
        {
            var answer = await StartAsync();
            return answer.Problem is { } problem ? $"{(int)answer.Status} {problem.Error}" : $"{(int)answer.Status}";
        }

        // What whoever takes something away does: hold it, change it, then end what rests on it.
        private async Task<string> EndAsync(Func<EntryGuardDb, Task> take, Func<EntryGuardDb, IQueryable<ResourceIp>> claims)
        {
            await using var db = app.Databases.OpenTenant((await app.As("ann").SignIn()).Organization);
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, None);
            await take(db);
            var write = await SessionWrite.LockOwnersAsync(db, claims(db), app.Time.GetUtcNow(), Actor.System, None);
            foreach (var session in write.Sessions.Values)
                write.End(session, EndReason.AccessRevoked);
            write.Complete();
            await work.CommitAsync(None);
            app.Services.GetRequiredService<IEngine>().Wake(write.Wake);
            return "done";
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
