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
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly string url = $"http://127.0.0.1:{FreePort()}";
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
            await story.PlayAllAsync(ct);
            return story.failed == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task PlayAllAsync(CancellationToken ct)
    {
        var startedAt = time.GetTimestamp();
        await output.WriteLineAsync("EntryGuard, played by itself: a real server process, a real TCP gate, no cloud account.\n");
        var sessions = new List<Guid>();
        await using (var server = await StartAsync(TimeSpan.Zero, ct))
        {
            Tell("the server answers", server.ReadyAfter < TimeSpan.FromSeconds(10), $"{server.ReadyAfter.TotalSeconds:0.00} s after its start, on {url}");
            await OneSessionAsync(server, sessions, ct);
            await TimeIsUpAsync(server, sessions, ct);
            await KilledAsync(server, sessions, ct);
        }

        await KilledWhileClosingAsync(sessions, ct);
        await output.WriteLineAsync(failed == 0
            ? $"\nAll {step} steps held, in {time.GetElapsedTime(startedAt).TotalSeconds:0.0} s."
            : $"\n{failed} of {step} steps did not hold. The server's log:\n{await File.ReadAllTextAsync(Path.Combine(folder, "server.log"), ct)}");
    }

    private async Task OneSessionAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var ann = new Visitor(server.Environment["EG_GATE"], Ann);
        var (open, saw) = await ann.KnockAsync(ct);
        Tell("before a session the door is shut", !open, saw);

        var first = await StartSessionAsync(server, Ann, 600, sessions, ct);
        Tell("a session is started", first.Status == "PENDING", first.Status);
        first = await UntilAsync(server, first.Id, s => s.Status != "PENDING", ct);
        Tell("and becomes active", first.Status == "ACTIVE", $"{first.Status}, rule applied {(first.ResourceIps[0].AppliedAt - first.StartedAt)?.TotalMilliseconds:0} ms after the start");
        (open, saw) = await ann.KnockAsync(ct);
        Tell("the door is open", open, saw);
        (open, saw) = await new Visitor(server.Environment["EG_GATE"], Bob).KnockAsync(ct);
        Tell("but not for another address", !open, saw);

        var second = await StartSessionAsync(server, Ann, 600, sessions, ct);
        second = await UntilAsync(server, second.Id, s => s.Status != "PENDING", ct);
        var why = await server.Http.GetFromJsonAsync<ExplainResponse>($"/api/v1/explain?resource={second.ResourceIps[0].ResourceId}&address={Ann}", Json, ct);
        Tell("a second session for the same address makes no second rule", second.Status == "ACTIVE" && why!.Standing == 1,
            $"{second.Status}; {why!.Claims.Count(c => c.IsLive)} live claims, {why.Standing} rule");

        await StopAsync(server, first.Id, ct);
        first = await UntilAsync(server, first.Id, s => s.EndedAt is not null, ct);
        (open, saw) = await ann.KnockAsync(ct);
        Tell("stopping the first leaves the door open", open && first.Status == "CANCELLED", $"{first.Status}; {saw}");

        using var connection = await ann.StayAsync(ct);
        var stoppedAt = time.GetTimestamp();
        var cut = Visitor.CutAsync(connection, ct);
        await StopAsync(server, second.Id, ct);
        var how = await cut;
        var after = time.GetElapsedTime(stoppedAt);
        (open, saw) = await ann.KnockAsync(ct);
        second = await UntilAsync(server, second.Id, s => s.EndedAt is not null, ct);
        Tell("stopping the second shuts it and cuts the live connection", !open && second.Status == "CANCELLED",
            $"{how} {after.TotalMilliseconds:0} ms after the stop was sent; {second.Status}; {saw}");
    }

    private async Task TimeIsUpAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var brief = await StartSessionAsync(server, Ann, 3, sessions, ct);
        await UntilAsync(server, brief.Id, s => s.Status != "PENDING", ct);
        using var connection = await new Visitor(server.Environment["EG_GATE"], Ann).StayAsync(ct);
        await Visitor.CutAsync(connection, ct);
        var cutLate = time.GetUtcNow() - brief.ExpiresAt;
        brief = await UntilAsync(server, brief.Id, s => s.EndedAt is not null, ct);
        var late = brief.EndedAt!.Value - brief.ExpiresAt;
        Tell("a session of 3 s ends by itself", brief.Status == "EXPIRED" && late < TimeSpan.FromSeconds(2),
            $"{brief.Status}; connection cut {cutLate.TotalMilliseconds:0} ms, rule seen gone {late.TotalMilliseconds:0} ms after its end");
    }

    private async Task KilledAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var live = await StartSessionAsync(server, Ann, 600, sessions, ct);
        var ended = await StartSessionAsync(server, Bob, 600, sessions, ct);
        await UntilAsync(server, live.Id, s => s.Status != "PENDING", ct);
        await UntilAsync(server, ended.Id, s => s.Status != "PENDING", ct);
        await StopAsync(server, ended.Id, ct);
        await server.KillAsync(ct);
        var (open, saw) = await new Visitor(server.Environment["EG_GATE"], Ann).KnockAsync(ct);
        Tell("killed with SIGKILL, one session live and one just stopped: the door is shut", !open, saw);

        await using var again = await StartAsync(TimeSpan.Zero, ct);
        var answeredAt = time.GetTimestamp();
        var ann = new Visitor(again.Environment["EG_GATE"], Ann);
        do
            (open, saw) = await ann.KnockAsync(ct);
        while (!open && time.GetElapsedTime(answeredAt) < TimeSpan.FromSeconds(5));
        var after = time.GetElapsedTime(answeredAt);
        Tell("started again: the live one's door is open within 1 s of the first answer", open && after < TimeSpan.FromSeconds(1),
            $"{saw}, {after.TotalMilliseconds:0} ms after the first answer");
        (open, saw) = await new Visitor(again.Environment["EG_GATE"], Bob).KnockAsync(ct);
        ended = await UntilAsync(again, ended.Id, s => s.EndedAt is not null, ct);
        Tell("and the stopped one's passes no byte", !open && ended.Status == "CANCELLED", $"{ended.Status}; {saw}");
        await StopAsync(again, live.Id, ct);
        await UntilAsync(again, live.Id, s => s.EndedAt is not null, ct);
    }

    private async Task KilledWhileClosingAsync(List<Guid> sessions, CancellationToken ct)
    {
        SessionResponse session;
        await using (var slow = await StartAsync(TimeSpan.FromSeconds(5), ct))
        {
            session = await StartSessionAsync(slow, Ann, 600, sessions, ct);
            await UntilAsync(slow, session.Id, s => s.Status != "PENDING", ct);
            await StopAsync(slow, session.Id, ct);
            session = await UntilAsync(slow, session.Id, s => s.ResourceIps[0] is { Status: "REMOVING", Attempts: > 0 }, ct);
            Tell("killed again, while a removal is in flight", session.Status == "EXPIRING", $"{session.Status}, {session.ResourceIps[0].Status}");
            await slow.KillAsync(ct);
        }

        await using var server = await StartAsync(TimeSpan.Zero, ct);
        session = await UntilAsync(server, session.Id, s => s.EndedAt is not null, ct);
        var (open, saw) = await new Visitor(server.Environment["EG_GATE"], Ann).KnockAsync(ct);
        Tell("after the restart the door is shut, and the status says so", !open && session.Status == "CANCELLED", $"{session.Status}; {saw}");
        await AuditAsync(server, sessions, ct);
    }

    // Each session's own rows, oldest first, must read start … end with its rule's rows between.
    private async Task AuditAsync(ServerProcess server, List<Guid> sessions, CancellationToken ct)
    {
        var rows = 0;
        var broken = new List<string>();
        foreach (var id in sessions)
        {
            var page = await server.Http.GetFromJsonAsync<AuditPage>($"/api/v1/audit-logs?sessionId={id}&size=100", Json, ct);
            var events = page!.Content.Reverse().Select(e => e.EventType).ToList();
            rows += events.Count;
            string[] expected = ["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_EXPIRING", "RULE_", "SESSION_"];
            var at = -1;
            if (!Array.TrueForAll(expected, what => (at = events.FindIndex(at + 1, e => e.StartsWith(what, StringComparison.Ordinal))) >= 0))
                broken.Add(string.Join(" ", events));
        }

        Tell("the audit log tells the whole story in order", broken.Count == 0, broken.Count == 0 ? $"{rows} rows about {sessions.Count} sessions" : broken[0]);
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
            if (holds(session) || time.GetElapsedTime(since) > TimeSpan.FromSeconds(10))
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
