using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Roles;

/// <summary>How a role looks from outside.</summary>
public static class RoleView
{
    /// <summary>With who and what is in it.</summary>
    public static IQueryable<Row> Show(EntryGuardDb db, IQueryable<Role> roles)
    {
        ArgumentNullException.ThrowIfNull(db);
        return roles.Select(r => new Row
        {
            Role = r,
            ResourceIds = db.RoleResources.Where(g => g.RoleId == r.Id).OrderBy(g => g.ResourceId).Select(g => g.ResourceId.Value).ToList(),
            UserIds = db.RoleUsers.Where(g => g.RoleId == r.Id).OrderBy(g => g.UserId).Select(g => g.UserId.Value).ToList(),
        });
    }

    /// <summary>The conditions, as they would be written.</summary>
    public static RoleConditions Conditions(Role role)
    {
        ArgumentNullException.ThrowIfNull(role);
        return new RoleConditions
        {
            ReasonRequired = role.IsReasonRequired,
            ReasonPattern = role.ReasonPattern,
            SourceNetworks = [.. role.Networks.Select(n => n.ToString())],
            Hours = role.Hours,
            TimeZone = role.TimeZone,
            MfaWithinMinutes = (int?)role.MfaWithin?.TotalMinutes,
        };
    }

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required Role Role { get; init; }
        public required List<Guid> ResourceIds { get; init; }
        public required List<Guid> UserIds { get; init; }

        public RoleResponse ToResponse() => new()
        {
            Id = Role.Id.Value,
            Name = Role.Name,
            Description = Role.Description,
            MaxSessionDurationHours = (int?)Role.MaxSession?.TotalHours,
            MaxSessionMinutes = (int?)Role.MaxSession?.TotalMinutes,
            Conditions = Conditions(Role),
            ResourceIds = ResourceIds,
            UserIds = UserIds,
            CreatedAt = Role.CreatedAt,
            UpdatedAt = Role.UpdatedAt,
        };
    }
}
