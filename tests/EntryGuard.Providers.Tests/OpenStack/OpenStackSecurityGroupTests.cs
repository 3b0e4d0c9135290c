using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>Security groups on a real neutron-server, signed in to at a real keystone. One after the other: they share a project's quota.</summary>
[Collection("OpenStack"), Trait("Category", "Slow")]
public sealed class OpenStackSecurityGroupTests : ProviderContract
{
    private const string Ann = "127.0.0.11";
    private const string Bob = "127.0.0.12";

    protected override ProviderHarness NewHarness() => new OpenStackHarness();

    private OpenStackHarness Stack => (OpenStackHarness)Harness;

    [Theory]
    [InlineData(CallFault.Throttled, "THROTTLED", null)]
    [InlineData(CallFault.ThrottledFor17Seconds, "THROTTLED", 17)]
    [InlineData(CallFault.Unavailable, "UNAVAILABLE", null)]
    [InlineData(CallFault.Refused, "UNREACHABLE", null)]
    public async Task A_refused_change_is_not_done_and_may_work_later(CallFault fault, string code, int? seconds)
    {
        await AddAsync(Bob);
        Stack.Next(fault);
        var said = (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Failed>().Fault;
        (said.Code, said.IsPermanent, said.RetryAfter?.TotalSeconds).ShouldBe((code, false, (double?)seconds));
        said.IsConnectionFault.ShouldBe(fault == CallFault.Refused);
        (await Stack.LetsInAsync(Ann)).ShouldBeFalse();
        Stack.Next(fault);
        (await RemoveAsync(Bob)).ShouldBeOfType<RuleOutcome.Failed>().Fault.Code.ShouldBe(code);
        (await Stack.LetsInAsync(Bob)).ShouldBeTrue();
        (await RemoveAsync(Bob)).ShouldBeOfType<RuleOutcome.Removed>();
    }

    [Theory]
    [InlineData(CallFault.LostBefore, false)]
    [InlineData(CallFault.LostAfter, true)]
    [InlineData(CallFault.Garbage, false)]
    public async Task E13_A_change_without_a_readable_answer_is_unknown_whether_or_not_it_was_made(CallFault fault, bool made)
    {
        Stack.Next(fault);
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Unknown>();
        (await Stack.LetsInAsync(Ann)).ShouldBe(made);
        (await AddAsync(Ann)).GetType().ShouldBe(made ? typeof(RuleOutcome.AlreadyThere) : typeof(RuleOutcome.Applied));
        Stack.Next(fault);
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Unknown>();
        (await Stack.LetsInAsync(Ann)).ShouldBe(!made);
        (await RemoveAsync(Ann)).GetType().ShouldBe(made ? typeof(RuleOutcome.AlreadyGone) : typeof(RuleOutcome.Removed));
        Stack.Log.Lines.Any(l => l.Contains(@"<h1>Sorry\u0007</h1>", StringComparison.Ordinal)).ShouldBe(fault == CallFault.Garbage);
    }

    [Fact]
    public async Task A_call_cancelled_after_it_was_sent_may_have_been_carried_out()
    {
        using var cancel = new CancellationTokenSource();
        Stack.Neutron.Before = async context =>
        {
            if (context.Request.Method == "POST")
                await cancel.CancelAsync();
            return false;
        };
        await Should.ThrowAsync<OperationCanceledException>(
            () => Stack.Provider.ApplyAsync(Stack.Context(), new RuleChanges([], [Addition(Ann)]), cancel.Token));
        Stack.Neutron.Before = null;
        await Stack.Neutron.QuietAsync();
        (await Stack.LetsInAsync(Ann)).ShouldBeTrue();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyThere>();
    }
}
