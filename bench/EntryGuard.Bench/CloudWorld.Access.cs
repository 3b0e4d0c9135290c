using System.Diagnostics;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Features.Roles;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace EntryGuard.Bench;

/// <content>Roles, and what rests on them.</content>
internal sealed partial class CloudWorld
{
    private TaskCompletionSource bell = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When the first removal went out after the journal was last forgotten, by <see cref="Stopwatch.GetTimestamp"/>; null: none did.</summary>
    public long? FirstRemovalAt { get; private set; }

    /// <summary>When the first list was asked for after that; null: none was.</summary>
    public long? FirstListAt { get; private set; }

    public EntryGuardDb OpenTenant() => databases.OpenTenant(organization);

    /// <summary>The user has so many roles, which open so many Resources in all; every Resource is opened by two of them, with terms.</summary>
    public async Task GrantAsync(int roles, int resources)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        var ids = Enumerable.Range(0, roles).Select(i => AddRole(db, $"role {i}", i)).ToList();
        db.RoleUsers.AddRange(ids.Select(id => new RoleUser { OrganizationId = organization, RoleId = id, UserId = user, CreatedAt = Now }));
        for (var i = 0; i < resources; i++)
        {
            var resource = new Resource
            {
                Id = new ResourceId(Guid.CreateVersion7(Now)),
                OrganizationId = organization,
                Name = $"resource {i}",
                Provider = "AWS",
                ResourceType = "SECURITY_GROUP",
                Identifier = $"sg-{i:x8}",
                Config = """{"port":5432}""",
                Scopes = [Scope.Tcp(5432)],
                Health = ResourceHealth.Valid,
                CreatedAt = Now,
                UpdatedAt = Now,
            };
            db.Resources.Add(resource);
            foreach (var role in new[] { ids[i % roles], ids[(i + 1) % roles] })
                db.RoleResources.Add(new RoleResource { OrganizationId = organization, RoleId = role, ResourceId = resource.Id, CreatedAt = Now });
        }

        await work.CommitAsync(default);
    }

    /// <summary>So many users have one role and a session by it, each from an address of its own.</summary>
    public async Task<RoleId> GrantToManyAsync(string name, int users)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        var role = AddRole(db, name, 0);
        db.RoleResources.AddRange(resources.Select(r => new RoleResource { OrganizationId = organization, RoleId = role, ResourceId = r.Id, CreatedAt = Now }));
        for (var i = 0; i < users; i++)
        {
            var one = new UserId(Guid.CreateVersion7(Now));
            db.Users.Add(new User { Id = one, OrganizationId = organization, Email = $"user{i}@{name.Replace(' ', '-')}.localhost", CreatedAt = Now, UpdatedAt = Now });
            db.RoleUsers.Add(new RoleUser { OrganizationId = organization, RoleId = role, UserId = one, CreatedAt = Now });
            var session = NewSession(TimeSpan.FromHours(1));
            session.UserId = one;
            foreach (var resource in resources)
            {
                var claim = NewClaim(session, resource, Cidr.Parse($"10.0.{i / 250}.{(i % 250) + 1}"));
                (claim.Grant, claim.RoleId) = (Grant.Role, role);
                session.ResourceIps.Add(claim);
            }

            db.Sessions.Add(session);
            foreach (var claim in session.ResourceIps)
                claim.DueAt = Now;
        }

        await work.CommitAsync(default);
        Wake(resources.Select(r => r.AllowListKey!.Value));
        return role;
    }

    /// <summary>As the endpoint does it.</summary>
    public async Task DeleteRoleAsync(RoleId role)
    {
        await using var db = OpenTenant();
        var caller = new Caller(organization, user, "bench@localhost", Authority.Admin, true, ["*"], Cidr.Parse("198.51.100.1"));
        var answer = await DeleteRole.Handle(role.Value, db, caller, this, clock, default);
        if (((IStatusCodeHttpResult)answer.Result).StatusCode != StatusCodes.Status204NoContent)
            throw new InvalidOperationException("The role was not deleted.");
    }

    /// <summary>Works as soon as it is rung for, as a node does, once.</summary>
    public async Task WorkAtOnceAsync()
    {
        bell = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rung.Clear();
        (FirstRemovalAt, FirstListAt) = (null, null);
        Ec2.Received += Note;
        await bell.Task;
        await WorkAsync();
        Ec2.Received -= Note;

        void Note(string action)
        {
            if (action == "RevokeSecurityGroupIngress")
                FirstRemovalAt ??= Stopwatch.GetTimestamp();
            if (action.StartsWith("Describe", StringComparison.Ordinal))
                FirstListAt ??= Stopwatch.GetTimestamp();
        }
    }

    private RoleId AddRole(EntryGuardDb db, string name, int number)
    {
        var role = new Role
        {
            Id = new RoleId(Guid.CreateVersion7(Now)),
            OrganizationId = organization,
            Name = name,
            MaxSession = TimeSpan.FromMinutes(60 + number),
            Networks = number % 4 == 1 ? [Cidr.Parse("203.0.113.0/24")] : [],
            Hours = number % 4 == 2 ? "MON,TUE,WED,THU,FRI,SAT,SUN 00:00-24:00" : null,
            TimeZone = number % 4 == 2 ? "Europe/Berlin" : null,
            CreatedAt = Now,
            UpdatedAt = Now,
        };
        db.Roles.Add(role);
        return role.Id;
    }
}
