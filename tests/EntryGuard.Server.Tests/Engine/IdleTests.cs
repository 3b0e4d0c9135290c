using System.Data.Common;
using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>The real clock and the real sweep, as the server runs them, under a clock that a test moves.</summary>
public sealed class IdleTests
{
    [Theory, SqliteOnly]
    public async Task E22_an_idle_single_node_does_no_database_work_but_the_sweep(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann", hours: 2);   // an open door is no work
        await using var node = new Node(database, app.Time.GetUtcNow());
        await node.StartAsync();
        for (var second = 0; second < 3600; second++)
            await node.Time.Second();

        var instants = node.Commands.GroupBy(at => at).OrderBy(g => g.Key).ToList();
        var gaps = instants.Zip(instants.Skip(1), (a, b) => (b.Key - a.Key).TotalSeconds).ToList();
        gaps.Count.ShouldBeInRange(54, 67);
        gaps.ShouldAllBe(gap => gap >= 54 && gap <= 67);              // the sweep's jittered minute, in whole seconds
        var asked = instants.Skip(1).Select(g => g.Count()).Order().ToList();
        asked[asked.Count / 2].ShouldBeLessThanOrEqualTo(16);   // what one sweep asks, with its housekeeping, what is to be verified and compared
        asked[^2].ShouldBeLessThanOrEqualTo(16);
        asked[^1].ShouldBeLessThanOrEqualTo(25);                // once an hour, what is to be pruned
        node.Woken.Count.ShouldBe(7);   // to be compared: at the start, and every 10 min
    }

    [Theory, SqliteOnly]
    public async Task E22_the_clock_ends_what_is_over_on_the_second_and_wakes_its_allow_list(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 1.5 / 60);   // 90 s lie between two sweeps, however these are jittered: it is the clock that acts
        await using var node = new Node(database, app.Time.GetUtcNow());
        await node.StartAsync();
        for (var second = 0; second < 89; second++)
            await node.Time.Second();
        (await app.Status(ann)).ShouldBe("ACTIVE");
        await node.Time.Second();
        (await app.Status(ann)).ShouldBe("EXPIRING");
        node.Woken.Select(k => k.Value).ShouldBe(["scripted:tester:web", "scripted:tester:web"]);   // at the start, to be compared; and now
    }

    [Theory, SqliteOnly]
    public async Task E24_the_offset_is_measured_again_when_wall_and_monotonic_time_part_by_a_second(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await using var node = new Node(database, app.Time.GetUtcNow());
        await node.StartAsync();
        var before = node.Measured;   // each sweep looks at it too
        await node.Time.Second();
        node.Measured.ShouldBe(before);
        node.Time.StepWall(TimeSpan.FromSeconds(0.9));
        await node.Time.Second();
        node.Measured.ShouldBe(before);
        node.Time.StepWall(TimeSpan.FromSeconds(0.1));
        await node.Time.Second();
        await node.Time.Second();
        node.Measured.ShouldBe(before + 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    [InlineData(-3600)]
    public async Task E24_due_is_decided_by_database_time_whatever_the_wall_clock_says(int wrongBySeconds)
    {
        var noon = new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
        var (time, offset) = (new SteppedTime(noon), TimeSpan.FromSeconds(wrongBySeconds));
        var clock = new DatabaseClock(time, _ => Task.FromResult(noon + time.GetElapsedTime((noon - DateTimeOffset.UnixEpoch).Ticks)));
        time.StepWall(offset);
        await clock.MeasureAsync(CancellationToken.None);
        (clock.Now, clock.Offset, clock.MustMeasure).ShouldBe((noon, -offset, false));
        time.Advance(TimeSpan.FromMinutes(1));
        clock.Now.ShouldBe(noon.AddMinutes(1));
        time.StepWall(TimeSpan.FromSeconds(0.999));
        clock.MustMeasure.ShouldBeFalse();
        time.StepWall(TimeSpan.FromSeconds(0.001));
        (clock.Now, clock.MustMeasure).ShouldBe((noon.AddMinutes(1), true));   // due does not jump with the wall clock
        await clock.MeasureAsync(CancellationToken.None);
        (clock.Now, clock.Offset, clock.MustMeasure).ShouldBe((noon.AddMinutes(1), -offset - TimeSpan.FromSeconds(1), false));
    }

    /// <summary>One node of one process: everything that runs by itself, and a bell that leads nowhere.</summary>
    private sealed class Node : IEngine, IAsyncDisposable
    {
        private readonly Databases databases;
        private readonly EngineMetrics metrics = new();
        private readonly Clock clock;
        private readonly SweepLoop sweep;
        private readonly NodeMetrics figures;

        public Node(TestDatabase database, DateTimeOffset start)
        {
            Time = new SteppedTime(start);
            databases = Databases.Sqlite(database.ConnectionString, new Counter(this));
            var databaseClock = new DatabaseClock(Time, _ =>
            {
                Measured++;
                return Task.FromResult(Time.GetUtcNow());
            });
            var due = new DueClaims(databases, databaseClock, metrics);
            var right = new WriteRight();
            right.Grant();
            clock = new Clock(databases, due, databaseClock, this, Time, NullLogger<Clock>.Instance, right);
            var health = new HealthReview(databases, databaseClock);
            figures = new NodeMetrics(
                new Readiness(databases, databaseClock, right, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), Time, NullLogger<Readiness>.Instance),
                new OverdueClosings(databases), health, databaseClock);
            var retention = new Retention(databases, databaseClock, Options.Create(new RetentionSettings()), NullLogger<Retention>.Instance);
            var providers = new ProviderSet([new ScriptedProvider(Time)]);
            var verification = new Verification(
                databases, providers, new SecretBox(new EphemeralDataProtectionProvider()), new CallBudget(Time), databaseClock, Time, metrics, this, NullLogger<Verification>.Instance);
            sweep = new SweepLoop(
                new Sweep(databases, due, providers, databaseClock, this, metrics,
                    new Reconciliation(databases, databaseClock, metrics, DriftBrake.Default), NullLogger<Sweep>.Instance),
                new Housekeeping(databases, figures, health, retention, right, Time, NullLogger<Housekeeping>.Instance),
                new VerificationRounds(databases, verification, databaseClock, NullLogger<VerificationRounds>.Instance), this, right, Time, NullLogger<SweepLoop>.Instance);
        }

        public SteppedTime Time { get; }
        public List<DateTimeOffset> Commands { get; } = [];
        public List<AllowListKey> Woken { get; } = [];
        public int Measured { get; private set; }

        public void Wake(IEnumerable<AllowListKey> keys)
        {
            lock (Woken)
                Woken.AddRange(keys);
        }

        public async Task StartAsync()
        {
            await sweep.StartAsync(CancellationToken.None);
            await clock.StartAsync(CancellationToken.None);
            await Time.BothSleep();
        }

        public async ValueTask DisposeAsync()
        {
            await clock.StopAsync(CancellationToken.None);
            await sweep.StopAsync(CancellationToken.None);
            clock.Dispose();
            sweep.Dispose();
            metrics.Dispose();
            figures.Dispose();
            await databases.DisposeAsync();
        }

        private sealed class Counter(Node node) : DbCommandInterceptor
        {
            public override DbCommand CommandCreated(CommandEndEventData eventData, DbCommand result)
            {
                lock (node.Commands)
                    node.Commands.Add(node.Time.GetUtcNow());
                return result;
            }
        }
    }
}
