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

namespace EntryGuard.Server.Features.StaticRules;

/// <summary><c>POST /static-ip-rules</c>: one transaction makes the rule and its claims; then the engine is rung.</summary>
public static class CreateStaticRule
{
    internal static Refusal NoSuchOwner { get; } = new(ErrorCodes.UserNotFound, RefusalKind.NotFound, "There is no such user.")
    {
        Errors = new Dictionary<string, string> { ["ownerUserId"] = "names a user who does not exist" },
    };

    public static async Task<Results<Created<StaticRuleResponse>, Ok<StaticRuleResponse>, RefusalResult>> Handle(
        CreateStaticRuleRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, EntryGuardDb db, Caller caller, ProviderSet providers,
        OverdueClosings closings, IEngine engine, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(closings);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var (wish, refusal) = Parse(request, idempotencyKey, caller, clock.Now);
        if (wish is null)
            return new RefusalResult(refusal!);

        var overdue = await closings.SinceAsync(caller.Organization, caller.UserId, wish.Resources, ct);
        SessionWrite write;
        Session rule;
        IReadOnlyList<NotOpened> notOpened;
        await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            await db.ShareAsync(caller.Organization, ct);
            if (wish.IdempotencyKey is not null)
            {
                await db.LockAsync(caller.UserId, ct);   // the same request at the same moment waits here for the first
                if (await EarlierAsync(db, caller, wish.IdempotencyKey, ct) is { } earlier)
                    return await AgainAsync(db, earlier, wish, response, ct);
            }

            await db.ShareAsync(wish.Resources, ct);
            if (!await db.Organizations.AnyAsync(o => o.IsActive, ct))
                return new RefusalResult(new Refusal(ErrorCodes.Forbidden, RefusalKind.Forbidden, "The organization is deactivated."));
            if (await OwnerFaultAsync(db, wish.Owner, ct) is { } nobody)
                return new RefusalResult(nobody);
            var (reach, fault) = await RuleReach.FindAsync(db, wish.Resources, new HashSet<ResourceId>(), wish.Address, providers, overdue, ct);
            if (reach is null)
                return new RefusalResult(fault!);
            if (await RuleReach.RoomFaultAsync(db, reach.Open, wish.Address, ct) is { } full)
                return new RefusalResult(full);
            (rule, notOpened) = (Make(wish, caller, reach.Open, clock.Now), reach.NotOpened);
            write = SessionWrite.Start(db, rule, clock.Now, caller.Actor);
            write.Audit(rule, "STATIC_IP_RULE_CREATE", Details(rule));
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        await using var read = await db.BeginReadAsync(ct);
        return TypedResults.Created($"/api/v1/static-ip-rules/{rule.Id.Value}", await GetStaticRule.ShowAsync(db, rule.Id, response, notOpened, ct));
    }

    /// <summary>Null if this user may answer for a rule.</summary>
    internal static async Task<Refusal?> OwnerFaultAsync(EntryGuardDb db, UserId id, CancellationToken ct)
    {
        var isActive = await db.Users.Where(u => u.Id == id).Select(u => (bool?)u.IsActive).SingleOrDefaultAsync(ct);
        return isActive switch
        {
            null => NoSuchOwner,
            false => Refusal.Field("ownerUserId", "names a user who is deactivated; somebody who is there must answer for the rule"),
            true => null,
        };
    }

    private static Session Make(Wish wish, Caller caller, IReadOnlyList<Resource> resources, DateTimeOffset now)
    {
        var rule = new Session
        {
            Id = new SessionId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            Kind = OwnerKind.StaticRule,
            Status = SessionStatus.Pending,
            IPv4 = wish.Address.IpVersion == 4 ? wish.Address : null,
            IPv6 = wish.Address.IpVersion == 6 ? wish.Address : null,
            Label = wish.Label,
            AnswersFor = wish.Owner,
            ReviewAt = wish.ReviewAt,
            CreatedByEmail = caller.Email,
            StartedAt = now,
            ExpiresAt = wish.ExpiresAt,
            IdempotencyKey = wish.IdempotencyKey,
            IdempotencyHash = wish.IdempotencyKey is null ? null : wish.Hash,
            ChangedAt = now,
        };
        rule.ResourceIps.AddRange(resources.Select(r => ResourceIp.Born(rule, r, wish.Address, Grant.Static, wish.ExpiresAt, wish.ExpiresAt, now)));
        return rule;
    }

    private static object Details(Session rule) => new
    {
        ipAddress = rule.Address.ToString(),
        resources = rule.ResourceIps.Select(c => new { id = c.ResourceId.Value, name = c.Resource!.Name }),
        expiresAt = rule.ExpiresAt < Session.Never ? rule.ExpiresAt : (DateTimeOffset?)null,
        reviewAt = rule.ReviewAt,
        ownerUserId = rule.AnswersFor?.Value,
    };

    private static Task<Session?> EarlierAsync(EntryGuardDb db, Caller caller, string key, CancellationToken ct) =>
        db.StaticRules.AsNoTracking().SingleOrDefaultAsync(s => s.CreatedByEmail == caller.Email && s.IdempotencyKey == key, ct);

    private static async Task<Results<Created<StaticRuleResponse>, Ok<StaticRuleResponse>, RefusalResult>> AgainAsync(
        EntryGuardDb db, Session earlier, Wish wish, HttpResponse response, CancellationToken ct) =>
        earlier.IdempotencyHash!.AsSpan().SequenceEqual(wish.Hash)
            ? TypedResults.Ok(await GetStaticRule.ShowAsync(db, earlier.Id, response, null, ct))
            : new RefusalResult(new Refusal(ErrorCodes.IdempotencyKeyReused, RefusalKind.Conflict,
                "This Idempotency-Key came with another request before; use a new one for a new static rule."));

    private static (Wish? Wish, Refusal? Refusal) Parse(CreateStaticRuleRequest request, string? idempotencyKey, Caller caller, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string>();
        var code = ErrorCodes.Validation;
        var label = RequestFields.Name("label", request.Label, errors);
        if (request.IpAddress is null)
            errors["ipAddress"] = "is missing; write an address or range such as 203.0.113.7 or 2001:db8::/64";
        if (request.ResourceIds is null)
            errors["resourceIds"] = "is missing; name at least one Resource";
        var address = RuleFields.Address(request.IpAddress, errors, ref code);
        var resources = RuleFields.Resources(request.ResourceIds, errors);
        var expiresAt = RuleFields.Date("expiresAt", request.ExpiresAt, now, errors) ?? Session.Never;
        var reviewAt = RuleFields.Date("reviewAt", request.ReviewAt, now, errors);
        var owner = RequestFields.Id("ownerUserId", request.OwnerUserId, errors);
        if (idempotencyKey is { Length: 0 or > 255 })
            errors["Idempotency-Key"] = "must have 1 to 255 characters";
        if (errors.Count > 0)
            return (null, Refusal.Validation(errors, errors.Count == 1 ? code : ErrorCodes.Validation));
        return (new Wish(label, address!.Value, resources!, expiresAt, reviewAt < Session.Never ? reviewAt : null,
            owner is { } id ? new UserId(id) : caller.UserId, idempotencyKey, SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request))), null);
    }

    private sealed record Wish(
        string Label, Cidr Address, IReadOnlyList<ResourceId> Resources, DateTimeOffset ExpiresAt, DateTimeOffset? ReviewAt, UserId Owner, string? IdempotencyKey,
        byte[] Hash);
}
