using System.Net;
using System.Text.Json;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Server.Tests.Operations;

public sealed class HealthTests
{
    [Theory, EveryDatabase]
    public async Task A_node_that_does_its_work_is_live_and_ready_and_nothing_is_overdue(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        (await GetAsync(app, "live")).Status.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(app, "ready")).Status.ShouldBe(HttpStatusCode.OK);
        var closing = await GetAsync(app, "closing");
        closing.Status.ShouldBe(HttpStatusCode.OK);
        closing.Body.GetProperty("overdue").GetInt32().ShouldBe(0);
    }

    [Theory, EveryDatabase]
    public async Task E20_closing_is_503_with_count_and_age_while_a_closing_is_overdue_and_names_nobody(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.MakeOverdue();
        var closing = await GetAsync(app, "closing");
        closing.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        closing.Body.GetProperty("overdue").GetInt32().ShouldBe(1);
        closing.Body.GetProperty("oldestSeconds").GetInt64().ShouldBe(30);   // overdue 210 s after the end, looked at after 240 s
        foreach (var secret in new[] { "203.0.113.7", "web", "acme", "ann", session.Id.ToString() })
            closing.Body.GetRawText().ShouldNotContain($"\"{secret}");

        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await GetAsync(app, "closing")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase(1.5, true, "1.5 s away"), EveryDatabase(-9.5, true, "9.5 s away"), EveryDatabase(10.5, false, "10.5 s away"), EveryDatabase(0.5, true, null)]
    public async Task E24_a_clock_more_than_a_second_off_warns_and_more_than_ten_is_not_ready(TestDatabase database, double seconds, bool ready, string? says)
    {
        var right = new WriteRight();
        right.Grant();
        var clock = new DatabaseClock(TimeProvider.System, _ => Task.FromResult(TimeProvider.System.GetUtcNow().AddSeconds(seconds)));
        var state = await Look(database, clock, right);
        state.IsReady.ShouldBe(ready);
        var words = ready ? state.Warnings : state.Reasons;
        words.Count.ShouldBe(says is null ? 0 : 1);
        if (says is not null)
            words[0].ShouldContain(says);
    }

    [Theory, EveryDatabase]
    public async Task A_node_whose_database_is_gone_is_not_ready_and_tells_no_address_of_it(TestDatabase database)
    {
        var right = new WriteRight();
        right.Grant();
        var clock = new DatabaseClock(TimeProvider.System, _ => throw new InvalidOperationException("host db.internal does not answer"));
        var state = await Look(database, clock, right);
        state.IsReady.ShouldBeFalse();
        state.Reasons.ShouldHaveSingleItem().ShouldContain("database cannot be reached");
        state.Reasons[0].ShouldNotContain("db.internal");
    }

    [Theory, EveryDatabase]
    public async Task A_node_that_stops_is_not_ready(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        // Asked for before: a host that was told to stop disposes its services as soon as it can.
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var state = await readiness.LookAsync(default);
        state.Reasons.ShouldContain("The node is stopping.");
    }

    private static async Task<NodeState> Look(TestDatabase database, DatabaseClock clock, WriteRight right)
    {
        using var lifetime = new Lifetime();
        return await new Readiness(database.Databases, clock, right, lifetime, TimeProvider.System, NullLogger<Readiness>.Instance).LookAsync(default);
    }

    internal static async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(TestApp app, string what)
    {
        using var client = app.Client();
        using var answer = await client.GetAsync($"/health/{what}");
        return (answer.StatusCode, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()));
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => stopping.Token;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => stopping.Cancel();

        public void Dispose() => stopping.Dispose();
    }
}
