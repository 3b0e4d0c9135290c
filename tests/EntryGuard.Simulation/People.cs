using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.Sessions;
using EntryGuard.Server.Hosting;
using EntryGuard.Simulation.Kernel;
using EntryGuard.Simulation.Laws;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Simulation;

/// <summary>One who may ask something of the server.</summary>
internal sealed record Person(string Name, OrganizationId Organization, Caller Caller);

/// <summary>What people ask of the server: they start, stop, extend and retry; an admin takes rights away.</summary>
internal sealed class People(World world, Population population)
{
    private readonly Loop loop = world.Loop;
    private readonly Story story = world.Story;

    /// <summary>Somebody does something; in calm times nothing that takes a right away.</summary>
    public void Act(Server now, bool calm)
    {
        var dice = loop.Dice;
        var person = dice.Pick(population.People);
        var mine = world.Laws.Sessions.Where(s => s.IsRunning).ToList();
        var what = dice.Next(calm ? 12 : 20);
        if (what < 9 || mine.Count == 0)
            Request(now, person, "starts a session", db => StartAsync(now, db, person, calm));
        else if (what < 12)
            StopSome(now, dice.Pick(mine));
        else if (what < 14)
            Extend(now, dice.Pick(mine));
        else if (what < 16)
            Retry(now);
        else if (world.Weather.Revoke > 0)
            Administer(now, person);
    }

    /// <summary>The shift begins: everybody wants in at the same instant, for the same time.</summary>
    public void Rush(Server now)
    {
        var seconds = 60 + loop.Dice.Next(300);
        foreach (var person in population.People.Where(p => !p.Caller.IsOrgAdmin))
        {
            foreach (var address in Population.Addresses)
                Request(now, person, $"starts a session from {address}", db => StartAsync(now, db, person, Cidr.Parse(address), seconds, null, null));
        }
    }

    private void Request(Server at, Person person, string what, Func<EntryGuardDb, Task<object>> handle)
    {
        story.Tell(person.Name, what);
        at.Process.Start($"{person.Name} {what}", async () =>
        {
            await using var db = at.Databases.OpenTenant(person.Organization);
            if (await handle(db) is RefusalResult refused)
                story.Tell(person.Name, $"is refused: {refused.Refusal.Message}");
        });
    }

    private Task<object> StartAsync(Server at, EntryGuardDb db, Person person, bool calm)
    {
        var dice = loop.Dice;
        var address = Cidr.Parse(dice.Pick(Population.Addresses));
        var reach = population.Resources.Where(r => r.OrganizationId == person.Organization).ToList();
        var named = dice.Chance(0.4) ? reach.Where(_ => dice.Chance(0.5)).Select(r => r.Id.Value.ToString()).ToList() : null;
        var seconds = calm ? 20 + dice.Next(100) : dice.Chance(0.3) ? 5 + dice.Next(60) : 60 + dice.Next(900);
        return StartAsync(at, db, person, address, seconds, named is { Count: 0 } ? null : named, dice.Chance(0.2) ? $"key{dice.Next(4)}" : null);
    }

    // Nobody here proves an address.
    private static readonly EphemeralDataProtectionProvider NoKeys = new();

    private static async Task<object> StartAsync(Server at, EntryGuardDb db, Person person, Cidr address, int seconds, List<string>? named, string? key)
    {
        var request = new StartSessionRequest
        {
            DurationSeconds = seconds,
            Ipv4Address = address.IpVersion == 4 ? address.ToString() : null,
            Ipv6Address = address.IpVersion == 6 ? address.ToString() : null,
            ResourceIds = named,
        };
        return (await StartSession.Handle(request, null, key, db, person.Caller, at.Providers, at, new OverdueClosings(at.Databases), new AddressProofs(NoKeys, at.Clock), at.Clock, Server.Settings, CancellationToken.None)).Result;
    }

    private void StopSome(Server at, SessionRow session)
    {
        var admin = loop.Dice.Chance(0.3);
        var person = Owner(session, admin);
        Request(at, person, $"stops {session.Name}", async db => admin
            ? (await StopSession.HandleAdmin(Guid.Parse(session.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result
            : (await StopSession.Handle(Guid.Parse(session.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    private void Extend(Server at, SessionRow session)
    {
        var (person, minutes) = (Owner(session, false), 1 + loop.Dice.Next(10));
        Request(at, person, $"extends {session.Name} by {minutes} min", async db => (await ExtendSession.Handle(
            Guid.Parse(session.Id), new ExtendSessionRequest { AdditionalMinutes = minutes }, db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    private void Retry(Server at)
    {
        if (world.Laws.Claims.Where(c => c.Status == ResourceIpStatus.Failed || c.IsLeaving).ToList() is not { Count: > 0 } some)
            return;
        var claim = loop.Dice.Pick(some);
        var person = Owner(world.Laws.Sessions.Single(s => s.Id == claim.SessionId), true);
        Request(at, person, $"retries {claim.Name}", async db =>
            (await RetryResourceIp.Handle(Guid.Parse(claim.Id), db, person.Caller, at, at.Clock, CancellationToken.None)).Result);
    }

    // As the admin's endpoints do it: the row first, then the claims that rest on it, in one transaction.
    private void Administer(Server at, Person person)
    {
        var dice = loop.Dice;
        var (what, thorough) = (dice.Next(4), dice.Chance(0.5));
        var resource = dice.Pick(population.Resources.Where(r => r.OrganizationId == person.Organization).ToList());
        var words = (what switch { 0 => $"takes {resource.Name} away from {person.Name}", 1 => $"deactivates {person.Name}", 2 => $"switches {resource.Name} off", _ => "allows everything again" })
            + (thorough || what == 3 ? "" : ", without ending anything");
        Request(at, population.People.First(p => p.Organization == person.Organization && p.Caller.IsOrgAdmin), words, async db =>
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

    private Person Owner(SessionRow session, bool admin)
    {
        var owner = population.People.Single(p => p.Caller.UserId.Value == Guid.Parse(world.UserOf(session)));
        return admin ? population.People.First(p => p.Organization == owner.Organization && p.Caller.IsOrgAdmin) : owner;
    }
}
