using System.Security.Cryptography;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>POST /sessions</c>: where a session starts. One transaction makes it and its claims; then the engine is rung.</summary>
public static class StartSession
{
    private const int LongestReason = 500;

    public static async Task<Results<Created<SessionResponse>, Ok<SessionResponse>, Ok<StartPreview>, RefusalResult>> Handle(
        StartSessionRequest? request, bool? dryRun, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, EntryGuardDb db, Caller caller, ProviderSet providers, IEngine engine,
        OverdueClosings closings, AddressProofs proofs, DatabaseClock clock, IOptions<SessionSettings> settings, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(closings);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(proofs);
        var (wish, refusal) = Parse(request ?? new StartSessionRequest(), idempotencyKey, caller, proofs, settings.Value);
        if (wish is null)
            return new RefusalResult(refusal!);

        var overdue = await closings.SinceAsync(caller.Organization, caller.UserId, wish.ResourceIds, ct);
        SessionWrite write;
        StartDraft draft;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (wish.IdempotencyKey is not null && dryRun != true && await EarlierAsync(db, caller, wish.IdempotencyKey, ct) is { } earlier)
                return Again(earlier, wish);

            // Only now: whoever repeats a request that was heard is told what came of it, however old the proof is by then.
            if (wish.ProvedUntil <= clock.Now)
                return new RefusalResult(Refusal.Field("addressProof", AddressProofs.Worthless));
            await Reach.LockForStartAsync(db, caller, wish.ResourceIds, ct);
            var drafted = await StartDraft.MakeAsync(db, caller, wish, providers, overdue, clock.Now, ct);
            if (drafted.Refusal is { } no)
                return new RefusalResult(no);
            draft = drafted.Draft!;
            if (dryRun == true)
                return TypedResults.Ok(await draft.PreviewAsync(db, ct));

            write = SessionWrite.Start(db, draft.Session, clock.Now, caller.Actor);
            write.Audit(draft.Session, "SESSION_START", draft.AuditDetails());
            foreach (var claim in draft.Session.ResourceIps.Where(c => c.Status == ResourceIpStatus.Failed))
                write.Audit(claim, "RULE_APPLY_FAILED", "FAILURE");
            write.Complete();
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException) when (wish.IdempotencyKey is not null)
        {
            // The same request at the same moment, on another connection, came first: its session is the answer to both.
            db.ChangeTracker.Clear();
            await using var read = await db.BeginReadAsync(ct);
            if (await EarlierAsync(db, caller, wish.IdempotencyKey, ct) is not { } earlier)
                throw;
            return Again(earlier, wish);
        }

        EngineTrace.About(draft.Session.Id);
        engine.Wake(write.Wake);
        var row = await GetSession.FindAsync(db, caller, draft.Session.Id, ct);
        return TypedResults.Created($"/api/v1/sessions/{draft.Session.Id.Value}", row!.ToResponse(draft.NotOpened));
    }

    private static Results<Created<SessionResponse>, Ok<SessionResponse>, Ok<StartPreview>, RefusalResult> Again(SessionView.Row earlier, StartWish wish) =>
        earlier.Session.IdempotencyHash!.AsSpan().SequenceEqual(wish.Hash)
            ? TypedResults.Ok(earlier.ToResponse())
            : new RefusalResult(new Refusal(ErrorCodes.IdempotencyKeyReused, RefusalKind.Conflict,
                "This Idempotency-Key came with another request before; use a new one for a new session."));

    private static async Task<SessionView.Row?> EarlierAsync(EntryGuardDb db, Caller caller, string key, CancellationToken ct) =>
        await db.UserSessions.AsNoTracking().Where(s => s.UserId == caller.UserId && s.IdempotencyKey == key)
            .Select(SessionView.Projection).AsSplitQuery().SingleOrDefaultAsync(ct);

    private static (StartWish? Wish, Refusal? Refusal) Parse(StartSessionRequest request, string? idempotencyKey, Caller caller, AddressProofs proofs, SessionSettings settings)
    {
        var errors = new Dictionary<string, string>();
        var code = ErrorCodes.Validation;
        var (duration, field) = Duration(request, settings, errors, ref code);
        var v4 = Address("ipv4Address", request.Ipv4Address, 4, errors);
        var v6 = Address("ipv6Address", request.Ipv6Address, 6, errors);
        var proved = request.AddressProof is null ? null : proofs.Read(request.AddressProof);
        if (request.AddressProof is not null && proved is null)
            errors["addressProof"] = AddressProofs.Worthless;
        var ids = new List<ResourceId>();
        for (var i = 0; i < request.ResourceIds?.Count; i++)
        {
            if (Guid.TryParseExact(request.ResourceIds[i], "D", out var id))
                ids.Add(new ResourceId(id));
            else
                errors[$"resourceIds[{i}]"] = "is not an id; write one as GET /api/v1/resources shows it";
        }

        if (request.ResourceIds is { Count: 0 })
            errors["resourceIds"] = "is empty; leave it out to open everything assigned to you, or name at least one";
        if (request.Reason?.Length > LongestReason)
            errors["reason"] = $"is {request.Reason.Length} characters long; write at most {LongestReason}";
        if (idempotencyKey is { Length: 0 or > 255 })
            errors["Idempotency-Key"] = "must have 1 to 255 characters";
        if (errors.Count > 0)
            return (null, Refusal.Validation(errors, errors.Count == 1 ? code : ErrorCodes.Validation));

        var observed = caller.Observed(proved?.Address);
        if ((v4 ?? v6) is not null && !caller.MayNameAddress && new[] { v4, v6 }.OfType<Cidr>().Any(a => !observed.Contains(a)))
            return (null, new Refusal(ErrorCodes.AddressNotPermitted, RefusalKind.Forbidden,
                $"You may only open access for the address you come from, {string.Join(" and ", observed)}. An administrator can let you name another one."));
        if ((v4 ?? v6) is null)
            (v4, v6) = (Of(4), Of(6));
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request));
        return (new StartWish(duration, field, v4, v6, request.ResourceIds is null ? null : ids.Distinct().ToList(), request.Reason, idempotencyKey, hash, proved?.Until), null);

        Cidr? Of(int family) => observed.Where(a => a.IpVersion == family).Select(a => (Cidr?)a).FirstOrDefault();
    }

    // No field: none was given, and the server's own length is meant, or what the organization allows if that is less.
    private static (TimeSpan Duration, string? Field) Duration(StartSessionRequest request, SessionSettings settings, Dictionary<string, string> errors, ref string code)
    {
        var given = new (string Field, long? Seconds)[]
        {
            ("durationHours", request.DurationHours * 3600L), ("durationMinutes", request.DurationMinutes * 60L), ("durationSeconds", request.DurationSeconds),
        }.Where(d => d.Seconds is not null).ToList();
        if (given.Count > 1)
        {
            errors[given[1].Field] = $"is given beside {given[0].Field}; give one duration";
            return default;
        }

        var field = given.Count == 0 ? null : given[0].Field;
        var seconds = given.Count == 0 ? settings.DefaultMinutes * 60L : given[0].Seconds!.Value;
        if (seconds < settings.MinimumSeconds)
        {
            code = ErrorCodes.SessionTooShort;
            errors[field ?? "durationMinutes"] = $"is shorter than the shortest session, {settings.MinimumSeconds} s; ask for more";
        }

        return (TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue)), field);
    }

    private static Cidr? Address(string field, string? text, int family, Dictionary<string, string> errors)
    {
        if (text is null)
            return null;
        if (!Cidr.TryParse(text, out var cidr, out var fault))
            errors[field] = fault;
        else if (cidr.IpVersion != family)
            errors[field] = $"is an IPv{cidr.IpVersion} address; write it into ipv{cidr.IpVersion}Address";
        else
            return cidr;
        return null;
    }
}

/// <summary>A start request, read and checked as far as it can be without the database.</summary>
/// <param name="DurationField">Where the duration was given; null: nowhere, it is the server's default.</param>
/// <param name="ResourceIds">Null: everything assigned to the user.</param>
/// <param name="Hash">SHA-256 of the request, for its Idempotency-Key.</param>
/// <param name="ProvedUntil">So long its address proof holds; null: there is none.</param>
public sealed record StartWish(
    TimeSpan Duration, string? DurationField, Cidr? IPv4, Cidr? IPv6, IReadOnlyList<ResourceId>? ResourceIds, string? Reason, string? IdempotencyKey, byte[] Hash, DateTimeOffset? ProvedUntil = null)
{
    public IEnumerable<Cidr> Addresses => new[] { IPv4, IPv6 }.OfType<Cidr>();
}
