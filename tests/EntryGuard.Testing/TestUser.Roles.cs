using EntryGuard.Contracts;

namespace EntryGuard.Testing;

/// <content>What an admin does about roles.</content>
public sealed partial class TestUser
{
    /// <summary>A role of these users that opens these Resources, which are made where they are not there yet.</summary>
    public async Task<RoleResponse> CreateRole(string roleName, string[] resources, TestUser[] users, RoleConditions? conditions = null, int? maxMinutes = null) =>
        (await TryCreateRole(roleName, resources, users, conditions, maxMinutes)).Value;

    /// <inheritdoc cref="CreateRole"/>
    public async Task<ApiAnswer<RoleResponse>> TryCreateRole(string roleName, string[] resources, TestUser[] users, RoleConditions? conditions = null, int? maxMinutes = null)
    {
        var me = await SignIn();
        var ids = new List<string>();
        foreach (var resource in resources)
            ids.Add((await app.Seed.Resource(me.Organization, resource)).Value.ToString());
        var who = await Task.WhenAll(users.Select(async u => (await u.SignIn()).User.Value.ToString()));
        return await (await Api()).CreateRoleAsync(
            new CreateRoleRequest { Name = roleName, ResourceIds = ids, UserIds = who, Conditions = conditions, MaxSessionMinutes = maxMinutes }, None);
    }

    /// <summary>As it is now.</summary>
    public async Task<RoleResponse> Role(Domain.RoleId id) => (await (await Api()).GetRoleAsync(id.Value, None)).Value;

    /// <summary>Changes a role.</summary>
    public async Task<ApiAnswer<RoleResponse>> TryUpdate(RoleResponse role, UpdateRoleRequest change, string? etag = null)
    {
        ArgumentNullException.ThrowIfNull(role);
        return await (await Api()).UpdateRoleAsync(role.Id, change, etag, None);
    }

    /// <summary>Takes the role from a user.</summary>
    public async Task<ApiAnswer<MessageResponse>> TryTake(RoleResponse role, TestUser from)
    {
        ArgumentNullException.ThrowIfNull(role);
        ArgumentNullException.ThrowIfNull(from);
        return await (await Api()).SetRoleUserAsync(role.Id, (await from.SignIn()).User.Value, true, None);
    }

    /// <summary>Starts a session by what is granted, without being assigned anything by the kit.</summary>
    public async Task<ApiAnswer<SessionResponse>> TryStart(StartSessionRequest request, string from = "203.0.113.7") => await (await Api(from)).StartSessionAsync(request, null, None);

    /// <inheritdoc cref="TryStart"/>
    public async Task<SessionResponse> Start(double hours = 1, string? reason = null, string from = "203.0.113.7") =>
        (await TryStart(new StartSessionRequest { DurationSeconds = (int)(hours * 3600), Reason = reason }, from)).Value;
}
