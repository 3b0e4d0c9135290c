using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>POST /roles</c>.</summary>
public static class CreateRole
{
    internal static Refusal NameTaken { get; } = Refusal.Field("name", "is the name of another role; write another one", ErrorCodes.NameTaken);

    public static async Task<Results<Created<RoleResponse>, RefusalResult>> Handle(
        CreateRoleRequest request, EntryGuardDb db, Caller caller, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var errors = new Dictionary<string, string>();
        var role = new Role
        {
            Id = new RoleId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            Name = RequestFields.Name("name", request.Name, errors),
            Description = RequestFields.Words("description", request.Description, RoleFields.LongestDescription, errors),
            CreatedAt = now,
            UpdatedAt = now,
        };
        role.MaxSession = RoleFields.MaxSession(request.MaxSessionDurationHours, request.MaxSessionMinutes, errors) is { Ticks: > 0 } longest ? longest : null;
        if (request.Conditions is { } conditions)
            RoleFields.Apply(conditions, role, errors);
        var resources = RequestFields.Ids("resourceIds", request.ResourceIds, RoleFields.MostMembers, errors);
        var users = RequestFields.Ids("userIds", request.UserIds, RoleFields.MostMembers, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await db.Roles.AnyAsync(r => r.Name == role.Name, ct))
                return new RefusalResult(NameTaken);
            db.Roles.Add(role);
            if (await RoleMembers.SetAsync(db, role, resources, users, now, ct) is var (_, refusal) && refusal is not null)
                return new RefusalResult(refusal);
            db.Audit.Add(AuditRow.About(role, caller.Actor, "ROLE_CREATE", now, new
            {
                description = role.Description,
                maxSessionMinutes = role.MaxSession?.TotalMinutes,
                conditions = RoleView.Conditions(role),
                resourceIds = resources,
                userIds = users,
            }));
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(NameTaken);
        }

        return TypedResults.Created($"/api/v1/roles/{role.Id.Value}", await GetRole.FindAsync(db, role.Id, response, ct));
    }
}
