using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Retry;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>Writes what one call meant for one claim (E03, E04, E06, E07, E09, E13, E14).</summary>
internal sealed class OutcomeRecord(
    SessionWrite write, ResourceIp claim, ClaimOutcome outcome, Attempt attempt, ProviderCapabilities capabilities, DateTimeOffset? provableFrom)
{
    private const int QuickLooks = 3;

    // There was no call: none is counted, and the next goes out soon. A closing for ever (E05), an opening not (E03).
    private bool IsUnsent => outcome.Fault is { IsUnsent: true }
        && (outcome.Closing || write.Now - (claim.FirstAttemptAt ?? attempt.StartedAt) <= Backoff.FreeOpening);

    private DateTimeOffset NextLook => provableFrom > write.Now + capabilities.ReadDelay ? provableFrom.Value : write.Now + capabilities.ReadDelay;

    /// <summary>The call was to open it, or to move the end that the provider holds.</summary>
    /// <param name="proof">The provider's word is enough.</param>
    public void Opening(bool proof)
    {
        if (outcome.Fault is { } fault)
            (claim.ErrorCode, claim.ErrorMessage) = (fault.Code, fault.Message);
        CountOnlyCalls();
        if (claim.Wanted == Wanted.Absent)
            EndedMeanwhile();
        else if (claim.Status == ResourceIpStatus.Applied)
            Prolonged(proof && !(provableFrom > attempt.StartedAt));   // an unanswered call may still move it
        else if (outcome.IsUnknown)
            Await(NextLook);
        else if (!outcome.IsDone)
            NotDone();
        else if (!proof)
            Await(NextLook, null);
        else
            Opened();
    }

    /// <summary>The call was to close it.</summary>
    /// <param name="proven">A success is proof that its rules are gone.</param>
    /// <param name="blind">The list that was needed could not be made; null if it could, or none was needed.</param>
    /// <param name="waitsForOthers">Some of its rules were left for claims that are not open yet.</param>
    /// <param name="heirs">APPLIED claims that keep some of its rules.</param>
    public void Closing(bool proven, RuleFault? blind, bool waitsForOthers, IReadOnlyList<ResourceIp> heirs)
    {
        CountOnlyCalls();
        if (outcome.IsDone && !waitsForOthers && proven)
        {
            Gone(heirs);
            return;
        }

        if (outcome.IsDone && waitsForOthers)
        {
            claim.NextAttemptAt = write.Now + TimeSpan.FromSeconds(5);
            return;
        }

        // A few looks soon after it; but a call's own read delay is no reason to look again for ever, only one that went without an answer is.
        var isQuietTime = provableFrom > write.Now + capabilities.ReadDelay;
        if (outcome.IsDone && (blind is null || isQuietTime) && (claim.Attempts <= (capabilities.SuccessIsProof ? 1 : QuickLooks) || isQuietTime))
        {
            (claim.AwaitsList, claim.NextAttemptAt) = (true, NextLook);
            return;
        }

        // Done, they say, and yet it stood at the last look: from now on by the schedule.
        var fault = outcome.Fault ?? blind ?? new RuleFault("STILL_THERE", "The provider said the rule is gone, but no list has confirmed it.", false);
        claim.AwaitsList |= outcome.IsDone;
        (claim.ErrorCode, claim.ErrorMessage) = (fault.Code, fault.Message);
        if (outcome.IsUnknown && !claim.AwaitsList)
        {
            // Not a failure yet. Looked at, and sent again if need be, a second later; only the list at the end of the quiet time is proof.
            write.Move(claim, RuleEvent.NoAnswer);
            (claim.AwaitsList, claim.NextAttemptAt) = (true, write.Now + Backoff.QuickRetry);
            write.Audit(claim, "RULE_REMOVE_RETRY", "FAILURE");
            return;
        }

        var (next, overdue) = Backoff.NextClosing(
            claim.FirstAttemptAt ?? attempt.StartedAt, claim.Attempts, attempt.StartedAt, fault.IsConnectionFault, fault.RetryAfter, write.Now,
            Jitter(claim));
        if (IsUnsent)
            next = write.Now + Backoff.QuickRetry;   // whether it is overdue is a matter of time alone
        claim.NextAttemptAt = outcome.IsUnknown && NextLook < next ? NextLook : next;   // the look that proves need not wait for the next try
        claim.AwaitsList |= outcome.IsUnknown;
        var wasOverdue = claim.State.IsOverdue;
        write.Move(claim, overdue || fault.IsPermanent || (claim is { AwaitsList: true, Attempts: > 2 } && fault.Code != "STILL_THERE") ? RuleEvent.GaveUp : RuleEvent.StillThere);
        if (wasOverdue || !claim.State.IsOverdue)
            write.Audit(claim, "RULE_REMOVE_RETRY", "FAILURE");
    }

    // It was counted when it began.
    private void CountOnlyCalls() => claim.Attempts = Math.Max(0, claim.Attempts - (IsUnsent ? 1 : 0));

    // E07: an opening that succeeds after the end keeps its entries (written already). One that definitely made nothing needs no closing.
    private void EndedMeanwhile()
    {
        if (outcome.IsUnknown)
        {
            (claim.AwaitsList, claim.NextAttemptAt) = (true, write.Now);
        }
        else if (!outcome.IsDone && !outcome.MadeAny && !attempt.MayHaveStood.Contains(claim.Id) && provableFrom is null)
        {
            write.Move(claim, RuleEvent.SeenGone);
            write.Audit(claim, "RULE_REMOVED");
        }
        else
        {
            claim.NextAttemptAt = write.Now;
        }
    }

    private void Prolonged(bool proof)
    {
        var movedMeanwhile = claim.NextAttemptAt > attempt.StartedAt;
        if (!outcome.IsDone)
        {
            if (outcome.IsUnknown || outcome.MadeAny)
                claim.HeldUntil = null;
            var attempts = claim.Attempts;
            if (capabilities.DiesWithProcess && write.Move(claim, RuleEvent.Lost))
                write.Audit(claim, "RULE_LOST", "FAILURE");   // what this process cannot hold does not stand: say so, and go on trying
            claim.NextAttemptAt = IsUnsent ? write.Now + Backoff.QuickRetry : Backoff.NextReadBack(attempts, attempt.StartedAt, outcome.Fault?.RetryAfter, write.Now);
        }
        else if (proof)
        {
            claim.HeldUntil = outcome.Until;
            claim.Rest();
        }
        else
        {
            claim.HeldUntil = null;
            claim.AwaitsList = !movedMeanwhile;
            claim.NextAttemptAt = claim.Attempts <= 1 || NextLook > Backoff.NextReadBack(claim.Attempts, attempt.StartedAt, null, write.Now)
                ? NextLook
                : Backoff.NextReadBack(claim.Attempts, attempt.StartedAt, null, write.Now);
        }

        if (movedMeanwhile)
            claim.NextAttemptAt = write.Now;
    }

    private void Opened()
    {
        claim.HeldUntil = capabilities.HoldsEndTime ? outcome.Until : null;
        write.Move(claim, RuleEvent.SeenPresent);
        if (claim.HeldUntil < claim.EndsAt)
            claim.NextAttemptAt = write.Now;   // it was extended while the call was out
    }

    private void Await(DateTimeOffset at, string? code = "NO_ANSWER")
    {
        (claim.AwaitsList, claim.NextAttemptAt) = (true, at);
        write.Move(claim, RuleEvent.NoAnswer);
        if (code is not null)
            write.Audit(claim, "RULE_APPLY_RETRY", "FAILURE");
    }

    private void NotDone()
    {
        var fault = outcome.Fault!;
        var stands = outcome.MadeAny || attempt.MayHaveStood.Contains(claim.Id);
        var next = fault.IsPermanent ? null : IsUnsent ? write.Now + Backoff.QuickRetry : Backoff.NextOpening(claim.Attempts, attempt.StartedAt, fault.RetryAfter, write.Now);
        if (next is null)
        {
            write.Move(claim, stands ? RuleEvent.MustUndo : RuleEvent.GaveUp);
            return;
        }

        claim.NextAttemptAt = next;
        write.Move(claim, stands ? RuleEvent.HalfMade : RuleEvent.NotMade);
        write.Audit(claim, "RULE_APPLY_RETRY", "FAILURE");
    }

    private void Gone(IReadOnlyList<ResourceIp> heirs)
    {
        var kept = heirs.Where(h => h.State.IsLive && h.Status == ResourceIpStatus.Applied).ToList();
        foreach (var heir in kept)
            AllowListLedger.Inherit(write, heir, claim.Entries);
        write.Move(claim, kept.Count > 0 ? RuleEvent.Kept : RuleEvent.SeenGone);
        write.Audit(claim, "RULE_REMOVED");
        if (kept.Count > 0)
            write.Audit(claim, "RULE_KEPT");
    }

    // Spreads the slow tries of many claims; the same claim keeps its place.
    private static double Jitter(ResourceIp claim) => (claim.Id.Value.GetHashCode() & 0xFFFF) / 65536.0;
}
