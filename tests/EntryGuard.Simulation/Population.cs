using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Simulation;

/// <summary>Who and what there is when a run begins: two organizations, their people and Resources, in the database.</summary>
internal sealed class Population
{
    private readonly World world;

    public Population(World world)
    {
        this.world = world;
        var databases = Databases.Sqlite(world.ConnectionString);
        using var db = databases.OpenEngine();
        db.Installations.Single().Code = "simulate";
        foreach (var cloud in world.Clouds)
            db.AllowLists.Add(new AllowList { Key = cloud.Key, Type = cloud.Kind.Type.ToString(), Identity = "sim" });
        for (var i = 1; i <= 2; i++)
            Make(db, i);
        db.SaveChanges();
        if (world.Sabotage?.Schema is { } schema)
            db.Database.ExecuteSqlRaw(schema);
        databases.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Make(EntryGuardDb db, int number)
    {
        var now = world.Loop.Now;
        var organization = new Organization { Id = new(Id()), Name = $"org{number}", Slug = $"org{number}", MaxSession = TimeSpan.FromMinutes(40), OpensWhileOverdue = number == 1, CreatedAt = now };
        db.Organizations.Add(organization);

        // Two Resources on the first allow-list, with a port in common; the other organization has one on it, too.
        foreach (var (cloud, ports) in number == 1
            ? new[] { (world.Clouds[0], new[] { 443 }), (world.Clouds[0], [443, 22]), (world.Clouds[1], [443]) }
            : [(world.Clouds[0], [443]), (world.Clouds[2], [443, 22])])
        {
            var key = world.Sabotage?.Key?.Invoke(cloud, Resources.Count) ?? cloud.Key;
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
            Resources.Add(resource);
        }

        foreach (var name in new[] { "admin", "ann", "bob" })
        {
            var user = new User { Id = new(Id()), OrganizationId = organization.Id, Email = $"{name}@{organization.Name}", Authority = name == "admin" ? Authority.Admin : Authority.Member, MayNameAddress = true, CreatedAt = now, UpdatedAt = now };
            db.Users.Add(user);
            foreach (var resource in Resources.Where(r => r.OrganizationId == organization.Id && name != "admin"))
                db.UserResources.Add(new UserResource { OrganizationId = organization.Id, UserId = user.Id, ResourceId = resource.Id, CreatedAt = now });
            People.Add(new Person($"{name}{number}", organization.Id, new Caller(organization.Id, user.Id, user.Email, user.Authority, true, ["*"], Cidr.Parse("198.51.100.9"))));
        }
    }

    /// <summary>Where people come from.</summary>
    public static IReadOnlyList<string> Addresses { get; } = ["198.51.100.1", "198.51.100.2", "2001:db8::3"];

    public List<Person> People { get; } = [];
    public List<Resource> Resources { get; } = [];

    private Guid Id() => new(world.Loop.Dice.Bytes(16));
}
