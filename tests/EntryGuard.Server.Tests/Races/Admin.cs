using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.ApiKeys;
using EntryGuard.Server.Features.Resources;
using EntryGuard.Server.Features.Roles;
using EntryGuard.Server.Features.Sessions;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Races;

/// <summary>An admin at the handlers themselves, so that whatever the database throws at one fails the test as it is. Answers read "200", or "404 NOT_FOUND".</summary>
internal sealed class Admin(TestApp app)
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DatabaseClock clock = app.Services.GetRequiredService<DatabaseClock>();
    private readonly IEngine engine = app.Services.GetRequiredService<IEngine>();

    public Task<string> Assign(ResourceId resource, UserId user) =>
        Do(async (db, me) => await AssignUser.Handle(resource.Value, user.Value, db, me, clock, None));

    public Task<string> Unassign(ResourceId resource, UserId user) =>
        Do(async (db, me) => await AssignUser.HandleUnassign(resource.Value, user.Value, db, me, engine, clock, None));

    public Task<string> Delete(ResourceId resource) =>
        Do(async (db, me) => await DeleteResource.Handle(resource.Value, true, db, me, engine, clock, None));

    public Task<string> DeleteRole(RoleId role) => Do(async (db, me) => await Server.Features.Roles.DeleteRole.Handle(role.Value, db, me, engine, clock, None));

    public Task<string> TakeRole(RoleId role, UserId user) =>
        Do(async (db, me) => await RoleMembers.HandleRemoveUser(role.Value, user.Value, db, me, engine, clock, None));

    public Task<string> TakeOut(RoleId role, ResourceId resource) =>
        Do(async (db, me) => await RoleMembers.HandleRemoveResource(role.Value, resource.Value, db, me, engine, clock, None));

    public Task<string> UpdateRole(RoleId role, UpdateRoleRequest change) =>
        Do(async (db, me) => await Server.Features.Roles.UpdateRole.Handle(role.Value, change, null, db, me, engine, clock, new DefaultHttpContext().Response, None));

    public Task<string> RevokeKey(ApiKeyId key) => Do(async (db, me) => await RevokeApiKey.Handle(key.Value, db, me, engine, clock, None));

    public Task<string> DeleteUser(UserId user) => Do(async (db, me) => await Server.Features.People.DeleteUser.Handle(user.Value, true, db, me, engine, clock, None));

    public Task<string> Freeze(StopAllRequest request) => Do(async (db, me) => await StopAll.Handle(request, db, me, engine, clock, None));

    public Task<string> MovePort(ResourceId resource, int port) => Do(async (db, me) => await UpdateResource.Handle(
        resource.Value, new UpdateResourceRequest { Config = JsonSerializer.SerializeToElement(new { ports = new[] { port } }) }, null, null, db, me,
        app.Services.GetRequiredService<ProviderSet>(), app.Services.GetRequiredService<Verification>(), engine, clock, new DefaultHttpContext().Response, None));

    private async Task<string> Do(Func<EntryGuardDb, Caller, Task<INestedHttpResult>> handle)
    {
        var admin = app.AsAdmin();
        var me = await admin.SignIn();
        await using var db = app.Databases.OpenTenant(me.Organization);
        var answer = await handle(db, new Caller(me.Organization, me.User, admin.Email, Authority.Admin, true, ["*"], Cidr.Parse("198.51.100.1")));
        var status = ((IStatusCodeHttpResult)answer.Result).StatusCode;
        return answer.Result is RefusalResult no ? $"{status} {no.Refusal.Code}" : $"{status}";
    }
}
