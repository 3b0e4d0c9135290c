using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>PATCH /roles/{id}</c>. Every claim that rests on it is judged by its new terms in the same transaction.</summary>
public static class UpdateRole
{
    public static async Task<Results<Ok<RoleResponse>, RefusalResult>> Handle(
        Guid id, UpdateRoleRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, IEngine engine,
        DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var name = request.Name is null ? null : RequestFields.Name("name", request.Name, errors);
        var description = RequestFields.Words("description", request.Description, RoleFields.LongestDescription, errors);
        var longest = RoleFields.MaxSession(request.MaxSessionDurationHours, request.MaxSessionMinutes, errors);
        var terms = new Role { Name = "" };
        if (request.Conditions is { } conditions)
            RoleFields.Apply(conditions, terms, errors);
        var resources = request.ResourceIds is null ? null : RequestFields.Ids("resourceIds", request.ResourceIds, RoleFields.MostMembers, errors);
        var users = request.UserIds is null ? null : RequestFields.Ids("userIds", request.UserIds, RoleFields.MostMembers, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var roleId = new RoleId(id);
        SessionWrite? write = null;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            await AccessChange.TakeTurnAsync(db, caller, ct);
            await db.LockAsync(roleId, ct);
            if (await db.Roles.SingleOrDefaultAsync(r => r.Id == roleId, ct) is not { } role)
                return new RefusalResult(GetRole.NotFound);
            if (ETags.Outdated(ifMatch, role.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            if (name is not null && await db.Roles.AnyAsync(r => r.Name == name && r.Id != roleId, ct))
                return new RefusalResult(CreateRole.NameTaken);
            var before = Values(role);
            role.Name = name ?? role.Name;
            role.Description = request.Description is null ? role.Description : description;
            role.MaxSession = longest is null ? role.MaxSession : longest.Value.Ticks > 0 ? longest : null;
            if (request.Conditions is not null)
            {
                (role.IsReasonRequired, role.ReasonPattern, role.Networks) = (terms.IsReasonRequired, terms.ReasonPattern, terms.Networks);
                (role.Hours, role.TimeZone, role.MfaWithin) = (terms.Hours, terms.TimeZone, terms.MfaWithin);
            }

            var (members, refusal) = await RoleMembers.SetAsync(db, role, resources, users, clock.Now, ct);
            if (refusal is not null)
                return new RefusalResult(refusal);
            var after = Values(role);
            var changes = after.Keys.Where(k => before[k] != after[k]).ToDictionary(k => k, k => (object)new { from = before[k], to = after[k] });
            foreach (var (what, ids) in members)
                changes[what] = ids;
            if (changes.Count > 0)
            {
                role.UpdatedAt = ETags.Next(role.UpdatedAt, clock.Now);
                db.Audit.Add(AuditRow.About(role, caller.Actor, "ROLE_UPDATE", clock.Now, changes));
                await db.SaveChangesAsync(ct);
                write = await AccessChange.OfAsync(db, AccessChange.Running(db).Where(c => c.RoleId == roleId), clock.Now, caller.Actor, ct);
                await work.CommitAsync(ct);
            }
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(CreateRole.NameTaken);
        }

        if (write is not null)
            engine.Wake(write.Wake);
        return await GetRole.FindAsync(db, roleId, response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(GetRole.NotFound);
    }

    private static Dictionary<string, string?> Values(Role role) => new()
    {
        ["name"] = role.Name,
        ["description"] = role.Description,
        ["maxSessionMinutes"] = role.MaxSession is { } longest ? $"{longest.TotalMinutes:0}" : null,
        ["conditions"] = JsonSerializer.Serialize(RoleView.Conditions(role), ContractsJson.Default.RoleConditions),
    };
}
