using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary><c>GET /users/{id}</c>.</summary>
public static class GetUser
{
    public static Refusal NotFound { get; } = new(ErrorCodes.UserNotFound, RefusalKind.NotFound, "There is no such user.");

    public static async Task<Results<Ok<UserResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct) =>
        await FindAsync(db, new UserId(id), response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);

    /// <summary>Null: not there. Sets the ETag.</summary>
    internal static async Task<UserResponse?> FindAsync(EntryGuardDb db, UserId id, HttpResponse response, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var found = await UserView.Show(db, UserView.Of(db).Where(u => u.Id == id)).SingleOrDefaultAsync(ct);
        if (found is not null)
            ETags.Show(response, found.UpdatedAt);
        return found;
    }
}
