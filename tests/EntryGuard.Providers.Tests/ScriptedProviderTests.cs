using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Providers.Tests;

/// <summary>The double the other tests rest on is held to the same contract, and its scripts to what they say.</summary>
public sealed class ScriptedProviderTests : ProviderContract
{
    private const string Ann = "127.0.0.11";

    protected override ProviderHarness NewHarness() => new Scripted();

    private ScriptedProvider Provider => (ScriptedProvider)Harness.Provider;

    [Theory]
    [InlineData(null)]
    [InlineData(17)]
    public async Task A_throttled_call_is_not_done_may_work_later_and_says_when_if_it_knows(int? seconds)
    {
        var hint = seconds is { } s ? TimeSpan.FromSeconds(s) : (TimeSpan?)null;
        Provider.OnApply = (_, _) => new Script(FailItems: new RuleFault("THROTTLED", "Too many calls.", false) { RetryAfter = hint });
        var fault = (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Failed>().Fault;
        (fault.IsPermanent, fault.RetryAfter).ShouldBe((false, hint));
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        Provider.OnApply = null;
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task E13_A_lost_answer_is_unknown_whether_or_not_the_change_was_made(bool dropped)
    {
        Provider.OnApply = (_, _) => new Script(LoseAnswer: true, Drop: dropped);
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Unknown>();
        (await Harness.LetsInAsync(Ann)).ShouldBe(!dropped);
        Provider.OnApply = null;
        (await AddAsync(Ann)).GetType().ShouldBe(dropped ? typeof(RuleOutcome.Applied) : typeof(RuleOutcome.AlreadyThere));
        Provider.OnApply = (_, _) => new Script(LoseAnswer: true, Drop: dropped);
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Unknown>();
        (await Harness.LetsInAsync(Ann)).ShouldBe(dropped);
    }

    [Fact]
    public async Task A_call_cancelled_after_it_was_sent_may_have_been_carried_out()
    {
        using var cancel = new CancellationTokenSource();
        Provider.OnApply = (_, _) => new Script(After: async () =>
        {
            await cancel.CancelAsync();
            cancel.Token.ThrowIfCancellationRequested();
        });
        await Should.ThrowAsync<OperationCanceledException>(
            () => Provider.ApplyAsync(Harness.Context(), new RuleChanges([], [Addition(Ann)]), cancel.Token));
        (await Harness.LetsInAsync(Ann)).ShouldBeTrue();
        Provider.OnApply = null;
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>();
    }

    [Fact]
    public async Task Half_a_batch_is_told_item_by_item()
    {
        Provider.OnApply = (_, _) => new Script(OnlyFirst: 1);
        var result = await Provider.ApplyAsync(Harness.Context(), new RuleChanges([], [Addition(Ann), Addition("127.0.0.12")]), Ct);
        result.Additions[0].ShouldBeOfType<RuleOutcome.Applied>();
        result.Additions[1].ShouldBeOfType<RuleOutcome.Failed>().Fault.IsPermanent.ShouldBeFalse();
        (await Harness.LetsInAsync("127.0.0.12")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_refused_credential_refuses_the_whole_and_touches_nothing()
    {
        Provider.OnApply = (_, _) => Script.Forbidden;
        var result = await Provider.ApplyAsync(Harness.Context(), new RuleChanges([], [Addition(Ann)]), Ct);
        result.RefusedWhole.ShouldNotBeNull().IsCredentialFault.ShouldBeTrue();
        result.Additions.ShouldBeEmpty();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
    }

    private sealed class Scripted : ProviderHarness
    {
        private static readonly JsonElement Settings = JsonSerializer.SerializeToElement(new { ports = new[] { 443 } });
        private readonly ScriptedProvider provider = new(new FakeTimeProvider());
        private readonly OrganizationId organization = new(Guid.NewGuid());
        private readonly ResourceId resource = new(Guid.NewGuid());
        private readonly TaskCompletionSource hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override IResourceProvider Provider => provider;

        public override IReadOnlyList<(string Identifier, string Settings, string[] Fields)> Refused =>
        [
            ("web", "{}", ["config.ports"]), ("web", """{ "ports": [] }""", ["config.ports"]), ("web", """{ "ports": [0] }""", ["config.ports"]),
            ("web", """{ "ports": "443" }""", ["config.ports"]), ("web", "[]", ["config.ports"]),
        ];

        private ScriptedCloud Cloud => provider.Cloud("web");

        public override ProviderContext Context(int ipVersion = 4) => new(organization, resource, new ResourceConfig("web", null, Settings), null, new ProviderCredential(default, "TOKEN", "token", "external"));

        public override Task<bool> LetsInAsync(string address) =>
            Task.FromResult(Cloud.Standing.Any(r => r.Rule.Address.Contains(Cidr.Parse(address))));

        public override void AddForeign(string address) => Cloud.AddForeign(address, Scope.Tcp(443));

        public override bool LimitTo(int entries)
        {
            Cloud.Capacity = entries;
            return true;
        }

        public override bool Next(CallFault fault)
        {
            provider.OnApply = (_, _) =>
            {
                provider.OnApply = null;
                return Of(fault);
            };
            return true;
        }

        public override Task HangingAsync() => hanging.Task;

        public override string Poison()
        {
            const string Bad = "127.0.66.6";
            provider.OnApply = (_, changes) => changes.Additions.Any(a => a.Rule.Address == Cidr.Parse(Bad))
                ? new Script(Refuse: new RuleFault("INVALID_VALUE", "One of the addresses is refused.", true))
                : null;
            return Bad;
        }

        public override Task<IReadOnlyDictionary<string, string>?> RawEntriesAsync() =>
            Task.FromResult<IReadOnlyDictionary<string, string>?>(Cloud.Standing.ToDictionary(r => r.Id, r => r.ToString()));

        private Script Of(CallFault fault) => fault switch
        {
            CallFault.Throttled => new Script(FailItems: new RuleFault("THROTTLED", "Too many calls.", false)),
            CallFault.ThrottledFor17Seconds => new Script(FailItems: new RuleFault("THROTTLED", "Too many calls.", false) { RetryAfter = TimeSpan.FromSeconds(17) }),
            CallFault.LostBefore => new Script(LoseAnswer: true, Drop: true),
            CallFault.LostAfter => new Script(LoseAnswer: true),
            CallFault.Refused => Script.Unreachable,
            CallFault.Unavailable => Script.Unavailable,
            CallFault.Garbage => new Script(LoseAnswer: true, Drop: true),
            CallFault.Hang => Hang(),
        };

        private Script Hang()
        {
            var cancelled = CancellationToken.None;
            return new Script(
                Before: ct =>
                {
                    cancelled = ct;
                    return Task.CompletedTask;
                },
                After: () =>
                {
                    hanging.TrySetResult();
                    return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancelled);
                });
        }
    }
}
