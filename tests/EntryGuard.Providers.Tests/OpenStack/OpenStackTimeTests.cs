using EntryGuard.Domain.Providers;
using EntryGuard.Testing;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>What happens as time goes by, on a clock that moves only when told.</summary>
[Collection("OpenStack"), Trait("Category", "Slow")]
public sealed class OpenStackTimeTests : OpenStackTests
{
    private readonly TestTime clock;

    public OpenStackTimeTests()
        : this(new TestTime(new DateTimeOffset(2031, 5, 1, 8, 0, 0, TimeSpan.Zero)))
    {
    }

    private OpenStackTimeTests(TestTime clock)
        : base(clock) => this.clock = clock;

    [Fact]
    public async Task A_token_is_renewed_some_minutes_before_it_expires_whatever_the_clocks_say()
    {
        await ListAsync();
        clock.Advance(TimeSpan.FromMinutes(54));   // Keystone's last an hour, and its clock is years behind
        await ListAsync();
        Stack.Keystone.Requests.Count.ShouldBe(1);
        clock.Advance(TimeSpan.FromMinutes(2));
        await ListAsync();
        Stack.Keystone.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task E13_A_change_that_gets_no_answer_is_unknown_after_seven_seconds()
    {
        Stack.Next(CallFault.Hang);
        var adding = AddAsync(Addition(Ann));
        await Stack.Neutron.Hanging.Task;
        clock.Advance(TimeSpan.FromSeconds(7));
        (await adding).ShouldBeOfType<RuleOutcome.Unknown>().Message.ShouldContain("7 s");
        (await Stack.LetsInAsync(Ann)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_slow_cloud_leaves_the_rest_of_a_batch_for_the_next_call()
    {
        await ApplyAsync(additions: [Addition(Ann), Addition(Bob)]);
        Stack.Neutron.Before = context =>
        {
            clock.Advance(TimeSpan.FromSeconds(4));
            return Task.FromResult(false);
        };
        var result = await ApplyAsync([Removal(Ann), Removal(Bob)], [Addition("203.0.113.13")]);
        result.Removals[0].ShouldBeOfType<RuleOutcome.Removed>();
        foreach (var left in new[] { result.Removals[1], result.Additions.Single() })
        {
            var fault = left.ShouldBeOfType<RuleOutcome.Failed>().Fault;
            (fault.Code, fault.IsUnsent).ShouldBe(("NOT_SENT", true));
        }

        (await Stack.LetsInAsync(Bob)).ShouldBeTrue();
    }
}
