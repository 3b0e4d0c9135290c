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

/// <summary>
/// <c>PATCH /static-ip-rules/{id}</c>. Another address, or other Resources: new claims are made and the old ones ended in one transaction, and
/// what is the same before and after is not touched. Naming either also opens again what was closed by hand.
/// </summary>
public static class UpdateStaticRule
{
    private static Refusal Ended { get; } = new(ErrorCodes.StaticRuleEnded, RefusalKind.Invalid, "The static rule has ended; make a new one.");

    public static async Task<Results<Ok<StaticRuleResponse>, RefusalResult>> Handle(
        Guid id, UpdateStaticRuleRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, ProviderSet providers,
        OverdueClosings closings, IEngine engine, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(closings);
        var (edit, refusal) = Parse(request, clock.Now);
        if (edit is null)
            return new RefusalResult(refusal!);
        var ruleId = new SessionId(id);
        var overdue = await closings.SinceAsync(caller.Organization, caller.UserId, edit.Resources ?? [], ct);
        SessionWrite write;
        IReadOnlyList<NotOpened>? notOpened = null;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await LockAsync(db, caller, ruleId, edit, ct);
            write = await SessionWrite.LockAsync(db, [ruleId], clock.Now, caller.Actor, false, ct);
            if (!write.Sessions.TryGetValue(ruleId, out var rule) || rule.Kind != OwnerKind.StaticRule)
                return new RefusalResult(GetStaticRule.NotFound);
            if (ETags.Outdated(ifMatch, StaticRuleView.ETag(rule, rule.ResourceIps)) is { } outdated)
                return new RefusalResult(outdated);
            if (!rule.IsRunning || rule.ExpiresAt <= write.Now)
                return new RefusalResult(Ended);
            if (edit.Owner is { } owner && owner != rule.AnswersFor && await CreateStaticRule.OwnerFaultAsync(db, owner, ct) is { } nobody)
                return new RefusalResult(nobody);

            var changes = Changes(edit, rule);
            Apply(write, rule, edit);
            if (edit.Address is not null || edit.Resources is not null)
            {
                var (moved, fault) = await MoveAsync(db, write, rule, edit, providers, overdue, changes, ct);
                if (fault is not null)
                    return new RefusalResult(fault);
                notOpened = moved;
            }

            if (changes.Count > 0)
            {
                write.Audit(rule, "STATIC_IP_RULE_UPDATE", changes);
                write.Complete();
                await work.CommitAsync(ct);
            }
        }

        engine.Wake(write.Wake);
        await using var read = await db.BeginReadAsync(ct);
        return TypedResults.Ok((await GetStaticRule.ShowAsync(db, ruleId, response, notOpened, ct))!);
    }

    // What new claims rest on, before the owner. Another edit may name more Resources before the owner is locked: whoever takes one of those
    // away locks this owner as well, before us or after, so either we see it gone, or our claims are seen.
    private static async Task LockAsync(EntryGuardDb db, Caller caller, SessionId id, Edit edit, CancellationToken ct)
    {
        if (!db.IsShared || (edit.Address is null && edit.Resources is null))
            return;
        await db.ShareAsync(caller.Organization, ct);
        var named = edit.Resources ?? await db.ResourceIps.Where(c => c.SessionId == id).Select(c => c.ResourceId).Distinct().ToListAsync(ct);
        await db.ShareAsync(named, ct);
    }

    private static async Task<(IReadOnlyList<NotOpened>? NotOpened, Refusal? Refusal)> MoveAsync(
        EntryGuardDb db, SessionWrite write, Session rule, Edit edit, ProviderSet providers, IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue,
        Dictionary<string, object> changes, CancellationToken ct)
    {
        var named = rule.ResourceIps.Where(c => c.IsNamed && c.Resource!.DeletedAt is null).ToDictionary(c => c.ResourceId);
        var (reach, fault) = await RuleReach.FindAsync(db, [.. edit.Resources ?? [.. named.Keys]], named.Keys.ToHashSet(), rule.Address, providers, overdue, ct);
        if (reach is null)
            return (null, fault);
        var fresh = reach.Open.Where(r => named.GetValueOrDefault(r.Id) is not { Wanted: Wanted.Present } claim || claim.Address != rule.Address).ToList();
        if (await RuleReach.RoomFaultAsync(db, fresh, rule.Address, ct) is { } full)
            return (null, full);
        var stays = reach.Open.Concat(reach.Asleep).Select(r => r.Id).ToHashSet();
        var leaves = named.Keys.Where(resource => !stays.Contains(resource)).ToList();
        foreach (var resource in leaves)
            write.Leave(rule, resource);
        foreach (var resource in fresh)
            write.Claim(rule, resource);
        if (leaves.Count > 0)
            changes["left"] = leaves.Select(r => new { id = r.Value, name = named[r].Resource!.Name });
        if (fresh.Count > 0)
            changes["opened"] = fresh.Select(r => new { id = r.Id.Value, name = r.Name });
        return (reach.NotOpened, null);
    }

    private static Dictionary<string, object> Changes(Edit edit, Session rule)
    {
        var changes = new Dictionary<string, object>();
        if (edit.Label is { } label && label != rule.Label)
            changes["label"] = new { from = rule.Label, to = label };
        if (edit.Address is { } address && address != rule.Address)
            changes["ipAddress"] = new { from = rule.Address.ToString(), to = address.ToString() };
        if (edit.ExpiresAt is { } end && end != rule.ExpiresAt)
            changes["expiresAt"] = new { from = Shown(rule.ExpiresAt), to = Shown(end) };
        if (edit.ReviewAt is { } review && Shown(review) != rule.ReviewAt)
            changes["reviewAt"] = new { from = rule.ReviewAt, to = Shown(review) };
        if (edit.Owner is { } owner && owner != rule.AnswersFor)
            changes["ownerUserId"] = new { from = rule.AnswersFor?.Value, to = owner.Value };
        return changes;
    }

    private static void Apply(SessionWrite write, Session rule, Edit edit)
    {
        rule.Label = edit.Label ?? rule.Label;
        rule.AnswersFor = edit.Owner ?? rule.AnswersFor;
        if (edit.ReviewAt is { } review)
            rule.ReviewAt = Shown(review);
        if (edit.Address is { } address)
            (rule.IPv4, rule.IPv6) = address.IpVersion == 4 ? ((Cidr?)address, (Cidr?)null) : ((Cidr?)null, (Cidr?)address);
        if (edit.ExpiresAt is { } end && end != rule.ExpiresAt)
            write.MoveEnd(rule, end);
    }

    private static DateTimeOffset? Shown(DateTimeOffset date) => date < Session.Never ? date : null;

    private static (Edit? Edit, Refusal? Refusal) Parse(UpdateStaticRuleRequest request, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string>();
        var code = ErrorCodes.Validation;
        var label = request.Label is null ? null : RequestFields.Name("label", request.Label, errors);
        var address = RuleFields.Address(request.IpAddress, errors, ref code);
        var resources = RuleFields.Resources(request.ResourceIds, errors);
        var expiresAt = RuleFields.Date("expiresAt", request.ExpiresAt, now, errors);
        var reviewAt = RuleFields.Date("reviewAt", request.ReviewAt, now, errors);
        var owner = RequestFields.Id("ownerUserId", request.OwnerUserId, errors);
        return errors.Count > 0
            ? (null, Refusal.Validation(errors, errors.Count == 1 ? code : ErrorCodes.Validation))
            : (new Edit(label, address, resources, expiresAt, reviewAt, owner is { } id ? new UserId(id) : null), null);
    }

    // Null: stays as it is. A date that is taken away is Session.Never.
    private sealed record Edit(
        string? Label, Cidr? Address, IReadOnlyList<ResourceId>? Resources, DateTimeOffset? ExpiresAt, DateTimeOffset? ReviewAt, UserId? Owner);
}
