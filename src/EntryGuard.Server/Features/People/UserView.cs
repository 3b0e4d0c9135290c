using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.People;

/// <summary>How a user looks from outside.</summary>
public static class UserView
{
    public static Expression<Func<User, UserResponse>> Projection => u => new UserResponse
    {
        Id = u.Id.Value,
        Email = u.Email,
        Name = u.Name,
        IsOrgAdmin = u.IsOrgAdmin,
        MayNameAddress = u.MayNameAddress,
        IsActive = u.IsActive,
        CreatedAt = u.CreatedAt,
        UpdatedAt = u.UpdatedAt,
    };
}
