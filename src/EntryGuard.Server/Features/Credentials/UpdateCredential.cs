using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Credentials;

/// <summary>
/// <c>PATCH /credentials/{id}</c>. A new secret replaces the old one only after every Resource that uses it was seen to work with it, under
/// the same identity (E15); then what waits to be closed through it is tried at once (E04).
/// </summary>
public static class UpdateCredential
{
    // Somebody gives it to another Resource while the providers answer: they are asked again. Nobody does so this often.
    private const int MostRounds = 4;

    private static Refusal Busy { get; } = new(ErrorCodes.Conflict, RefusalKind.Conflict,
        "It, or a Resource that uses it, was changed while the new secret was tried, and nothing was done. Repeat it.");

    public static async Task<Results<Ok<CredentialResponse>, RefusalResult>> Handle(
        Guid id, UpdateCredentialRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, ProviderSet providers,
        Verification verification, SecretBox secrets, IEngine engine, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(providers);
        ArgumentNullException.ThrowIfNull(verification);
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var credentialId = new CredentialId(id);
        Applied? applied = null;
        for (var round = 1; applied is null; round++)
        {
            if (round > MostRounds)
                return new RefusalResult(Busy);
            if (await ReadAsync(db, credentialId, ct) is not { } read)
                return new RefusalResult(GetCredential.NotFound);
            if (ETags.Outdated(ifMatch, read.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            var (edit, fault) = Parse(request, read, providers);
            if (edit is null)
                return new RefusalResult(fault!);
            var trials = edit.Secret is null ? [] : await verification.TryAsync(read, edit.Secret, ct);
            if (await RefusedAsync(db, trials, ct) is { } refused)
                return new RefusalResult(refused);
            try
            {
                applied = await ApplyAsync(db, read, edit, trials, caller, secrets, clock, ct);
            }
            catch (DbUpdateException e) when (UniqueNames.Refused(e))
            {
                return new RefusalResult(CreateCredential.NameTaken);
            }

            if (applied?.Refusal is { } no)
                return new RefusalResult(no);
        }

        if (applied.Write is { } write)
            engine.Wake(write.Wake);
        foreach (var resource in applied.ToVerify)
            await verification.VerifyAsync(resource, ct);
        return await GetCredential.FindAsync(db, credentialId, response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(GetCredential.NotFound);
    }

    private static async Task<Credential?> ReadAsync(EntryGuardDb db, CredentialId id, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        return await db.Credentials.AsNoTracking().SingleOrDefaultAsync(c => c.Id == id && c.DeletedAt == null, ct);
    }

    // Law 3 and E08: a Resource stays what it was first verified as, so another identity would break it even where nothing stands.
    private static async Task<Refusal?> RefusedAsync(EntryGuardDb db, IReadOnlyList<Trial> trials, CancellationToken ct)
    {
        var failed = trials.Where(t => !t.Report.IsValid).Select(t => $"{t.Resource.Name}: {t.Report.Message}").ToList();
        if (failed.Count > 0)
            return Refusal.Field("credentialData", $"does not work, so the old secret stays. {string.Join(" ", failed)}", ErrorCodes.VerificationFailed);
        var others = trials.Where(t => t.OtherIdentity is not null).ToList();
        if (others.Count == 0)
            return null;
        var words = string.Join(" ", others.Select(t => $"{t.Resource.Name}: {t.OtherIdentity}"));
        var ids = others.Select(t => t.Resource.Id).ToList();
        await using var read = await db.BeginReadAsync(ct);
        return await db.ResourceIps.AnyAsync(c => ids.Contains(c.ResourceId) && c.MayStand, ct)
            ? Refusal.Field("credentialData", $"leads to another account while rules made under the present one may stand, so the old secret stays. {words}", ErrorCodes.OtherIdentity)
            : Refusal.Field("credentialData", $"leads to another account, so the old secret stays. {words}", ErrorCodes.VerificationFailed);
    }

    // Null: what was tried is not what is there now.
    private static async Task<Applied?> ApplyAsync(
        EntryGuardDb db, Credential tried, Edit edit, IReadOnlyList<Trial> trials, Caller caller, SecretBox secrets, DatabaseClock clock, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        await db.LockAsync(tried.Id, ct);
        if (await db.Credentials.SingleOrDefaultAsync(c => c.Id == tried.Id && c.DeletedAt == null, ct) is not { } credential || credential.UpdatedAt != tried.UpdatedAt)
            return null;
        if (edit.Name is not null && await db.Credentials.AnyAsync(c => c.Id != tried.Id && c.Name == edit.Name && c.DeletedAt == null, ct))
            return new Applied(CreateCredential.NameTaken, null, []);
        var changes = new Dictionary<string, object>();
        if (edit.Name is { } name && name != credential.Name)
            changes["name"] = new { from = credential.Name, to = name };
        if (edit.Secret is not null)
            changes["credentialData"] = "rotated";
        if (changes.Count == 0)
            return new Applied(null, null, []);

        var now = clock.Now;
        SessionWrite? write = null;
        List<ResourceId> toVerify = [];
        if (edit.Secret is { } secret)
        {
            var users = await LockUsersAsync(db, credential.Id, ct);
            if (!AreSame(trials, users))
                return null;
            write = await TryClosingsNowAsync(db, users, now, caller.Actor, ct);
            now = write.Now;
            credential.Secret = secrets.Protect(credential.OrganizationId, credential.Id, secret);
            (credential.IsValid, credential.LastVerifiedAt, credential.VerificationError) = trials.Count > 0 ? (true, now, null) : ((bool?)null, (DateTimeOffset?)null, (string?)null);
            toVerify = [.. users.Where(r => r.Health != ResourceHealth.Valid && r.DeletedAt is null).Select(r => r.Id)];
        }

        credential.Name = edit.Name ?? credential.Name;
        credential.UpdatedAt = ETags.Next(credential.UpdatedAt, now);
        db.Audit.Add(AuditRow.About(credential, caller.Actor, "CREDENTIAL_UPDATE", now, changes));
        write?.Complete();
        await work.CommitAsync(ct);
        return new Applied(null, write, toVerify);
    }

    private static async Task<List<Resource>> LockUsersAsync(EntryGuardDb db, CredentialId id, CancellationToken ct)
    {
        var users = db.Resources.Where(r => r.CredentialId == id && (r.DeletedAt == null || db.ResourceIps.Any(c => c.ResourceId == r.Id && c.DueAt != null)));
        foreach (var resource in await users.OrderBy(r => r.Id).Select(r => r.Id).ToListAsync(ct))
            await db.LockAsync(resource, ct);
        return await users.AsNoTracking().OrderBy(r => r.Id).ToListAsync(ct);
    }

    // A Resource that went meanwhile needs no trial.
    private static bool AreSame(IReadOnlyList<Trial> trials, List<Resource> users) => users.TrueForAll(now => trials.Any(t =>
        t.Resource.Id == now.Id && t.Resource.Config == now.Config && t.Resource.AllowListKey == now.AllowListKey && t.Resource.Identity == now.Identity));

    private static async Task<SessionWrite> TryClosingsNowAsync(EntryGuardDb db, List<Resource> users, DateTimeOffset now, Actor actor, CancellationToken ct)
    {
        var ids = users.ConvertAll(r => r.Id);
        var write = await SessionWrite.LockOwnersAsync(
            db, db.ResourceIps.Where(c => ids.Contains(c.ResourceId) && c.MayStand && c.DueAt != null), now, actor, ct);
        foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => ids.Contains(c.ResourceId)))
            write.TryNow(claim);
        return write;
    }

    private static (Edit? Edit, Refusal? Refusal) Parse(UpdateCredentialRequest request, Credential credential, ProviderSet providers)
    {
        var errors = new Dictionary<string, string>();
        var name = request.Name is null ? null : RequestFields.Name("name", request.Name, errors);
        var takers = CreateCredential.Takers(providers, credential.Provider, credential.CredentialType);
        var secret = CreateCredential.Secret("credentialData", request.CredentialData, credential.OrganizationId, takers, credential.CredentialType, errors);
        if (request.CredentialData?.ValueKind == JsonValueKind.Null)
            errors["credentialData"] = "is null; leave it out to keep the secret";
        else if (secret is not null && takers.Count == 0)
            errors["credentialData"] = $"cannot be checked: this server has no provider that takes {credential.Provider}/{credential.CredentialType}";
        return errors.Count > 0 ? (null, Refusal.Validation(errors)) : (new Edit(name, secret), null);
    }

    // Null: stays as it is.
    private sealed record Edit(string? Name, string? Secret)
    {
        public override string ToString() => nameof(Edit);
    }

    private sealed record Applied(Refusal? Refusal, SessionWrite? Write, IReadOnlyList<ResourceId> ToVerify);
}
