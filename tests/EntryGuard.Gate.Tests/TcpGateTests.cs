using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;

namespace EntryGuard.Gate.Tests;

public sealed class TcpGateTests
{
    [Fact]
    public async Task A_stranger_is_reset_and_the_target_learns_nothing()
    {
        await using var gate = GateFixture.Start();
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.TargetWasDialled.ShouldBeFalse();
        gate.Gate.Status.ShouldBe(new GateStatus(true, 0, 0, 1, 0, 0, 0, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task An_allowed_address_passes_both_ways_and_others_still_do_not()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        using (client)
        using (target)
            await Peers.EchoOnceAsync(client, target);
        (await Peers.IsRefusedAsync(gate.Door, Cidr.Parse("127.0.0.2").FirstAddress)).ShouldBeTrue();
        gate.TargetWasDialled.ShouldBeFalse();
        var status = gate.Gate.Status;
        (status.Accepted, status.RefusedNotAllowed, status.BytesToTarget, status.BytesToClient).ShouldBe((1, 1, 1, 1));
    }

    [Fact]
    public async Task The_end_of_one_direction_is_passed_on_and_the_other_goes_on()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        await client.SayAsync([1, 2, 3]);
        client.Shutdown(SocketShutdown.Send);
        (await target.HearAsync(10)).ShouldBe([1, 2, 3]);   // three bytes, then the end
        await target.SayAsync([4, 5]);
        (await client.HearAsync(2)).ShouldBe([4, 5]);
        target.Shutdown(SocketShutdown.Send);
        (await client.IsResetAsync()).ShouldBeFalse();
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task The_target_may_end_its_direction_first()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        await target.SayAsync([9]);
        target.Shutdown(SocketShutdown.Send);
        (await client.HearAsync(2)).ShouldBe([9]);
        await client.SayAsync([7, 7]);
        (await target.HearAsync(2)).ShouldBe([7, 7]);
        client.Dispose();
        (await target.IsResetAsync()).ShouldBeFalse();
        target.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_of_one_side_is_a_reset_of_the_other(bool byClient)
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(client, target);
        var (one, other) = byClient ? (client, target) : (target, client);
        one.LingerState = new LingerOption(true, 0);
        one.Dispose();
        (await other.IsResetAsync()).ShouldBeTrue();
        other.Dispose();
    }

    [Fact]
    public async Task Removing_the_entry_cuts_both_sides_before_it_returns()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(client, target);
        gate.Table.Remove(GateFixture.Local).ShouldBeTrue();
        var status = gate.Gate.Status;
        (status.Active, status.Cut).ShouldBe((0, 1));
        (await client.IsResetAsync()).ShouldBeTrue();
        (await target.IsResetAsync()).ShouldBeTrue();
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.TargetWasDialled.ShouldBeFalse();
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task At_its_end_a_connection_is_cut_with_nobody_calling()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1", hours: 1);
        var (client, target) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(client, target);
        gate.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        await Peers.EchoOnceAsync(client, target);
        gate.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await client.IsResetAsync()).ShouldBeTrue();
        (await target.IsResetAsync()).ShouldBeTrue();
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.Gate.Status.Cut.ShouldBe(1);
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task The_gate_shuts_at_the_end_on_the_real_clock_too()
    {
        using var table = new AllowTable(TimeProvider.System);
        using var listener = Peers.Listen(IPAddress.Loopback);
        await using var gate = TcpGate.Start(
            new GateOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Target = listener.LocalEndPoint! }, table, TimeProvider.System);
        var until = TimeProvider.System.GetUtcNow().AddMilliseconds(700);
        table.Put(GateFixture.Local, until, "eg:test");
        using var client = await Peers.DialAsync(gate.ListenEndpoint);
        using var target = await listener.NextAsync();
        (await client.IsResetAsync()).ShouldBeTrue();
        var late = TimeProvider.System.GetUtcNow() - until;
        late.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        gate.Status.LongestCut.ShouldBeLessThan(TimeSpan.FromMilliseconds(500));
        TestContext.Current.TestOutputHelper?.WriteLine($"cut {gate.Status.LongestCut.TotalMilliseconds:0.00} ms after the end");
    }

    [Fact]
    public async Task The_gate_shuts_at_the_end_even_if_no_timer_ever_fires()
    {
        var clock = new ClockWithoutTimers();
        using var table = new AllowTable(clock);
        using var listener = Peers.Listen(IPAddress.Loopback);
        await using var gate = TcpGate.Start(
            new GateOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Target = listener.LocalEndPoint! }, table, clock);
        table.Put(GateFixture.Local, clock.GetUtcNow().AddMilliseconds(400), "eg:test");
        using var client = await Peers.DialAsync(gate.ListenEndpoint);
        using var target = await listener.NextAsync();
        (await client.IsResetAsync()).ShouldBeTrue();
        gate.Status.LongestCut.ShouldBeLessThan(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task A_connection_lives_while_any_entry_covers_it()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1").Allow("127.0.0.0/24");
        var (client, target) = await gate.ConnectAsync();
        gate.Table.Remove(GateFixture.Local);
        await Peers.EchoOnceAsync(client, target);
        gate.Allow("127.0.0.1", hours: 2);
        gate.Table.Remove(Cidr.Parse("127.0.0.0/24"));
        await Peers.EchoOnceAsync(client, target);
        gate.Table.Remove(GateFixture.Local);
        (await client.IsResetAsync()).ShouldBeTrue();
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task Only_the_connections_of_the_removed_address_are_cut()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1").Allow("127.0.0.2");
        var (one, oneTarget) = await gate.ConnectAsync();
        var (two, twoTarget) = await gate.ConnectAsync(Cidr.Parse("127.0.0.2").FirstAddress);
        gate.Table.Remove(GateFixture.Local);
        (await one.IsResetAsync()).ShouldBeTrue();
        await Peers.EchoOnceAsync(two, twoTarget);
        one.Dispose();
        oneTarget.Dispose();
        two.Dispose();
        twoTarget.Dispose();
    }

    [Fact]
    public async Task IPv6_passes_to_an_IPv6_target()
    {
        await using var gate = GateFixture.Start(listen: IPAddress.IPv6Loopback, target: IPAddress.IPv6Loopback).Allow("::1");
        var (client, target) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(client, target);
        gate.Table.Remove(Cidr.Parse("::1"));
        (await client.IsResetAsync()).ShouldBeTrue();
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task An_IPv4_peer_of_a_dual_stack_listener_counts_as_IPv4()
    {
        await using var gate = GateFixture.Start(listen: IPAddress.IPv6Any).Allow("127.0.0.1");
        using var client = await Peers.DialAsync(new IPEndPoint(IPAddress.Loopback, gate.Door.Port));
        using var target = await gate.Target.NextAsync();
        await Peers.EchoOnceAsync(client, target);
        (await Peers.IsRefusedAsync(new IPEndPoint(IPAddress.IPv6Loopback, gate.Door.Port))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_target_may_be_a_name()
    {
        await using var gate = GateFixture.Start(o => o with { Target = new DnsEndPoint("localhost", ((IPEndPoint)o.Target).Port) }).Allow("127.0.0.1");
        for (var i = 0; i < 3; i++)
        {
            // The name may give ::1 first, where nobody listens: the next address is tried.
            var (client, target) = await gate.ConnectAsync();
            using (client)
            using (target)
                await Peers.EchoOnceAsync(client, target);
        }
    }

    [Fact]
    public async Task An_unknown_name_refuses_the_client()
    {
        await using var gate = GateFixture.Start(o => o with { Target = new DnsEndPoint("no-such-name.invalid", 80) }).Allow("127.0.0.1");
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.Gate.Status.RefusedTarget.ShouldBe(1);
    }

    [Fact]
    public async Task An_address_that_may_not_be_dialled_refuses_the_client()
    {
        await using var gate = GateFixture.Start(o => o with { MayForwardTo = address => !IPAddress.IsLoopback(address) }).Allow("127.0.0.1");
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.TargetWasDialled.ShouldBeFalse();
    }

    [Fact]
    public async Task Beyond_the_limit_connections_are_reset_until_one_ends()
    {
        await using var gate = GateFixture.Start(o => o with { MaxConnections = 2 }).Allow("127.0.0.1");
        var (one, oneTarget) = await gate.ConnectAsync();
        var (two, twoTarget) = await gate.ConnectAsync();
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        gate.Gate.Status.RefusedLimit.ShouldBe(1);
        one.LingerState = new LingerOption(true, 0);
        one.Dispose();
        (await oneTarget.IsResetAsync()).ShouldBeTrue();
        var (three, threeTarget) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(three, threeTarget);
        foreach (var socket in new[] { oneTarget, two, twoTarget, three, threeTarget })
            socket.Dispose();
    }

    [Fact]
    public async Task A_target_that_is_down_resets_the_client()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        gate.Target.Dispose();
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        var status = gate.Gate.Status;
        (status.Accepted, status.Active, status.RefusedTarget).ShouldBe((1, 0, 1));
    }

    [Fact]
    public async Task A_target_that_does_not_answer_resets_the_client_after_the_timeout()
    {
        using var full = Peers.Listen(IPAddress.Loopback, backlog: 0);
        var endpoint = (IPEndPoint)full.LocalEndPoint!;
        using var first = await Peers.DialAsync(endpoint);   // fills the one place; further SYNs are dropped
        using var table = new AllowTable(TimeProvider.System);
        await using var gate = TcpGate.Start(
            new GateOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Target = endpoint, ConnectTimeout = TimeSpan.FromMilliseconds(300) },
            table, TimeProvider.System);
        table.Put(GateFixture.Local, DateTimeOffset.MaxValue, "eg:test");
        var since = TimeProvider.System.GetTimestamp();
        (await Peers.IsRefusedAsync(gate.ListenEndpoint)).ShouldBeTrue();
        TimeProvider.System.GetElapsedTime(since).ShouldBeInRange(TimeSpan.FromMilliseconds(290), TimeSpan.FromSeconds(3));
        gate.Status.RefusedTarget.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_still_dialling_is_cut_too()
    {
        using var full = Peers.Listen(IPAddress.Loopback, backlog: 0);
        using var first = await Peers.DialAsync((IPEndPoint)full.LocalEndPoint!);
        await using var gate = GateFixture.Start(o => o with { Target = full.LocalEndPoint! }).Allow("127.0.0.1");
        using var client = await Peers.DialAsync(gate.Door);
        // The next one is accepted after it, so once it is refused the first one is dialling.
        (await Peers.IsRefusedAsync(gate.Door, Cidr.Parse("127.0.0.2").FirstAddress)).ShouldBeTrue();
        gate.Table.Remove(GateFixture.Local);
        (await client.IsResetAsync()).ShouldBeTrue();
        gate.Gate.Status.Cut.ShouldBe(1);
    }

    [Fact]
    public async Task A_taken_port_is_said_clearly()
    {
        await using var gate = GateFixture.Start();
        using var table = new AllowTable(TimeProvider.System);
        var error = Should.Throw<GateStartException>(() =>
            TcpGate.Start(new GateOptions { Listen = gate.Door, Target = gate.Target.LocalEndPoint! }, table, TimeProvider.System));
        error.SocketError.ShouldBe(SocketError.AddressAlreadyInUse);
        error.Message.ShouldContain(gate.Door.ToString());
    }

    [Fact]
    public void Wrong_options_are_all_said_at_once()
    {
        var here = new IPEndPoint(IPAddress.Loopback, 15432);
        new GateOptions { Listen = here, Target = here, ConnectTimeout = TimeSpan.Zero, MaxConnections = 0, Backlog = 0 }.Errors().Count.ShouldBe(4);
    }

    [Fact]
    public async Task Closing_the_gate_cuts_all_and_frees_the_port()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var pairs = new List<(Socket Client, Socket Target)>();
        for (var i = 0; i < 10; i++)
            pairs.Add(await gate.ConnectAsync());
        await gate.Gate.DisposeAsync();
        await gate.Gate.DisposeAsync();
        gate.Gate.Completion.IsCompletedSuccessfully.ShouldBeTrue();
        gate.Gate.Status.IsOpen.ShouldBeFalse();
        foreach (var (client, target) in pairs)
        {
            (await client.IsResetAsync()).ShouldBeTrue();
            (await target.IsResetAsync()).ShouldBeTrue();
            client.Dispose();
            target.Dispose();
        }

        await using var again = TcpGate.Start(new GateOptions { Listen = gate.Door, Target = gate.Target.LocalEndPoint! }, gate.Table, gate.Clock);
        var (one, other) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(one, other);
        one.Dispose();
        other.Dispose();
        gate.Table.Remove(GateFixture.Local).ShouldBeTrue();   // a closed gate that is forgotten keeps nobody waiting
    }

    [Fact]
    public async Task The_port_is_free_at_once_after_connections_that_ended_in_order()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        target.Dispose();
        (await client.IsResetAsync()).ShouldBeFalse();   // the gate's side of it goes to TIME_WAIT
        client.Dispose();
        await gate.Gate.DisposeAsync();
        await using var again = TcpGate.Start(new GateOptions { Listen = gate.Door, Target = gate.Target.LocalEndPoint! }, gate.Table, gate.Clock);
    }

    [Fact]
    public async Task One_table_may_serve_several_gates()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        await using var second = TcpGate.Start(
            new GateOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Target = gate.Target.LocalEndPoint! }, gate.Table, gate.Clock);
        var (one, oneTarget) = await gate.ConnectAsync();
        using var two = await Peers.DialAsync(second.ListenEndpoint);
        using var twoTarget = await gate.Target.NextAsync();
        gate.Table.Remove(GateFixture.Local);
        (gate.Gate.Status.Cut, second.Status.Cut).ShouldBe((1, 1));
        one.Dispose();
        oneTarget.Dispose();
    }

    /// <summary>Real time with timers that never fire, as on a thread pool that is starved.</summary>
    private sealed class ClockWithoutTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new DeadTimer();

        private sealed class DeadTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
