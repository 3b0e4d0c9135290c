using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary><c>GET /api-keys/{id}</c>.</summary>
public static class GetApiKey
{
    public static Refusal NotFound { get; } = new(ErrorCodes.ApiKeyNotFound, RefusalKind.NotFound, "There is no such API key.");

    public static async Task<Results<Ok<ApiKeyResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var keyId = new ApiKeyId(id);
        await using var read = await db.BeginReadAsync(ct);
        return await ApiKeyView.Show(db, ApiKeyView.Of(db, caller).Where(k => k.Id == keyId)).SingleOrDefaultAsync(ct) is { } found
            ? TypedResults.Ok(found.ToResponse())
            : new RefusalResult(NotFound);
    }
}
