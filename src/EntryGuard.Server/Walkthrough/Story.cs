using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Walkthrough;

/// <summary>
/// <c>entryguard walkthrough</c>: the life of a session, played against the real server process over HTTP and real TCP, in a folder of its
/// own. A line per step with what was seen; exit code 0 only if all of it holds.
/// </summary>
internal sealed class Story(TimeProvider time, string folder, TextWriter output)
{
    private const string Ann = "127.0.0.1";
    private const string Bob = "127.0.0.2";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly string url = $"http://127.0.0.1:{FreePort()}";
    private int few = 3;   // seconds; more on a machine so slow that they would be over before the door opens
    private int step;
    private int failed;

    /// <summary>Plays it.</summary>
    /// <returns>0 if every step held, else 1.</returns>
    public static async Task<int> PlayAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("entryguard-walkthrough-").FullName;
        try
        {
            var story = new Story(TimeProvider.System, folder, Console.Out);
            return await story.PlayToTheEndAsync(ct) ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The server's log is in the folder, which goes: what is needed of it is shown here.
    private async Task<bool> PlayToTheEndAsync(CancellationToken ct)
    {
        var startedAt = time.GetTimestamp();
        await output.WriteLineAsync("EntryGuard, played by itself: a real server process, a real TCP gate, no cloud account.\n");
        try
        {
            await PlayAllAsync(ct);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or InvalidOperationException or TaskCanceledException or JsonException)
        {
            Tell("the story goes on", false, e.Message);
        }

        await output.WriteLineAsync(failed == 0
            ? $"\nAll {step} steps held, in {time.GetElapsedTime(startedAt).TotalSeconds:0.0} s."
            : $"\n{failed} of {step} steps did not hold. The server's log:\n{await File.ReadAllTextAsync(Path.Combine(folder, "server.log"), ct)}");
        return failed == 0;
    }

    private async Task PlayAllAsync(CancellationToken ct)
    {
        var sessions = new List<Guid>();
        await using (var server = await StartAsync(TimeSpan.Zero, ct))
        {
            await output.WriteLineAsync($"      The server answers on {url}, {server.ReadyAfter.TotalSeconds:0.00} s after its start.");
            await OneSessionAsync(server, sessions, ct);
            await TimeIsUpAsync(server, sessions, ct);
            await KilledAsync(server, sessions, ct);
        }

        await KilledWhileClosingAsync(sessions, ct);
    }

    private async Task OneSessionAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var ann = new Visitor(server.Environment["EG_GATE"], Ann);
        var knock = await ann.KnockAsync(ct);
        Tell("before a session the door is shut", knock is { IsOpen: false, Bytes: 0 }, knock.Saw);

        var first = await StartSessionAsync(server, Ann, 600, sessions, ct);
        Tell("a session is started", first.Status == "PENDING", first.Status);
        first = await UntilAsync(server, first.Id, s => s.Status != "PENDING", ct);
        Tell("and becomes active", first.Status == "ACTIVE",
            $"{first.Status}, rule applied {(first.ResourceIps[0].AppliedAt - first.StartedAt)?.TotalMilliseconds:0} ms after the start");
        few += (int)Math.Clamp((first.ResourceIps[0].AppliedAt - first.StartedAt)?.TotalSeconds ?? 0, 0, 10);
        knock = await ann.KnockAsync(ct);
        Tell("the door is open", knock.IsOpen, knock.Saw);
        knock = await new Visitor(server.Environment["EG_GATE"], Bob).KnockAsync(ct);
        Tell("but not for another address", knock is { IsOpen: false, Bytes: 0 }, knock.Saw);

        var second = await StartSessionAsync(server, Ann, 600, sessions, ct);
        second = await UntilAsync(server, second.Id, s => s.Status != "PENDING", ct);
        var why = (await server.Http.GetFromJsonAsync<ExplainResponse>($"/api/v1/explain?resource={second.ResourceIps[0].ResourceId}&address={Ann}", Json, ct))!;
        var live = why.Claims.Count(c => c.IsLive);
        Tell("a second session for the same address makes no second rule", second.Status == "ACTIVE" && live == 2 && why.Standing == 1,
            $"{second.Status}; {live} live claims, {why.Standing} rule");

        using var connection = await ann.StayAsync(ct);
        await StopAsync(server, first.Id, ct);
        first = await UntilAsync(server, first.Id, s => s.EndedAt is not null, ct);
        knock = await ann.KnockAsync(ct);
        Tell("stopping the first leaves the door open", knock.IsOpen && first.Status == "CANCELLED", $"{first.Status}; {knock.Saw}");

        var stoppedAt = time.GetTimestamp();
        var cut = Visitor.CutAsync(connection, Patience, ct);
        await StopAsync(server, second.Id, ct);
        var (isCut, how) = await cut;
        var after = time.GetElapsedTime(stoppedAt);
        second = await UntilAsync(server, second.Id, s => s.EndedAt is not null, ct);
        knock = await ann.KnockAsync(ct);
        Tell("stopping the second shuts it and cuts the live connection", isCut && knock is { IsOpen: false, Bytes: 0 } && second.Status == "CANCELLED",
            $"connection {how} {after.TotalMilliseconds:0} ms after the stop was sent; {second.Status}; then {knock.Saw}");
    }

    private async Task TimeIsUpAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var brief = await StartSessionAsync(server, Ann, few, sessions, ct);
        brief = await UntilAsync(server, brief.Id, s => s.Status != "PENDING", ct);
        var ann = new Visitor(server.Environment["EG_GATE"], Ann);
        using var connection = await ann.StayAsync(ct);
        var (isCut, how) = await Visitor.CutAsync(connection, Patience, ct);
        var cutLate = time.GetUtcNow() - brief.ExpiresAt;
        brief = await UntilAsync(server, brief.Id, s => s.EndedAt is not null, ct);
        var late = brief.EndedAt - brief.ExpiresAt;
        var knock = await ann.KnockAsync(ct);
        Tell($"a session of {few} s ends by itself",
            isCut && cutLate < TimeSpan.FromSeconds(2) && brief.Status == "EXPIRED" && late < TimeSpan.FromSeconds(5) && knock is { IsOpen: false, Bytes: 0 },
            $"{brief.Status}; connection {how} {cutLate.TotalMilliseconds:0} ms late, rule seen gone {late?.TotalMilliseconds:0} ms late; then {knock.Saw}");
    }

    private async Task KilledAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var live = await StartSessionAsync(server, Ann, 600, sessions, ct);
        var ended = await StartSessionAsync(server, Bob, 600, sessions, ct);
        await UntilAsync(server, live.Id, s => s.Status != "PENDING", ct);
        await UntilAsync(server, ended.Id, s => s.Status != "PENDING", ct);
        var ann = new Visitor(server.Environment["EG_GATE"], Ann);
        using var connection = await ann.StayAsync(ct);
        await StopAsync(server, ended.Id, ct);
        await server.KillAsync(ct);
        var (isCut, how) = await Visitor.CutAsync(connection, Patience, ct);
        var knock = await ann.KnockAsync(ct);
        Tell("killed with SIGKILL, one session live and one just stopped: the door is shut", isCut && knock is { IsOpen: false, Bytes: 0 },
            $"connection {how}, then {knock.Saw}");

        // From before the start until its session reads ended, the other one tries the door without a pause.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var bob = new Visitor(server.Environment["EG_GATE"], Bob).KnockUntilAsync(enough.Token);
        await using var again = await StartAsync(TimeSpan.Zero, ct);
        do
            knock = await ann.KnockAsync(ct);
        while (!knock.IsOpen && time.GetElapsedTime(again.AnsweredAt) < Patience);
        var after = time.GetElapsedTime(again.AnsweredAt);
        Tell("started again: the live one's door is open within 1 s of the first answer", knock.IsOpen && after < TimeSpan.FromSeconds(1),
            $"{knock.Saw}, {after.TotalMilliseconds:0} ms after the first answer");
        ended = await UntilAsync(again, ended.Id, s => s.EndedAt is not null, ct);
        await enough.CancelAsync();
        var (knocks, bytes) = await bob;
        Tell("and the stopped one's passes no byte", bytes == 0 && knocks > 0 && ended.Status == "CANCELLED",
            $"{ended.Status}; {knocks} tries since the kill, {bytes} bytes");
        await StopAsync(again, live.Id, ct);
        await UntilAsync(again, live.Id, s => s.EndedAt is not null, ct);
    }

    private async Task KilledWhileClosingAsync(List<Guid> sessions, CancellationToken ct)
    {
        SessionResponse stopped, brief;
        await using (var slow = await StartAsync(TimeSpan.FromSeconds(12), ct))
        {
            stopped = await StartSessionAsync(slow, Ann, 600, sessions, ct);
            brief = await StartSessionAsync(slow, Bob, few, sessions, ct);
            await UntilAsync(slow, stopped.Id, s => s.Status != "PENDING", ct);
            brief = await UntilAsync(slow, brief.Id, s => s.EndedAt is not null || s.ResourceIps[0] is { Status: "REMOVING", Attempts: > 0 }, ct);
            await StopAsync(slow, stopped.Id, ct);
            stopped = (await slow.Http.GetFromJsonAsync<SessionResponse>($"/api/v1/sessions/{stopped.Id}", Json, ct))!;
            Tell("killed again, while a slow removal is in flight and another waits",
                brief is { Status: "EXPIRING", EndedAt: null } && brief.ResourceIps[0].Status == "REMOVING" && stopped.Status == "EXPIRING",
                $"{brief.Status}, {brief.ResourceIps[0].Status}; {stopped.Status}, {stopped.ResourceIps[0].Status}");
            await slow.KillAsync(ct);
        }

        await using var server = await StartAsync(TimeSpan.Zero, ct);
        stopped = await UntilAsync(server, stopped.Id, s => s.EndedAt is not null, ct);
        brief = await UntilAsync(server, brief.Id, s => s.EndedAt is not null, ct);
        var ann = await new Visitor(server.Environment["EG_GATE"], Ann).KnockAsync(ct);
        var bob = await new Visitor(server.Environment["EG_GATE"], Bob).KnockAsync(ct);
        Tell("after the restart the door is shut for both, and the status says so",
            ann is { IsOpen: false, Bytes: 0 } && bob is { IsOpen: false, Bytes: 0 } && stopped.Status == "CANCELLED" && brief.Status == "EXPIRED",
            $"{stopped.Status}, {ann.Saw}; {brief.Status}, {bob.Saw}");
        await AuditAsync(server, sessions, ct);
    }

    // Each session's own rows, oldest first, read start … end with its rule's rows between, in the order of time, and end as the session says.
    private async Task AuditAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var rows = 0;
        var broken = new List<string>();
        foreach (var id in sessions)
        {
            var session = (await server.Http.GetFromJsonAsync<SessionResponse>($"/api/v1/sessions/{id}", Json, ct))!;
            var page = await server.Http.GetFromJsonAsync<AuditPage>($"/api/v1/audit-logs?sessionId={id}&size=100", Json, ct);
            var entries = page!.Content.Reverse().ToList();
            var events = entries.ConvertAll(e => e.EventType);
            rows += events.Count;
            string[] expected = ["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_EXPIRING", "RULE_", $"SESSION_{session.Status}"];
            var at = -1;
            if (!Array.TrueForAll(expected, what => (at = events.FindIndex(at + 1, e => e.StartsWith(what, StringComparison.Ordinal))) >= 0)
                || at != events.Count - 1 || !entries.Select(e => e.CreatedAt).SequenceEqual(entries.Select(e => e.CreatedAt).Order()))
                broken.Add(string.Join(" ", events));
        }

        Tell("the audit log tells the whole story in order", broken.Count == 0,
            broken.Count == 0 ? $"{rows} rows about {sessions.Count} sessions, each from SESSION_START to its end" : string.Join("; ", broken));
    }

    private Task<ServerProcess> StartAsync(TimeSpan removalDelay, CancellationToken ct) => ServerProcess.StartAsync(folder, url, removalDelay, time, ct);

    private static async Task<SessionResponse> StartSessionAsync(ServerProcess server, string address, int seconds, List<Guid> sessions, CancellationToken ct)
    {
        using var answer = await server.Http.PostAsJsonAsync(
            "/api/v1/sessions", new StartSessionRequest { DurationSeconds = seconds, Ipv4Address = address }, Json, ct);
        if (answer.StatusCode != HttpStatusCode.Created)
            throw new InvalidOperationException($"POST /sessions answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(ct)}");
        var session = (await answer.Content.ReadFromJsonAsync<SessionResponse>(Json, ct))!;
        sessions.Add(session.Id);
        return session;
    }

    private static async Task StopAsync(ServerProcess server, Guid id, CancellationToken ct)
    {
        using var answer = await server.Http.PostAsync(new Uri($"/api/v1/sessions/{id}/stop", UriKind.Relative), null, ct);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<SessionResponse> UntilAsync(ServerProcess server, Guid id, Func<SessionResponse, bool> holds, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var session = (await server.Http.GetFromJsonAsync<SessionResponse>($"/api/v1/sessions/{id}", Json, ct))!;
            if (holds(session) || time.GetElapsedTime(since) > Patience)
                return session;
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, ct);
        }
    }

    private void Tell(string what, bool holds, string saw)
    {
        step++;
        if (!holds)
            failed++;
        output.WriteLine($"  {step,2}. {(holds ? "ok  " : "FAIL")} {what}: {saw}");
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
