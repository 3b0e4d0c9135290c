using System.Diagnostics;
using System.Net;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Gate;

namespace EntryGuard.Providers.Tests;

/// <summary>The gate as the engine sees it, in front of a real target.</summary>
public sealed class GateProviderTests : ProviderContract
{
    private const string Ann = "127.0.0.11";
    private static readonly TimeSpan Tenth = TimeSpan.FromMilliseconds(100);

    protected override ProviderHarness NewHarness() => new GateHarness();

    private GateHarness Doors => (GateHarness)Harness;

    [Fact]
    public async Task A_removal_cuts_live_connections_before_it_answers_unless_another_rule_covers_them()
    {
        Harness.Provider.Capabilities.CutsConnections.ShouldBeTrue();
        await AddAsync(Ann);
        await AddAsync("127.0.0.0/24");
        using var visitor = await Doors.VisitAsync(Ann);
        await RemoveAsync(Ann);
        StatusOf().Cut.ShouldBe(0);
        await RemoveAsync("127.0.0.0/24");
        var status = StatusOf();
        (status.Cut, status.Active).ShouldBe((1, 0));
        status.LongestCut.ShouldBeLessThan(Tenth);
        (await GateHarness.IsCutAsync(visitor)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_entry_ends_by_itself_with_nobody_calling()
    {
        await AddAsync(Ann, TimeProvider.System.GetUtcNow().AddMilliseconds(1500));
        using var visitor = await Doors.VisitAsync(Ann);
        (await GateHarness.IsCutAsync(visitor)).ShouldBeTrue();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await SnapshotAsync()).Rules.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_addition_whose_time_is_up_lets_nobody_in()
    {
        await AddAsync(Ann);
        var fault = (await AddAsync(Ann, TimeProvider.System.GetUtcNow().AddSeconds(-1))).ShouldBeOfType<RuleOutcome.Failed>().Fault;
        fault.Code.ShouldBe("ENDED");
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
    }

    [Fact]
    public async Task After_a_restart_it_is_shut_until_its_rules_are_applied_again()
    {
        await AddAsync(Ann);
        await Doors.RestartAsync();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await SnapshotAsync()).Rules.ShouldBeEmpty();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        var since = Stopwatch.GetTimestamp();
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
        (await Harness.LetsInAsync(Ann)).ShouldBeTrue();
        Stopwatch.GetElapsedTime(since).ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_released_door_is_shut_cuts_and_frees_its_port()
    {
        await AddAsync(Ann);
        using var visitor = await Doors.VisitAsync(Ann);
        var key = Harness.Provider.KeysOf(Harness.Context().Config, "x").Serialization;
        await Doors.Gate.ReleaseAsync(key);
        await Doors.Gate.ReleaseAsync(key);
        (await GateHarness.IsCutAsync(visitor)).ShouldBeTrue();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_at_verification_and_fails_openings_for_now_but_no_closing()
    {
        using var other = new System.Net.Sockets.TcpListener(Doors.DoorOf());
        other.Start();
        var report = await Harness.Provider.VerifyAsync(Harness.Context(), Ct);
        report.IsValid.ShouldBeFalse();
        report.Message.ShouldContain(Doors.DoorOf().ToString());
        var fault = (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Failed>().Fault;
        (fault.Code, fault.IsPermanent).ShouldBe(("NOT_LISTENING", false));
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        (await Harness.Provider.ListAsync(Harness.Context(), Ct)).Fault.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_target_that_is_down_is_a_warning()
    {
        var report = await Harness.Provider.VerifyAsync(Doors.Context(Doors.Organization, GateHarness.FreePort()), Ct);
        report.IsValid.ShouldBeTrue();
        report.Warnings.ShouldHaveSingleItem().ShouldContain("does not answer");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task E01_A_door_in_use_belongs_to_one_organization_and_one_target(bool otherTarget)
    {
        await AddAsync(Ann);
        var stranger = otherTarget
            ? Doors.Context(Doors.Organization, GateHarness.FreePort())
            : Doors.Context(new OrganizationId(Guid.NewGuid()), Doors.TargetPort);
        (await Harness.Provider.VerifyAsync(stranger, Ct)).IsValid.ShouldBeFalse();
        (await Harness.Provider.ListAsync(stranger, Ct)).Fault.ShouldNotBeNull().Code.ShouldBe("NOT_OURS");
        var result = await Harness.Provider.ApplyAsync(stranger, new RuleChanges([Removal(Ann)], [Addition("127.0.0.12")]), Ct);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>();
        (await Harness.LetsInAsync(Ann)).ShouldBeTrue();
        (await Harness.LetsInAsync("127.0.0.12")).ShouldBeFalse();
    }

    [Fact]
    public async Task E01_A_door_nobody_uses_any_more_leads_its_next_owner_to_the_new_target()
    {
        await AddAsync(Ann);
        await RemoveAsync(Ann);
        await using var elsewhere = new GateHarness();
        var next = Doors.Context(new OrganizationId(Guid.NewGuid()), elsewhere.TargetPort);
        (await Harness.Provider.VerifyAsync(next, Ct)).IsValid.ShouldBeTrue();
        var before = StatusOf();
        (await Harness.Provider.ApplyAsync(next, new RuleChanges([], [Addition(Ann)]), Ct)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        (await Harness.LetsInAsync(Ann)).ShouldBeTrue();
        before.Accepted.ShouldBe(0);
        StatusOf().Accepted.ShouldBe(1);
        elsewhere.Visits.ShouldBe(2);   // the verification, which says nothing, and Ann
        Doors.Visits.ShouldBe(0);
    }

    [Fact]
    public async Task A_scope_that_is_not_the_doors_is_refused()
    {
        var other = Addition(Ann) with { Rule = new(Domain.Rules.Scope.Tcp(1), Cidr.Parse(Ann)) };
        var result = await Harness.Provider.ApplyAsync(Harness.Context(), new RuleChanges([], [other]), Ct);
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("SCOPE");
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.0.9", true)]
    [InlineData("::1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("192.0.2.1", false)]
    public void E32_By_default_gates_listen_and_lead_on_loopback_only(string address, bool allowed)
    {
        var ip = Cidr.Parse(address).FirstAddress;
        (GateLimits.Default.MayListen(ip), GateLimits.Default.MayForward(ip)).ShouldBe((allowed, allowed));
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("168.63.129.16")]
    [InlineData("100.100.100.200")]
    [InlineData("192.0.0.192")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    public void E32_Metadata_services_are_refused_whatever_the_operator_allows(string address)
    {
        var everything = GateLimits.Default with { Forward = [Cidr.Parse("0.0.0.0/0"), Cidr.Parse("::/0")] };
        var ip = Cidr.Parse(address).FirstAddress;
        everything.MayForward(ip).ShouldBeFalse();
        everything.MayForward(ip.MapToIPv6()).ShouldBeFalse();
        everything.MayForward(Cidr.Parse("10.1.2.3").FirstAddress).ShouldBeTrue();
    }

    [Fact]
    public void E32_Listening_everywhere_needs_a_range_that_is_everywhere()
    {
        var four = GateLimits.Default with { Listen = [Cidr.Parse("0.0.0.0/0")] };
        (four.MayListen(IPAddress.Any), four.MayListen(IPAddress.IPv6Any)).ShouldBe((true, false));
        (GateLimits.Default with { Listen = [Cidr.Parse("128.0.0.0/1"), Cidr.Parse("0.0.0.0/1")] }).MayListen(IPAddress.IPv6Any).ShouldBeFalse();
    }

    [Fact]
    public async Task E32_The_address_really_dialled_is_checked_after_name_lookup()
    {
        var opening = Addition(Ann);
        await Doors.RestartAsync(GateLimits.Default with { Forward = [Cidr.Parse("10.0.0.0/8")] });
        var listen = Doors.DoorOf().ToString();
        var settings = System.Text.Json.JsonSerializer.SerializeToElement(new { listen, target = $"localhost:{Doors.TargetPort}" });
        var context = Harness.Context() with { Config = new ResourceConfig(listen, null, settings) };
        var report = await Harness.Provider.VerifyAsync(context, Ct);
        report.Warnings.ShouldHaveSingleItem().ShouldContain("EntryGuard:Gate:Forward");
        (await Harness.Provider.ApplyAsync(context, new RuleChanges([], [opening]), Ct)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        (await Harness.LetsInAsync(Ann)).ShouldBeFalse();
        StatusOf().RefusedTarget.ShouldBe(1);
        Doors.Visits.ShouldBe(0);
    }

    private EntryGuard.Gate.GateStatus StatusOf() => Doors.Gate.StatusOf(Doors.DoorOf().ToString()).ShouldNotBeNull();
}
