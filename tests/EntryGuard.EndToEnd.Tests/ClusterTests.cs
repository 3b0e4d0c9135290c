using System.Diagnostics;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>Three server processes on one PostgreSQL database, their gates on real ports, and SIGKILL.</summary>
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const string Ann = "127.0.0.1";
    private const string Bob = "127.0.0.2";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AfterOneDied = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterAllDied = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan RemovalTakes = TimeSpan.FromSeconds(0.5);   // long enough to be met on its way; a part of what is measured

    // What is measured is how fast the engine is, not how busy the machine was: one of a few plays must hold both limits. What is asserted
    // besides, that everything ends as it should, must hold in every one.
    [Theory, PostgresOnly]
    public async Task E25_what_is_due_is_closed_within_5_s_of_its_nodes_death_and_6_s_of_a_start_after_all_died(TestDatabase database)
    {
        for (var left = 3; left > 0; left--)
        {
            await using var empty = await database.EmptyAsync();   // a play leaves live sessions behind, which the next would have to serve
            await empty.Databases.MigrateAsync(TimeProvider.System, CancellationToken.None);
            if (await PlayAsync(empty))
                return;
        }

        Assert.Fail("A limit was missed in each of three plays; the output says by how much.");
    }

    private async Task<bool> PlayAsync(TestDatabase database)
    {
        await using var doors = await Doors.MakeAsync(database.Databases, 12);
        var nodes = Enumerable.Range(0, 3).Select(_ => Start(database, doors)).ToList();
        try
        {
            foreach (var node in nodes.ToList())
                output.WriteLine($"node {node.ProcessId} answers after {Words(await node.AnswersAsync())}");
            var sessions = new Dictionary<ResourceId, SessionResponse>();
            foreach (var (id, _) in doors.Gates)
                sessions[id] = await OpenAsync(nodes[0], id, Ann, 3600);
            foreach (var (_, port) in doors.Gates)
                await Until.TrueAsync(Patience, () => Doors.IsOpenAsync(port, Ann));

            var owners = doors.Gates.ToDictionary(g => g, g => Doors.OwnerOf(g.Port, nodes.Select(n => n.ProcessId)));
            output.WriteLine($"gates per node: {string.Join(", ", owners.Values.GroupBy(o => o).Select(g => $"{g.Key}: {g.Count()}"))}");
            var victim = nodes.MaxBy(n => owners.Values.Count(o => o == n.ProcessId))!;
            var others = nodes.Where(n => n != victim).ToList();
            var its = owners.Where(o => o.Value == victim.ProcessId).Select(o => o.Key).ToList();
            its.Count.ShouldBeGreaterThanOrEqualTo(3);
            var (stopped, expiring, lasting) = (its[0], its[1], its[2]);

            // One removal in flight, one end a moment away, and others who must keep their access.
            var soon = await OpenAsync(others[0], expiring.Id, Bob, 4);
            await Until.TrueAsync(Patience, () => Doors.IsOpenAsync(expiring.Port, Bob));
            await others[0].Api.StopSessionAsync(sessions[stopped.Id].Id, false, CancellationToken.None);
            await IsOutAsync(database, sessions[stopped.Id]);
            (await StatusAsync(others[0], sessions[stopped.Id])).ShouldBe("EXPIRING");
            await victim.KillAsync();
            var killedAt = Stopwatch.GetTimestamp();
            (await Doors.IsOpenAsync(stopped.Port, Ann)).ShouldBeFalse();

            var took = await Task.WhenAll(
                EndAsync(others[0], sessions[stopped.Id], "CANCELLED", killedAt),
                EndAsync(others[1], soon, "EXPIRED", killedAt),
                ReopenedAsync(lasting.Port, killedAt));
            var late = (await GetAsync(others[0], soon)) is { EndedAt: { } ended } s ? ended - s.ExpiresAt : TimeSpan.MaxValue;
            output.WriteLine($"owner killed: removal in flight ended after {Words(took[0])}; a session of the owner's gate {Words(late)} after its end; "
                + $"another gate of the owner was open again after {Words(took[2])}");
            var held = Holds(AfterOneDied, took[0], late, took[2]);
            (await Doors.IsOpenAsync(stopped.Port, Ann)).ShouldBeFalse();
            (await Doors.IsOpenAsync(expiring.Port, Bob)).ShouldBeFalse();
            await Until.TrueAsync(Patience, () => Doors.IsOpenAsync(expiring.Port, Ann));   // she still has a session there
            Doors.OwnerOf(lasting.Port, others.Select(n => n.ProcessId)).ShouldNotBeNull();

            return await KillAllAsync(database, doors, others, sessions[its[1].Id], lasting, nodes) && held;
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    private async Task<bool> KillAllAsync(
        TestDatabase database, Doors doors, List<Node> left, SessionResponse stopping, (ResourceId Id, int Port) lasting, List<Node> nodes)
    {
        var soon = await OpenAsync(left[0], lasting.Id, Bob, 3);
        await Until.TrueAsync(Patience, () => Doors.IsOpenAsync(lasting.Port, Bob));
        await left[0].Api.StopSessionAsync(stopping.Id, false, CancellationToken.None);
        await IsOutAsync(database, stopping);
        await Task.WhenAll(left.Select(n => n.KillAsync()));
        await Until.TrueAsync(Patience, () => Task.FromResult(TimeProvider.System.GetUtcNow() > soon.ExpiresAt));

        var back = Start(database, doors);
        nodes.Add(back);
        var answered = await back.AnswersAsync();
        var took = await Task.WhenAll(
            EndAsync(back, soon, "EXPIRED", back.StartedAt), EndAsync(back, stopping, "CANCELLED", back.StartedAt), ReopenedAsync(lasting.Port, back.StartedAt));
        output.WriteLine($"all killed, one started: answers after {Words(answered)}; what was due had ended {Words(took[0])} after its start, "
            + $"the removal in flight {Words(took[1])}; a live door was open again after {Words(took[2])}");
        (await Doors.IsOpenAsync(lasting.Port, Bob)).ShouldBeFalse();
        return Holds(AfterAllDied, took);
    }

    private bool Holds(TimeSpan limit, params TimeSpan[] took)
    {
        output.WriteLine($"limit {Words(limit)}: {(took.Max() <= limit ? "held" : "MISSED")}, the longest took {Words(took.Max())}");
        return took.Max() <= limit;
    }

    // The removal was committed and is on its way (E11).
    private static Task<TimeSpan> IsOutAsync(TestDatabase database, SessionResponse session) => Until.TrueAsync(Patience, async () =>
    {
        var id = new SessionId(session.Id);
        await using var db = database.Databases.OpenEngine();
        return await db.ResourceIps.AnyAsync(c => c.SessionId == id && c.AttemptId != null);
    });

    private static Node Start(TestDatabase database, Doors doors) => Node.Start(
        doors.Key, $"--EntryGuard:Postgres={database.ConnectionString}", "--EntryGuard:Sessions:MinimumSeconds=1", $"--EntryGuard:Gate:RemovalDelay={RemovalTakes}",
        "--EntryGuard:RateLimits:PerAddressPerMinute=0", "--EntryGuard:RateLimits:PerKeyPerMinute=0");

    private static async Task<SessionResponse> OpenAsync(Node node, ResourceId gate, string address, int seconds) =>
        (await node.Api.StartSessionAsync(
            new StartSessionRequest { DurationSeconds = seconds, Ipv4Address = address, ResourceIds = [gate.Value.ToString()] }, null, CancellationToken.None)).Value;

    private static async Task<SessionResponse> GetAsync(Node node, SessionResponse session) =>
        (await node.Api.GetSessionAsync(session.Id, CancellationToken.None)).Value;

    private static async Task<string> StatusAsync(Node node, SessionResponse session) => (await GetAsync(node, session)).Status;

    private static async Task<TimeSpan> EndAsync(Node node, SessionResponse session, string status, long since)
    {
        await Until.TrueAsync(Patience, async () => await StatusAsync(node, session) == status);
        return Stopwatch.GetElapsedTime(since);
    }

    private static async Task<TimeSpan> ReopenedAsync(int port, long since)
    {
        await Until.TrueAsync(Patience, () => Doors.IsOpenAsync(port, Ann));
        return Stopwatch.GetElapsedTime(since);
    }

    private static string Words(TimeSpan time) => $"{time.TotalSeconds:0.00} s";
}
