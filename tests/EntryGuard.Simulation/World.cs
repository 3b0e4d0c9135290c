using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.Sessions;
using EntryGuard.Server.Hosting;
using EntryGuard.Simulation.Clouds;
using EntryGuard.Simulation.Kernel;
using EntryGuard.Simulation.Laws;
using EntryGuard.Simulation.Sabotages;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Simulation;

/// <summary>One run: organizations, people, clouds, one server at a time, and everything that happens to them, all chosen by one seed.</summary>
internal sealed class World : IDisposable
{
    private static readonly TimeSpan Troubles = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(13);

    // A busy instant of a crowded run takes some thousand.
    private const int MostStepsAtOnce = 50_000;
    private const int MostSteps = 1_000_000;
    private static readonly string[] Addresses = ["198.51.100.1", "198.51.100.2", "2001:db8::3"];

    private readonly DatabaseFile file = DatabaseFile.Fresh();
    private readonly Mirror mirror;
    private readonly List<Person> people = [];
    private readonly List<Resource> resources = [];
    private Server? server;
    private int lives;
    private int stepsToCrash = -1;

    public World(int seed, Sabotage? sabotage = null)
    {
        (Loop, Sabotage) = (new Loop(seed), sabotage);
        Story = new Story(() => Loop.Now);
        Weather = new Weather(Loop.Dice);
        for (var i = 1; i <= 3; i++)
            Clouds.Add(new Cloud(Loop, Story, $"cloud{i}", Loop.Dice.Pick(CloudKind.All)));
        Populate();
        mirror = new Mirror(ConnectionString);
        Laws = new Watch(Loop, Story, mirror, Clouds);
        foreach (var cloud in Clouds)
            cloud.OnChange = (c, rule, editor) => Check(() => Laws.Moved(c, rule, editor));
    }

    public Loop Loop { get; }
    public Story Story { get; }
    public Weather Weather { get; }
    public List<Cloud> Clouds { get; } = [];
    public Watch Laws { get; }
    public Sabotage? Sabotage { get; }
    public string ConnectionString => file.ConnectionString;

    /// <summary>The first law that was broken; null: none yet.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Runs to the end, or to the first broken law.</summary>
    public void Run()
    {
        try
        {
            Go();
        }
        catch (Broken broken)
        {
            Failure ??= broken;
        }
    }

    /// <summary>What a law says about what just happened; the run ends with the first that is broken.</summary>
    public void Check(Action law)
    {
        try
        {
            law();
        }
        catch (Broken broken)
        {
            Failure ??= broken;
        }
    }

    /// <summary>A flow ended with something it does not expect.</summary>
    public void Defect(string what, Exception e)
    {
        if (e is not ProcessDied)
            Failure ??= e is Broken ? e : new Broken("defect", $"{what}: {e}");
    }

    public void Dispose()
    {
        if (server is { Process.IsDead: false })
            server.Process.Die();
        server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        mirror.Dispose();
        file.Dispose();
    }

    private void Go()
    {
        Boot();
        var dice = Loop.Dice;
        for (var left = 8 + dice.Next(16); left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, () => Act(false));
        for (var left = Weather.Crash > 0 ? 1 + dice.Next(5) : 0; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, () => stepsToCrash = dice.Next(120));
        for (var left = Weather.Foreign > 0 ? 1 + dice.Next(6) : 0; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, EditByHand);
        if (Weather.Outage > 0)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, Outage);
        if (Weather.CredentialFault > 0)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, LockOut);
        Until(Loop.Now + Troubles);

        Weather.Clear();
        Laws.CalmSince = Loop.Now;
        stepsToCrash = -1;
        Story.Tell("weather", "trouble is over");
        foreach (var cloud in Clouds)
            (cloud.DownUntil, cloud.LockedUntil) = (Loop.Now, Loop.Now);
        if (server!.Process.IsDead)
            Boot();
        Until(Loop.Now + Settling);
        Check(() => Laws.IsQuiet(TimeSpan.FromMinutes(1)));
        for (var left = 4; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, TimeSpan.FromMinutes(2)), null, () => Act(true));
        Until(Loop.Now + TimeSpan.FromMinutes(5));
        Check(() => Laws.IsQuiet(TimeSpan.FromMinutes(1)));
        var last = Laws.Sessions.Select(s => s.ExpiresAt).Append(Loop.Now).Max();
        Until(last + TimeSpan.FromMinutes(1));
        Check(Laws.IsOver);
    }

    private void Until(DateTimeOffset end)
    {
        while (Failure is null && Loop.Step(end))
        {
            if (Loop.StepsNow > MostStepsAtOnce || Loop.Steps > MostSteps)
                throw new Broken("E23", $"{Loop.Steps} steps, {Loop.StepsNow} of them now: {server!.Process} does not come to rest");
            if (stepsToCrash >= 0 && stepsToCrash-- == 0)
                Crash();
        }
    }

    private void Boot()
    {
        if (Failure is not null || server is { Process.IsDead: false })
            return;
        server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        server = new Server(this, $"p{++lives}");
        Story.Tell($"p{lives}", "starts");
        server.Start();
    }

    private void Crash()
    {
        if (server is not { Process.IsDead: false } dying)
            return;
        Story.Tell(dying.Process.ToString(), "dies");
        dying.Process.Die();
        foreach (var gate in Clouds.Where(c => c.Kind.Capabilities.DiesWithProcess))
            gate.Forget();
        Loop.In(Loop.Dice.Chance(0.5) ? Loop.Dice.Seconds(0.5, 10) : Loop.Dice.Seconds(10, 200), null, Boot);
    }

    // People.

    private void Act(bool calm)
    {
        if (server is not { Process.IsDead: false } now)
            return;
        var dice = Loop.Dice;
        var person = dice.Pick(people);
        var mine = Laws.Sessions.Where(s => s.IsRunning).ToList();
        var what = dice.Next(calm ? 12 : 20);
        if (what < 9 || mine.Count == 0)
            Request(now, person, "starts a session", db => StartAsync(now, db, person, calm));
        else if (what < 12)
            StopSome(now, dice.Pick(mine));
        else if (what < 14)
            Extend(now, dice.Pick(mine));
        else if (what < 16)
            Retry(now);
        else if (Weather.Revoke > 0)
            Administer(now, person);
        if (Weather.Crash > 0 && dice.Chance(0.3))
            stepsToCrash = dice.Next(150);
    }

    private void Request(Server at, Person person, string what, Func<EntryGuardDb, Task<object>> handle)
    {
        Story.Tell(person.Name, what);
        at.Process.Start($"{person.Name} {what}", async () =>
        {
            await using var db = at.Databases.OpenTenant(person.Organization);
            if (await handle(db) is RefusalResult refused)
                Story.Tell(person.Name, $"is refused: {refused.Refusal.Message}");
        });
    }

    private async Task<object> StartAsync(Server at, EntryGuardDb db, Person person, bool calm)
    {
        var dice = Loop.Dice;
        var address = Cidr.Parse(dice.Pick(Addresses));
        var reach = resources.Where(r => r.OrganizationId == person.Organization).ToList();
        var named = dice.Chance(0.4) ? reach.Where(_ => dice.Chance(0.5)).Select(r => r.Id.Value.ToString()).ToList() : null;
        var request = new StartSessionRequest
        {
            DurationSeconds = calm ? 20 + dice.Next(100) : dice.Chance(0.3) ? 5 + dice.Next(60) : 60 + dice.Next(900),
            Ipv4Address = address.IpVersion == 4 ? address.ToString() : null,
            Ipv6Address = address.IpVersion == 6 ? address.ToString() : null,
            ResourceIds = named is { Count: 0 } ? null : named,
        };
        return (await StartSession.Handle(
            request, null, dice.Chance(0.2) ? $"key{dice.Next(4)}" : null, db, person.Caller, at.Providers, at, at.Clock, Server.Settings, CancellationToken.None)).Result;
    }

    private void StopSome(Server at, SessionRow session)
    {
        var admin = Loop.Dice.Chance(0.3);
        var person = Owner(session, admin);
        Request(at, person, $"stops {session.Name}", async db => admin
            ? (await StopSession.HandleAdmin(Guid.Parse(session.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result
            : (await StopSession.Handle(Guid.Parse(session.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    private void Extend(Server at, SessionRow session)
    {
        var (person, minutes) = (Owner(session, false), 1 + Loop.Dice.Next(10));
        Request(at, person, $"extends {session.Name} by {minutes} min", async db => (await ExtendSession.Handle(
            Guid.Parse(session.Id), new ExtendSessionRequest { AdditionalMinutes = minutes }, db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    private void Retry(Server at)
    {
        if (Laws.Claims.Where(c => c.Status == ResourceIpStatus.Failed || c.IsLeaving).ToList() is not { Count: > 0 } some)
            return;
        var claim = Loop.Dice.Pick(some);
        var person = Owner(Laws.Sessions.Single(s => s.Id == claim.SessionId), true);
        Request(at, person, $"retries {claim.Name}", async db =>
            (await RetryResourceIp.Handle(Guid.Parse(claim.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    // As the admin's endpoints do it: the row first, then the claims that rest on it, in one transaction.
    private void Administer(Server at, Person person)
    {
        var dice = Loop.Dice;
        var (what, thorough) = (dice.Next(4), dice.Chance(0.5));
        var resource = dice.Pick(resources.Where(r => r.OrganizationId == person.Organization).ToList());
        var words = (what switch { 0 => $"takes {resource.Name} away from {person.Name}", 1 => $"deactivates {person.Name}", 2 => $"switches {resource.Name} off", _ => "allows everything again" })
            + (thorough || what == 3 ? "" : ", without ending anything");
        Request(at, people.First(p => p.Organization == person.Organization && p.Caller.IsOrgAdmin), words, async db =>
        {
            SessionWrite write;
            await using (var work = await db.BeginWriteAsync(WritePriority.Closing, CancellationToken.None))
            {
                var affected = await SwitchAsync(db, what, person, resource);
                write = await SessionWrite.LockAsync(db, thorough && what != 3 ? affected.Select(c => c.SessionId) : [], at.Clock.Now, person.Caller.Actor, false, CancellationToken.None);
                if (write.Sessions.Count > 0)
                {
                    var lost = await Eligibility.LostAsync(db, [.. affected.Select(c => c.Id)], CancellationToken.None);
                    foreach (var claim in affected.Where(c => lost.Contains(c.Id)))
                        write.End(write.Find(claim.SessionId, claim.Id)!, EndReason.AccessRevoked);
                }

                write.Complete();
                await work.CommitAsync(CancellationToken.None);
            }

            at.Wake(write.Wake);
            return write;
        });
    }

    private static async Task<List<ResourceIp>> SwitchAsync(EntryGuardDb db, int what, Person person, Resource resource)
    {
        var (user, id) = (person.Caller.UserId, resource.Id);
        switch (what)
        {
            case 0:
                await db.UserResources.Where(g => g.UserId == user && g.ResourceId == id).ExecuteDeleteAsync();
                break;
            case 1:
                await db.Users.Where(u => u.Id == user).ExecuteUpdateAsync(set => set.SetProperty(u => u.IsActive, false));
                break;
            case 2:
                await db.Resources.Where(r => r.Id == id).ExecuteUpdateAsync(set => set.SetProperty(r => r.IsActive, false));
                break;
            default:
                await db.Users.ExecuteUpdateAsync(set => set.SetProperty(u => u.IsActive, true));
                await db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.IsActive, true));
                if (!await db.UserResources.AnyAsync(g => g.UserId == user && g.ResourceId == id))
                    db.UserResources.Add(new UserResource { OrganizationId = person.Organization, UserId = user, ResourceId = id });
                break;
        }

        return await db.ResourceIps.AsNoTracking().Where(c => c.Wanted == Wanted.Present && c.DueAt != null && (c.Session!.UserId == user || c.ResourceId == id))
            .OrderBy(c => c.Id).ToListAsync();
    }

    // Everybody else.

    private void EditByHand()
    {
        var dice = Loop.Dice;
        var cloud = dice.Pick(Clouds);
        if (cloud.Kind.Capabilities.DiesWithProcess)
            return;
        if (cloud.Entries.Count > 0 && dice.Chance(0.5))
            cloud.TakeAway(dice.Pick(cloud.Entries));
        else
            cloud.MakeForeign(new RuleKey(Scope.Tcp(dice.Chance(0.7) ? 443 : 22), Cidr.Parse(dice.Pick(Addresses))));
    }

    private void Outage()
    {
        var cloud = Loop.Dice.Pick(Clouds);
        cloud.DownUntil = Loop.Now + (Loop.Dice.Chance(0.3) ? TimeSpan.FromHours(1) : Loop.Dice.Seconds(1, 300));
        Story.Tell(cloud.Name, $"is down until {Story.At(cloud.DownUntil)}");
    }

    private void LockOut()
    {
        var cloud = Loop.Dice.Pick(Clouds);
        cloud.LockedUntil = Loop.Now + Loop.Dice.Seconds(1, 400);
        Story.Tell(cloud.Name, $"refuses the credential until {Story.At(cloud.LockedUntil)}");
    }

    private Person Owner(SessionRow session, bool admin)
    {
        var owner = people.Single(p => p.Caller.UserId.Value == Guid.Parse(mirror.UserOf(session.Id)));
        return admin ? people.First(p => p.Organization == owner.Organization && p.Caller.IsOrgAdmin) : owner;
    }

    private void Populate()
    {
        var databases = Databases.Sqlite(ConnectionString);
        using var db = databases.OpenEngine();
        db.Installations.Single().Code = "simulate";
        foreach (var cloud in Clouds)
            db.AllowLists.Add(new AllowList { Key = cloud.Key, Type = cloud.Kind.Type.ToString(), Identity = "sim" });
        for (var i = 1; i <= 2; i++)
            Populate(db, i);
        db.SaveChanges();
        if (Sabotage?.Schema is { } schema)
            db.Database.ExecuteSqlRaw(schema);
        databases.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Populate(EntryGuardDb db, int number)
    {
        var now = Loop.Now;
        var organization = new Organization { Id = new(Id()), Name = $"org{number}", Slug = $"org{number}", MaxSession = TimeSpan.FromMinutes(40), CreatedAt = now };
        db.Organizations.Add(organization);

        // Two Resources on the first allow-list, with a port in common; the other organization has one on it, too.
        foreach (var (cloud, ports) in number == 1
            ? new[] { (Clouds[0], new[] { 443 }), (Clouds[0], [443, 22]), (Clouds[1], [443]) }
            : [(Clouds[0], [443]), (Clouds[2], [443, 22])])
        {
            var key = Sabotage?.Key?.Invoke(cloud, resources.Count) ?? cloud.Key;
            if (key != cloud.Key)
                db.AllowLists.Add(new AllowList { Key = key, Type = cloud.Kind.Type.ToString(), Identity = "sim" });
            var resource = new Resource
            {
                Id = new(Id()),
                OrganizationId = organization.Id,
                Name = $"{organization.Name}/{cloud.Name}:{string.Join('+', ports)}",
                Provider = "SIM",
                ResourceType = cloud.Kind.Name,
                Identifier = cloud.Name,
                Config = "{}",
                Scopes = [.. ports.Select(Scope.Tcp)],
                AllowedAddresses = ["DOCUMENTATION"],
                Health = ResourceHealth.Valid,
                AllowListKey = key,
                Identity = "sim",
                ThrottleKey = $"sim:{cloud.Name}",
                CreatedAt = now,
                UpdatedAt = now,
            };
            db.Resources.Add(resource);
            resources.Add(resource);
        }

        foreach (var name in new[] { "admin", "ann", "bob" })
        {
            var user = new User { Id = new(Id()), OrganizationId = organization.Id, Email = $"{name}@{organization.Name}", IsOrgAdmin = name == "admin", MayNameAddress = true, CreatedAt = now, UpdatedAt = now };
            db.Users.Add(user);
            foreach (var resource in resources.Where(r => r.OrganizationId == organization.Id && name != "admin"))
                db.UserResources.Add(new UserResource { OrganizationId = organization.Id, UserId = user.Id, ResourceId = resource.Id, CreatedAt = now });
            people.Add(new Person($"{name}{number}", organization.Id, new Caller(organization.Id, user.Id, user.Email, user.IsOrgAdmin, true, ["*"], Cidr.Parse("198.51.100.9"))));
        }
    }

    private Guid Id() => new(Loop.Dice.Bytes(16));

    private sealed record Person(string Name, OrganizationId Organization, Caller Caller);
}
