using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Tests;

/// <summary>
/// What every provider owes the engine. A subclass names its harness and adds what is true of its kind alone. The addresses are loopback
/// ones, so that a provider that is a real door can be knocked at from each of them.
/// </summary>
public abstract partial class ProviderContract : IAsyncLifetime
{
    private const string Ann = "127.0.0.11";
    private const string Bob = "127.0.0.12";
    private static readonly DateTimeOffset Evening = new(2090, 6, 1, 20, 0, 0, TimeSpan.Zero);
    private ProviderHarness harness = null!;

    protected abstract ProviderHarness NewHarness();

    protected ProviderHarness Harness => harness;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IResourceProvider Provider => harness.Provider;

    private ProviderCapabilities Capabilities => Provider.Capabilities;

    public async ValueTask InitializeAsync()
    {
        harness = NewHarness();
        await harness.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_added_lets_in_and_reads_back_with_scope_mark_and_end()
    {
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>().Entry.Scope.ShouldBe(ScopeOf());
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await harness.LetsInAsync(Bob)).ShouldBeFalse();
        var rule = (await ListAsync()).ShouldHaveSingleItem();
        (rule.Rule, rule.Mark).ShouldBe((Rule(Ann), Mark(Ann)));
        rule.Until.ShouldBe(Capabilities.HoldsEndTime ? Evening : rule.Until);
    }

    [Fact]
    public async Task Adding_what_stands_is_a_success_and_makes_no_second_entry()
    {
        var made = (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>().Entry;
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>().Entry.ShouldBe(made);
        (await ListAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Removing_what_is_not_there_is_a_success()
    {
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        await AddAsync(Ann);
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Removed>();
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
    }

    [Fact]
    public async Task E07_A_rule_is_removed_by_its_mark_and_address_though_no_entry_was_recorded()
    {
        await AddAsync(Ann);
        await AddAsync(Bob);
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Removed>();
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await ListAsync()).ShouldHaveSingleItem().Rule.ShouldBe(Rule(Bob));
    }

    [Fact]
    public async Task E07_A_recorded_entry_is_removed_with_its_rule()
    {
        var entry = ((RuleOutcome.Applied)await AddAsync(Ann)).Entry;
        (await RemoveAsync(Ann, entries: entry)).ShouldBeOfType<RuleOutcome.Removed>();
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task E07_Another_mark_at_the_same_address_removes_nothing()
    {
        var entry = ((RuleOutcome.Applied)await AddAsync(Ann)).Entry;
        (await RemoveAsync(Ann, "eg:other000:aaaaaaaaaa", entry)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_last_entry_can_be_removed_and_then_nobody_is_let_in()
    {
        await AddAsync(Ann);
        await RemoveAsync(Ann);
        (await ListAsync()).ShouldBeEmpty();
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await harness.LetsInAsync(Bob)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_address_is_one_rule_however_it_is_written()
    {
        await AddAsync(Ann);
        (await AddAsync($"::ffff:{Ann}")).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        (await AddAsync($"{Ann}/32")).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        var listed = (await ListAsync()).ShouldHaveSingleItem().Rule.Address;
        listed.ToString().ShouldBe(Ann);
        (await RemoveAsync($"::ffff:{Ann}")).ShouldBeOfType<RuleOutcome.Removed>();
    }

    [Fact]
    public async Task A_range_and_an_address_in_it_are_two_rules_and_either_may_go_first()
    {
        await AddAsync("127.0.0.0/24");
        await AddAsync(Ann);
        (await ListAsync()).Count.ShouldBe(2);
        await RemoveAsync(Ann);
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        await AddAsync(Ann);
        await RemoveAsync("127.0.0.0/24");
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await harness.LetsInAsync(Bob)).ShouldBeFalse();
        await RemoveAsync(Ann);
        (await harness.LetsInAsync(Ann)).ShouldBeFalse();
    }

    [Fact]
    public async Task IPv6_is_let_in_listed_and_shut_out_like_IPv4()
    {
        Capabilities.IPv6.ShouldBeTrue();
        (await AddAsync("::1")).ShouldBeOfType<RuleOutcome.Applied>();
        (await harness.LetsInAsync("::1")).ShouldBeTrue();
        (await ListAsync(6)).ShouldHaveSingleItem().Rule.Address.ShouldBe(Cidr.Parse("::1"));
        (await AddAsync("0:0:0:0:0:0:0:1")).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        await RemoveAsync("::1");
        (await harness.LetsInAsync("::1")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_others_made_is_listed_as_theirs_and_never_touched()
    {
        if (Capabilities.IsOursAlone)
        {
            // Nobody else can have an entry there, so every one that is listed must be ours.
            Should.Throw<NotSupportedException>(() => harness.AddForeign(Bob));
            await AddAsync(Ann);
            (await ListAsync()).ShouldAllBe(r => r.Mark == Mark(Ann));
            return;
        }

        harness.AddForeign(Bob);
        await AddAsync(Ann);
        var foreign = (await ListAsync()).Single(r => r.Rule.Address == Cidr.Parse(Bob));
        foreign.Mark.ShouldNotBe(Mark(Bob));
        await RemoveAsync(Ann);
        (await RemoveAsync(Bob, entries: new RuleEntry(foreign.Id, foreign.Rule.Scope))).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        (await harness.LetsInAsync(Bob)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_rule_of_somebody_else_for_the_same_address_satisfies_and_survives()
    {
        if (Capabilities.IsOursAlone)
        {
            (await AddAsync(Ann)).ShouldNotBeOfType<RuleOutcome.SatisfiedByForeign>();
            return;
        }

        harness.AddForeign(Ann);
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.SatisfiedByForeign>();
        (await ListAsync()).Count.ShouldBe(1);
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_full_list_refuses_for_good_and_keeps_what_it_has()
    {
        if (!harness.LimitTo(1))
        {
            // Without a limit no list may claim one, and many entries must do.
            await Task.WhenAll(Enumerable.Range(1, 200).Select(i => AddAsync($"127.0.3.{i}")));
            (await SnapshotAsync()).Quotas.ShouldBeEmpty();
            (await ListAsync()).Count.ShouldBe(200);
            return;
        }

        await AddAsync(Ann);
        var fault = (await AddAsync(Bob)).ShouldBeOfType<RuleOutcome.Rejected>().Fault;
        fault.IsPermanent.ShouldBeTrue();
        fault.Code.ShouldBe("QUOTA");
        (await SnapshotAsync()).Quotas.Where(q => q.Counts(4)).ShouldAllBe(q => q.Free == 0);
        (await harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        await RemoveAsync(Ann);
        (await AddAsync(Bob)).ShouldBeOfType<RuleOutcome.Applied>();
    }

    [Fact]
    public async Task A_batch_answers_item_by_item_in_order_and_removes_first()
    {
        await AddAsync(Ann);
        var result = await Provider.ApplyAsync(
            harness.Context(), new RuleChanges([Removal(Bob), Removal(Ann)], [Addition(Ann), Addition(Bob), Addition(Bob)]), Ct);
        result.RefusedWhole.ShouldBeNull();
        result.Removals.Select(o => o.GetType().Name).ShouldBe(["AlreadyGone", "Removed"]);
        result.Additions.Select(o => o.GetType().Name).ShouldBe(["Applied", "Applied", "AlreadyThere"]);
        (await ListAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_largest_batch_is_carried_out_whole()
    {
        var all = Enumerable.Range(0, Capabilities.BatchSize).Select(i => $"127.{1 + (i / 65536)}.{i / 256 % 256}.{i % 256}").ToList();
        var added = await Provider.ApplyAsync(harness.Context(), new RuleChanges([], [.. all.Select(a => Addition(a))]), Ct);
        added.Additions.ShouldAllBe(o => o is RuleOutcome.Applied);
        (await ListAsync()).Count.ShouldBe(all.Count);
        var removed = await Provider.ApplyAsync(harness.Context(), new RuleChanges([.. all.Select(a => Removal(a))], []), Ct);
        removed.Removals.ShouldAllBe(o => o is RuleOutcome.Removed);
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_writers_at_once_leave_each_rule_once()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => AddAsync($"127.0.0.{20 + (i % 10)}"), Ct)));
        outcomes.Count(o => o is RuleOutcome.Applied).ShouldBeGreaterThanOrEqualTo(10);
        outcomes.ShouldAllBe(o => o is RuleOutcome.Applied || o is RuleOutcome.AlreadyThere);
        (await ListAsync()).Select(r => r.Rule.Address).Order().ShouldBe(Enumerable.Range(20, 10).Select(i => Cidr.Parse($"127.0.0.{i}")));
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => RemoveAsync($"127.0.0.{20 + (i % 10)}"), Ct)));
        (await ListAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("abcdefgh")]
    [InlineData("22222222")]
    [InlineData("z7z7z7z7")]
    public async Task The_owner_mark_survives_whole(string installation)
    {
        var mark = Rule(Ann).OwnerMark(installation, Key());
        mark.Length.ShouldBe(22);
        mark.ShouldMatch("^eg:[a-z2-7]{8}:[a-z2-7]{10}$");
        await AddAsync(Ann, mark: mark);
        (await ListAsync()).ShouldHaveSingleItem().Mark.ShouldBe(mark);
    }

    [Fact]
    public async Task E06_An_end_that_moves_is_moved_at_the_provider_where_it_holds_one()
    {
        await AddAsync(Ann);
        (await AddAsync(Ann, Evening.AddHours(2))).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        var later = (await ListAsync()).ShouldHaveSingleItem();
        (await AddAsync(Ann, Evening.AddHours(1))).ShouldBeOfType<RuleOutcome.AlreadyThere>();
        var sooner = (await ListAsync()).ShouldHaveSingleItem();
        if (Capabilities.HoldsEndTime)
            (later.Until, sooner.Until).ShouldBe((Evening.AddHours(2), Evening.AddHours(1)));
        (later.Rule, later.Mark, later.Id).ShouldBe((sooner.Rule, sooner.Mark, sooner.Id));
    }

    [Fact]
    public async Task A_call_cancelled_before_it_was_sent_does_nothing_and_can_be_made_again()
    {
        await AddAsync(Bob);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var changes = new RuleChanges([Removal(Bob)], [Addition(Ann)]);
        await Should.ThrowAsync<OperationCanceledException>(() => Provider.ApplyAsync(harness.Context(), changes, cancelled.Token));
        (await ListAsync()).ShouldHaveSingleItem().Rule.ShouldBe(Rule(Bob));
        var again = await Provider.ApplyAsync(harness.Context(), changes, Ct);
        (again.Removals.Single(), again.Additions.Single()).ShouldSatisfyAllConditions(
            o => o.Item1.ShouldBeOfType<RuleOutcome.Removed>(), o => o.Item2.ShouldBeOfType<RuleOutcome.Applied>());
    }

    [Fact]
    public async Task Verification_says_who_we_are_and_changes_nothing()
    {
        await AddAsync(Ann);
        var before = await ListAsync();
        var report = await Provider.VerifyAsync(harness.Context(), Ct);
        report.IsValid.ShouldBeTrue(report.Message);
        report.Identity.ShouldNotBeNullOrEmpty();
        (await Provider.VerifyAsync(harness.Context(), Ct)).Identity.ShouldBe(report.Identity);
        (await ListAsync()).ShouldBe(before);
        (await harness.LetsInAsync(Bob)).ShouldBeFalse();
    }

    [Fact]
    public async Task The_list_equals_what_was_applied_whatever_the_order()
    {
        var random = new Random(11);
        var expected = new HashSet<RuleKey>();
        for (var call = 0; call < 60; call++)
        {
            var some = Enumerable.Range(30, 12).Where(_ => random.Next(4) == 0).Select(i => $"127.0.0.{i}").ToList();
            var (gone, come) = (some.Where(_ => random.Next(2) == 0).ToList(), some.Where(_ => random.Next(2) == 0).ToList());
            await Provider.ApplyAsync(harness.Context(), new RuleChanges([.. gone.Select(a => Removal(a))], [.. come.Select(a => Addition(a))]), Ct);
            expected.ExceptWith(gone.Select(Rule));
            expected.UnionWith(come.Select(Rule));
            (await ListAsync()).Select(r => r.Rule).ShouldBe(expected, ignoreOrder: true);
        }
    }

    [Fact]
    public async Task Work_on_one_allow_list_has_one_key_whoever_asks()
    {
        var report = await Provider.VerifyAsync(harness.Context(), Ct);
        var (one, other) = (harness.Context().Config, harness.Context().Config);
        Provider.KeysOf(one, report.Identity!).ShouldBe(Provider.KeysOf(other, report.Identity!));
        Provider.KeysOf(one, report.Identity!).Serialization.Value.ShouldContain(one.Identifier);
    }

    [Fact]
    public void A_configuration_is_refused_with_every_wrong_field_at_once()
    {
        harness.Refused.ShouldNotBeEmpty();
        foreach (var (identifier, settings, fields) in harness.Refused)
        {
            using var json = JsonDocument.Parse(settings);
            var reading = Provider.Read(new ResourceConfig(identifier, null, json.RootElement));
            reading.Errors.Keys.ShouldBe(fields, ignoreOrder: true, settings);
            reading.Errors.Values.ShouldAllBe(words => words.Length > 10);
            (reading.IsGood, reading.Scopes.Length).ShouldBe((false, 0));
        }
    }

    [Fact]
    public void No_secret_is_in_the_text_of_a_context() =>
        (harness.Context() with { Credential = new ProviderCredential(default, "TOKEN", "hunter2-token", "hunter2-external") }).ToString().ShouldNotContain("hunter2");

    protected Task<RuleOutcome> AddAsync(string address, DateTimeOffset? until = null, string? mark = null) =>
        FirstAsync(address, new RuleChanges([], [Addition(address, until, mark)]));

    protected Task<RuleOutcome> RemoveAsync(string address, string? mark = null, params RuleEntry[] entries) =>
        FirstAsync(address, new RuleChanges([new RuleRemoval(Rule(address), mark ?? Mark(address), entries)], []));

    protected RuleAddition Addition(string address, DateTimeOffset? until = null, string? mark = null) =>
        new(Rule(address), mark ?? Mark(address), until ?? Evening);

    protected RuleRemoval Removal(string address) => new(Rule(address), Mark(address), []);

    protected async Task<RuleSnapshot> SnapshotAsync(int ipVersion = 4)
    {
        var result = await Provider.ListAsync(harness.Context(ipVersion), Ct);
        return result.Snapshot.ShouldNotBeNull(result.Fault?.Message);
    }

    private async Task<IReadOnlyList<ObservedRule>> ListAsync(int ipVersion = 4)
    {
        var snapshot = await SnapshotAsync(ipVersion);
        snapshot.IsComplete.ShouldBeTrue();
        return snapshot.Rules;
    }

    private async Task<RuleOutcome> FirstAsync(string address, RuleChanges changes)
    {
        var result = await Provider.ApplyAsync(harness.Context(Cidr.Parse(address).IpVersion), changes, Ct);
        result.RefusedWhole.ShouldBeNull();
        return result.Removals.Concat(result.Additions).ShouldHaveSingleItem();
    }

    private Scope ScopeOf(int ipVersion = 4) => Provider.Read(harness.Context(ipVersion).Config).Scopes[0];

    private RuleKey Rule(string address) => Cidr.Parse(address) is var cidr ? new RuleKey(ScopeOf(cidr.IpVersion), cidr) : default;

    private AllowListKey Key() => Provider.KeysOf(harness.Context().Config, "tester").Serialization;

    private string Mark(string address) => Rule(address).OwnerMark("abcdefgh", Key());
}
