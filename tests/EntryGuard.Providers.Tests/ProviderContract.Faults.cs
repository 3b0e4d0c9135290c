using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Tests;

/// <summary>What a provider owes the engine when things go wrong, and to those whose entries stand beside ours.</summary>
public abstract partial class ProviderContract
{
    [Fact]
    public async Task What_others_made_is_byte_for_byte_the_same_after_every_operation()
    {
        if (await harness.RawEntriesAsync() is not { } born)
        {
            Capabilities.IsOursAlone.ShouldBeTrue();
            return;
        }

        foreach (var address in new[] { Bob, "127.0.0.0/24", "127.0.0.13" })
            harness.AddForeign(address);
        var before = (await harness.RawEntriesAsync())!;
        before.Count.ShouldBe(born.Count + 3);
        var theirs = (await ListAsync()).Single(r => r.Rule.Address.ToString() == Bob);
        Func<Task>[] operations =
        [
            () => AddAsync(Ann), () => AddAsync(Bob), () => AddAsync(Ann), () => ListAsync(), () => RemoveAsync(Bob, entries: new RuleEntry(theirs.Id, theirs.Rule.Scope)),
            () => Provider.ApplyAsync(harness.Context(), new RuleChanges([Removal(Ann), Removal("127.0.0.13")], [Addition("127.0.0.14"), Addition("127.0.0.0/24")]), Ct),
            () => RemoveAsync("127.0.0.0/24"), () => Provider.VerifyAsync(harness.Context(), Ct), () => RemoveAsync("127.0.0.14"),
        ];
        foreach (var operation in operations)
        {
            await operation();
            var now = (await harness.RawEntriesAsync())!;
            now.Where(e => before.ContainsKey(e.Key)).ShouldBe(before, ignoreOrder: true);
        }

        (await harness.RawEntriesAsync())!.Count.ShouldBe(born.Count + 3);
    }

    [Fact]
    public async Task A_batch_beyond_the_limit_is_never_done_by_half()
    {
        var all = Enumerable.Range(0, Capabilities.BatchSize + 1).Select(i => $"127.{1 + (i / 65536)}.{i / 256 % 256}.{i % 256}").ToList();
        var added = await Provider.ApplyAsync(harness.Context(), new RuleChanges([], [.. all.Select(a => Addition(a))]), Ct);
        if (added.RefusedWhole is { } refused)
        {
            refused.IsPermanent.ShouldBeTrue();   // so that the engine halves it
            (await ListAsync()).ShouldBeEmpty();
            return;
        }

        added.Additions.ShouldAllBe(o => o is RuleOutcome.Applied);
        (await ListAsync()).Count.ShouldBe(all.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E16_One_poisoned_item_keeps_nothing_else_from_being_done(bool alsoRemoves)
    {
        await AddAsync("127.0.0.15");
        if (harness.Poison() is not { } poison)
        {
            Capabilities.IsOursAlone.ShouldBeTrue();
            return;
        }

        var good = Enumerable.Range(20, 9).Select(i => $"127.0.0.{i}").ToList();
        var (refused, left) = (new List<string>(), good.Take(4).Append(poison).Concat(good.Skip(4)).ToList());
        var removals = alsoRemoves ? new List<RuleRemoval> { Removal("127.0.0.15") } : [];
        for (var pass = 0; pass < 2 && left.Count > 0; pass++)
        {
            left = await PassAsync(removals, left, refused);
            removals = [];
        }

        left.ShouldBeEmpty();
        refused.ShouldBe([poison]);
        foreach (var address in good)
            (await harness.LetsInAsync(address)).ShouldBeTrue(address);
        (await harness.LetsInAsync("127.0.0.15")).ShouldBe(!alsoRemoves);
    }

    [Theory]
    [InlineData(CallFault.Throttled, null)]
    [InlineData(CallFault.ThrottledFor17Seconds, 17)]
    public async Task A_throttled_call_is_not_done_and_says_how_long_to_wait_if_it_knows(CallFault kind, int? seconds)
    {
        if (!Meets(kind))
            return;
        var fault = FaultOf(await OpenAsync(Ann));
        (fault.IsPermanent, fault.RetryAfter, fault.IsCredentialFault).ShouldBe((false, seconds is { } s ? TimeSpan.FromSeconds(s) : null, false));
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
    }

    [Fact]
    public async Task A_call_that_found_nobody_is_known_not_to_have_been_done()
    {
        if (!Meets(CallFault.Refused))
            return;
        var fault = FaultOf(await OpenAsync(Ann));
        (fault.IsPermanent, fault.IsConnectionFault).ShouldBe((false, true));
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
    }

    [Theory]
    [InlineData(CallFault.LostBefore)]
    [InlineData(CallFault.Unavailable)]
    [InlineData(CallFault.Garbage)]
    public async Task E13_What_was_not_done_is_never_said_to_be(CallFault kind)
    {
        if (!Meets(kind))
            return;
        var outcome = (await OpenAsync(Ann)).Additions.Single();
        (outcome is RuleOutcome.Unknown or RuleOutcome.Failed { Fault.IsPermanent: false }).ShouldBeTrue(outcome.ToString());
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
        harness.Next(kind).ShouldBeTrue();
        outcome = await RemoveAsync(Ann);
        (outcome is RuleOutcome.Unknown or RuleOutcome.Failed { Fault.IsPermanent: false }).ShouldBeTrue(outcome.ToString());
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Removed>();
    }

    [Fact]
    public async Task E13_A_change_whose_answer_was_lost_is_unknown_and_reads_back_once()
    {
        if (!Meets(CallFault.LostAfter))
            return;
        (await OpenAsync(Ann)).Additions.Single().ShouldBeOfType<RuleOutcome.Unknown>();
        (await ListAsync()).ShouldHaveSingleItem().Mark.ShouldBe(Mark(Ann));
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        (await ListAsync()).Count.ShouldBe(1);
        harness.Next(CallFault.LostAfter).ShouldBeTrue();
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Unknown>();
        (await ListAsync()).ShouldBeEmpty();
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
    }

    [Fact]
    public async Task A_call_given_up_after_it_was_sent_may_have_been_carried_out()
    {
        if (!Meets(CallFault.Hang))
            return;
        using var giveUp = new CancellationTokenSource();
        var call = Provider.ApplyAsync(harness.Context(), new RuleChanges([], [Addition(Ann)]), giveUp.Token);
        await harness.HangingAsync();
        await giveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>();
    }

    private static RuleFault FaultOf(ApplyResult result) =>
        result.RefusedWhole ?? result.Additions.ShouldHaveSingleItem().ShouldBeOfType<RuleOutcome.Failed>().Fault;

    private Task<ApplyResult> OpenAsync(string address) => Provider.ApplyAsync(harness.Context(), new RuleChanges([], [Addition(address)]), Ct);

    // What is in our own process has no connection that could fail.
    private bool Meets(CallFault fault)
    {
        if (harness.Next(fault))
            return true;
        (Capabilities.IsOursAlone || Capabilities.DiesWithProcess).ShouldBeTrue();
        return false;
    }

    // One pass as the engine makes it: what is refused whole is halved; who is left is due again.
    private async Task<List<string>> PassAsync(List<RuleRemoval> removals, List<string> addresses, List<string> refused)
    {
        var result = await Provider.ApplyAsync(harness.Context(), new RuleChanges(removals, [.. addresses.Select(a => Addition(a))]), Ct);
        if (result.RefusedWhole is { } whole)
        {
            whole.IsPermanent.ShouldBeTrue();
            if (removals.Count + addresses.Count == 1)
            {
                refused.AddRange(addresses);
                return [];
            }

            var half = (addresses.Count + removals.Count + 1) / 2;
            var first = await PassAsync(removals, [.. addresses.Take(half - removals.Count)], refused);
            return [.. first, .. await PassAsync([], [.. addresses.Skip(half - removals.Count)], refused)];
        }

        result.Removals.ShouldAllBe(o => o is RuleOutcome.Removed);
        refused.AddRange(addresses.Where((_, i) => result.Additions[i] is RuleOutcome.Rejected));
        return [.. addresses.Where((_, i) => result.Additions[i] is RuleOutcome.Failed { Fault.IsPermanent: false })];
    }
}
