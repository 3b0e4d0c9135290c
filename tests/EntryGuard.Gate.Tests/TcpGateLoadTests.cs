using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EntryGuard.Gate.Tests;

/// <summary>What only shows under load; alone, so that descriptors can be counted and latencies mean something.</summary>
[CollectionDefinition(nameof(TcpGateLoadTests), DisableParallelization = true)]
[Collection(nameof(TcpGateLoadTests))]
public sealed class TcpGateLoadTests(ITestOutputHelper output)
{
    private const int MiB = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Large_streams_arrive_whole_in_both_directions_at_once()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        using var patience = new CancellationTokenSource(Patience);
        var there = SendNoiseAsync(client, 64 * MiB, seed: 1, patience.Token);
        var back = SendNoiseAsync(target, 48 * MiB, seed: 2, patience.Token);
        var atTarget = HashAsync(target, patience.Token);
        var atClient = HashAsync(client, patience.Token);
        (await atTarget).ShouldBe(await there);
        (await atClient).ShouldBe(await back);
        (gate.Gate.Status.BytesToTarget, gate.Gate.Status.BytesToClient).ShouldBe((64L * MiB, 48L * MiB));
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task A_reader_that_stops_stops_the_sender_and_nothing_is_lost_when_it_goes_on()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        using (client)
        using (target)
        {
            client.Blocking = false;
            var sent = 0L;
            var chunk = new byte[65536];
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var random = new Random(3);
            // Until the sender has been stuck for half a second: everything between it and the reader is full.
            while (true)
            {
                random.NextBytes(chunk);
                var left = chunk.AsMemory();
                while (left.Length > 0 && client.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectWrite))
                    left = left[client.Send(left.Span, SocketFlags.None)..];
                hash.AppendData(chunk.AsSpan(0, chunk.Length - left.Length));
                sent += chunk.Length - left.Length;
                sent.ShouldBeLessThan(64L * MiB);
                if (left.Length > 0)
                    break;
            }

            // At the standstill the gate holds at most its pipe's content: what it took but did not hand on.
            output.WriteLine($"{sent:N0} bytes were taken before the sender stood still, {gate.Gate.Status.BytesToTarget:N0} of them handed on");
            client.Shutdown(SocketShutdown.Send);
            using var patience = new CancellationTokenSource(Patience);
            (await HashAsync(target, patience.Token)).ShouldBe(Convert.ToHexString(hash.GetHashAndReset()));
        }
    }

    [Fact]
    public async Task A_cut_reaches_a_stream_in_full_flight_and_no_byte_passes_after_it()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var (client, target) = await gate.ConnectAsync();
        using var patience = new CancellationTokenSource(Patience);
        var flood = FloodAsync(client, patience.Token);
        var sink = new byte[MiB];
        for (var i = 0; i < 200; i++)
            await target.ReceiveAsync(sink, patience.Token);
        var since = Stopwatch.GetTimestamp();
        gate.Table.Remove(GateFixture.Local);
        var took = Stopwatch.GetElapsedTime(since);
        var passed = gate.Gate.Status.BytesToTarget;
        (await target.IsResetAsync()).ShouldBeTrue();
        // EPIPE is how a sender may learn of a reset that came between two parts of one send.
        (await flood).ShouldBeOneOf(SocketError.ConnectionReset, SocketError.Shutdown);
        gate.Gate.Status.BytesToTarget.ShouldBe(passed);
        output.WriteLine($"cut in {took.TotalMilliseconds:0.000} ms");
        took.ShouldBeLessThan(TimeSpan.FromMilliseconds(100));
        client.Dispose();
        target.Dispose();
    }

    [Fact]
    public async Task A_thousand_connections_are_cut_within_a_tenth_of_a_second()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var pairs = new List<(Socket Client, Socket Target)>();
        for (var i = 0; i < 1000; i++)
            pairs.Add(await gate.ConnectAsync());
        var since = Stopwatch.GetTimestamp();
        gate.Table.Remove(GateFixture.Local);
        var took = Stopwatch.GetElapsedTime(since);
        gate.Gate.Status.Cut.ShouldBe(1000);
        foreach (var (client, target) in pairs)
        {
            (await client.IsResetAsync()).ShouldBeTrue();
            (await target.IsResetAsync()).ShouldBeTrue();
            client.Dispose();
            target.Dispose();
        }

        output.WriteLine($"1000 cut in {took.TotalMilliseconds:0.0} ms");
        took.ShouldBeLessThan(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task No_connection_survives_a_removal_however_close_the_race()
    {
        await using var gate = GateFixture.Start();
        using var stop = new CancellationTokenSource();
        var endings = new List<Task>();
        var accepting = Task.Run(async () =>
        {
            try
            {
                while (true)
                    endings.Add(EndAsync(await gate.Target.AcceptAsync(stop.Token)));
            }
            catch (OperationCanceledException)
            {
            }
        });
        var dialling = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var dialled = 0;
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var client = await Peers.DialAsync(gate.Door);
                    client.LingerState = new LingerOption(true, 0);
                    client.Send([1]);
                    dialled++;
                }
                catch (SocketException)
                {
                }
            }

            return dialled;
        })).ToArray();

        for (var i = 0; i < 3000; i++)
        {
            gate.Allow("127.0.0.1");
            if (i % 2 == 0)
                Thread.Yield();
            else
                Thread.SpinWait(i * 7 % 5000);
            gate.Table.Remove(GateFixture.Local);
            var status = gate.Gate.Status;
            status.Active.ShouldBe(0);
            var bytes = status.BytesToTarget;
            Thread.SpinWait(200);
            gate.Gate.Status.BytesToTarget.ShouldBe(bytes);
        }

        await stop.CancelAsync();
        var total = (await Task.WhenAll(dialling)).Sum();
        await accepting;
        var end = gate.Gate.Status;
        output.WriteLine($"{total} dialled, {end.Accepted} let in, {end.RefusedNotAllowed} refused, {end.Cut} cut");
        end.Accepted.ShouldBeGreaterThan(0);
        end.RefusedNotAllowed.ShouldBeGreaterThan(0);
        end.Cut.ShouldBeGreaterThan(0);
        output.WriteLine($"{endings.Count} reached the target");
        await Task.WhenAll(endings);

        // Reset or ended; it does not return, and so throws after the patience of the tests, if the connection is still open.
        static async Task EndAsync(Socket atTarget)
        {
            using (atTarget)
                await atTarget.IsResetAsync();
        }
    }

    [Fact]
    public async Task No_descriptor_is_left_behind()
    {
        await RoundAsync();   // what the runtime opens once
        var before = Descriptors();
        const int rounds = 10;
        for (var i = 0; i < rounds; i++)
            await RoundAsync();
        // The runtime may open one or two of its own meanwhile; a leak shows at least once a round.
        Descriptors().ShouldBeLessThan(before + rounds);

        static async Task RoundAsync()
        {
            await using var gate = GateFixture.Start(o => o with { MaxConnections = 50 }).Allow("127.0.0.1");
            var sockets = new List<Socket>();
            for (var i = 0; i < 50; i++)
            {
                var (client, target) = await gate.ConnectAsync();
                sockets.Add(client);
                sockets.Add(target);
                switch (i % 5)
                {
                    case 0:
                        client.Dispose();
                        target.Dispose();
                        break;
                    case 1:
                        client.LingerState = new LingerOption(true, 0);
                        client.Dispose();
                        break;
                    case 2 when i == 2:
                        client.Blocking = false;
                        while (client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectWrite))
                            client.Send(new byte[65536]);   // left in the pipe when the gate closes
                        break;
                    case 3:
                        client.Shutdown(SocketShutdown.Send);
                        break;
                }
            }

            gate.Table.Remove(GateFixture.Local);
            foreach (var socket in sockets)
                socket.Dispose();
        }

        static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    [Fact]
    public async Task The_meter_tells_the_same_as_the_status()
    {
        await using var gate = GateFixture.Start().Allow("127.0.0.1");
        var door = gate.Door.ToString();
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "EntryGuard.Gate")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => See(i, value, tags));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => See(i, value, tags));
        listener.Start();

        var (client, target) = await gate.ConnectAsync();
        await Peers.EchoOnceAsync(client, target);
        gate.Table.Remove(GateFixture.Local);
        (await Peers.IsRefusedAsync(gate.Door)).ShouldBeTrue();
        listener.RecordObservableInstruments();

        seen["entryguard.gate.connections.accepted"].ShouldBe(1);
        seen["entryguard.gate.connections.active"].ShouldBe(0);
        seen["entryguard.gate.refusals not_allowed"].ShouldBe(1);
        seen["entryguard.gate.refusals limit"].ShouldBe(0);
        seen["entryguard.gate.refusals target"].ShouldBe(0);
        seen["entryguard.gate.cuts removed"].ShouldBe(1);
        seen["entryguard.gate.bytes to_target"].ShouldBe(1);
        seen["entryguard.gate.bytes to_client"].ShouldBe(1);
        seen["entryguard.gate.cut.duration"].ShouldBe(0);   // the clock stands still
        client.Dispose();
        target.Dispose();

        void See(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var tagged = tags.ToArray().ToDictionary();
            if (!Equals(tagged["gate"], door))
                return;
            tagged.Remove("gate");
            lock (seen)
                seen[string.Join(' ', tagged.Values.Prepend(instrument.Name))] = value;
        }
    }

    private static async Task<string> SendNoiseAsync(Socket to, int count, int seed, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(seed);
        var chunk = new byte[100_003];   // no multiple of anything
        while (count > 0)
        {
            random.NextBytes(chunk);
            var piece = chunk.AsMemory(0, Math.Min(chunk.Length, count));
            hash.AppendData(piece.Span);
            await to.SendAllAsync(piece, ct);
            count -= piece.Length;
        }

        to.Shutdown(SocketShutdown.Send);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task<string> HashAsync(Socket from, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[77_777];
        while (await from.ReceiveAsync(buffer, ct) is > 0 and var read)
            hash.AppendData(buffer.AsSpan(0, read));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task<SocketError> FloodAsync(Socket to, CancellationToken ct)
    {
        var chunk = new byte[MiB];
        try
        {
            while (true)
                await to.SendAllAsync(chunk, ct);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
