using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Credentials;

/// <summary><c>GET /credentials/{id}</c>.</summary>
public static class GetCredential
{
    public static Refusal NotFound { get; } = new(ErrorCodes.CredentialNotFound, RefusalKind.NotFound, "There is no such credential.");

    public static async Task<Results<Ok<CredentialResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct) =>
        await FindAsync(db, new CredentialId(id), response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);

    /// <summary>Null: not there. Sets the ETag.</summary>
    internal static async Task<CredentialResponse?> FindAsync(EntryGuardDb db, CredentialId id, HttpResponse response, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var found = await db.Credentials.Where(c => c.Id == id && c.DeletedAt == null).Select(CredentialView.Projection(db)).SingleOrDefaultAsync(ct);
        if (found is not null)
            ETags.Show(response, found.UpdatedAt);
        return found;
    }
}
