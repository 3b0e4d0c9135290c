using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Credentials;

/// <summary>
/// <c>DELETE /credentials/{id}</c>: with <c>?end=true</c> it ends what is open through it. The row stays as a tombstone while a Resource
/// points at it, secret included: what it opened is closed with it (E05).
/// </summary>
public static class DeleteCredential
{
    private static Refusal InUse { get; } = new(ErrorCodes.CredentialInUse, RefusalKind.Invalid,
        "A Resource uses it. Give that another one or delete it, or ask with ?end=true: that ends what is open through it and deletes it.");

    public static async Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, bool? end, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var credentialId = new CredentialId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await db.LockAsync(credentialId, ct);
            if (await db.Credentials.SingleOrDefaultAsync(c => c.Id == credentialId && c.DeletedAt == null, ct) is not { } credential)
                return new RefusalResult(GetCredential.NotFound);
            var claims = db.ResourceIps.Where(c => c.Resource!.CredentialId == credentialId);
            var isUsed = await db.Resources.AnyAsync(r => r.CredentialId == credentialId && r.DeletedAt == null, ct) || await claims.AnyAsync(c => c.DueAt != null, ct);
            if (end != true && isUsed)
                return new RefusalResult(InUse);

            write = await SessionWrite.LockOwnersAsync(
                db, claims.Where(c => c.DueAt != null || (c.Wanted == Wanted.Present && c.Session!.EndedAt == null)), clock.Now, caller.Actor, ct);
            foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c.Resource!.CredentialId == credentialId).ToList())
            {
                if (claim.Wanted == Wanted.Present)
                    write.End(claim, EndReason.AccessRevoked);
                else
                    write.TryNow(claim);
            }

            if (await db.Resources.AnyAsync(r => r.CredentialId == credentialId, ct))
                (credential.DeletedAt, credential.UpdatedAt) = (write.Now, ETags.Next(credential.UpdatedAt, write.Now));
            else
                db.Credentials.Remove(credential);
            db.Audit.Add(AuditRow.About(credential, caller.Actor, "CREDENTIAL_DELETE", write.Now, new { ended = end == true }));
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
