using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EntryGuard.Domain.Net;
using EntryGuard.Gate;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Operations;

public sealed partial class MetricsTests
{
    [Theory, EveryDatabase]
    public async Task Every_metric_that_an_alert_names_is_at_metrics(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.Advance(TimeSpan.FromHours(1));
        (await app.Status(ann)).ShouldBe("EXPIRED");
        await app.Sweep();
        var shown = await WithACutConnectionAsync(() => MetricsAsync(app));
        var named = NameInRules().Matches(await File.ReadAllTextAsync(Repository.File("deploy/prometheus/entryguard.rules.yml"))).Select(m => m.Value).Distinct().ToList();
        named.Count.ShouldBeGreaterThan(5);
        foreach (var name in named)
            shown.ShouldContain(line => line.StartsWith($"{name} ", StringComparison.Ordinal) || line.StartsWith($"{name}{{", StringComparison.Ordinal), name);
        foreach (var name in new[] { "connections_accepted", "refusals", "cuts", "bytes" })
            shown.ShouldContain(line => line.StartsWith($"entryguard_gate_{name}", StringComparison.Ordinal), name);
    }

    [Theory, EveryDatabase]
    public async Task E20_the_number_of_overdue_closings_is_counted_at_each_scrape(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        (await MetricsAsync(app)).ShouldContain(line => Overdue().IsMatch(line) && line.Split(' ')[1] == "0");
        await app.MakeOverdue();
        (await MetricsAsync(app)).ShouldContain(line => Overdue().IsMatch(line) && line.Split(' ')[1] == "1");
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await MetricsAsync(app)).ShouldContain(line => Overdue().IsMatch(line) && line.Split(' ')[1] == "0");
    }

    [Theory, SqliteOnly]
    public async Task Metrics_are_for_this_machine_unless_configured_and_never_for_somebody_behind_an_unknown_proxy(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        (await StatusAsync(app, "198.51.100.1")).ShouldBe(HttpStatusCode.Forbidden);
        (await StatusAsync(app, "127.0.0.1")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(app, "127.0.0.1", "198.51.100.1")).ShouldBe(HttpStatusCode.Forbidden);

        await using var other = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:Metrics:From:0"] = "198.51.100.0/24" });
        (await StatusAsync(other, "198.51.100.1")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(other, "127.0.0.1")).ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<string[]> MetricsAsync(TestApp app)
    {
        using var client = app.Client("127.0.0.1");
        return (await client.GetStringAsync("/metrics")).Split('\n');
    }

    private static async Task<HttpStatusCode> StatusAsync(TestApp app, string from, string? forwardedFor = null)
    {
        using var client = app.Client(from);
        if (forwardedFor is not null)
            client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        using var answer = await client.GetAsync("/metrics");
        return answer.StatusCode;
    }

    private static async Task<T> WithACutConnectionAsync<T>(Func<Task<T>> act)
    {
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        target.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        target.Listen();
        using var table = new AllowTable(TimeProvider.System);
        await using var gate = TcpGate.Start(new GateOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Target = target.LocalEndPoint! }, table, TimeProvider.System);
        table.Put(Cidr.Parse("127.0.0.1"), TimeProvider.System.GetUtcNow().AddHours(1), "test");
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(gate.ListenEndpoint);
        using var behind = await target.AcceptAsync();
        table.Remove(Cidr.Parse("127.0.0.1"));
        return await act();
    }

    [GeneratedRegex(@"^entryguard_closing_overdue_claims(\{[^}]*\})? ")]
    private static partial Regex Overdue();

    [GeneratedRegex("entryguard_[a-z_]+")]
    private static partial Regex NameInRules();
}
