using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>When a claim needs somebody, and what a lost wake costs (E22, E23).</summary>
public sealed class DueTests
{
    [Theory, EveryDatabase]
    public async Task E22_due_is_the_next_date_a_claim_needs_somebody(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.OnOpening(Script.Unavailable);
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address);
        (await app.Row(ann)).DueAt.ShouldBe(started.AddSeconds(5));      // rung for; if that is lost, found in 5 s
        await app.RunUntilQuiet();
        (await app.Row(ann)).DueAt.ShouldBe(started.AddSeconds(30));     // waiting: its next try
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Row(ann)).DueAt.ShouldBe(ann.ExpiresAt);              // live and settled: its end
        app.OnClosing(Script.Unavailable);
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Row(ann)).DueAt.ShouldBe(stopped.AddSeconds(30));
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Row(ann)).DueAt.ShouldBeNull();                       // settled for good
    }

    [Theory, EveryDatabase]
    public async Task E22_a_claim_given_up_is_not_due_any_more(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("web").Capacity = 0;
        var ann = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        (await app.Row(ann)).DueAt.ShouldBeNull();
        (await app.Services.GetRequiredService<DueClaims>().NextAsync(CancellationToken.None)).ShouldBeNull();
    }

    [Theory, EveryDatabase]
    public async Task E22_taking_a_due_row_without_changing_it_moves_its_date_five_seconds_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        app.LoseWakes();
        app.Time.Advance(TimeSpan.FromSeconds(5));
        var due = app.Services.GetRequiredService<DueClaims>();
        (await due.ActAsync(CancellationToken.None)).ShouldHaveSingleItem();
        (await due.ActAsync(CancellationToken.None)).ShouldBeEmpty();
        (await app.Row(ann)).DueAt.ShouldBe(app.Time.GetUtcNow().AddSeconds(5));
    }

    [Theory, SqliteOnly]
    public async Task E22_what_is_due_is_taken_in_batches_of_at_most_500(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var template = await app.Open("ann");
        await app.Seed.Change(async db =>
        {
            var id = new SessionId(template.Id);
            var (session, claim) = (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id), await db.ResourceIps.AsNoTracking().SingleAsync(c => c.SessionId == id));
            for (var i = 0; i < 1100; i++)
                db.Sessions.Add(Like(session, claim, i));
        });
        var watch = new LargestWrite();
        await using var databases = Databases.Sqlite(database.ConnectionString, watch);
        app.Time.Advance(TimeSpan.FromHours(1));
        using var metrics = new EngineMetrics();
        var due = new DueClaims(databases, app.Services.GetRequiredService<DatabaseClock>(), metrics);
        (await due.ActAsync(CancellationToken.None)).ShouldHaveSingleItem();
        (watch.Most, watch.All).ShouldBe((500, 1101));
        await using var read = app.Databases.OpenEngine();
        (await read.ResourceIps.CountAsync(c => c.Wanted == Wanted.Absent)).ShouldBe(1101);
    }

    [Theory]
    [EveryDatabase("opening")]
    [EveryDatabase("closing")]
    public async Task E23_a_lost_wake_costs_at_most_five_seconds(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = what == "opening" ? await app.As("ann").StartSession("web", Address) : await app.Open("ann");
        if (what == "closing")
            await app.As("ann").Stop(ann);
        app.LoseWakes();
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe(what == "opening" ? "PENDING" : "EXPIRING");
        await app.Advance(TimeSpan.FromSeconds(5));
        (await app.Status(ann)).ShouldBe(what == "opening" ? "ACTIVE" : "CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E23_with_the_clock_switched_off_the_sweep_alone_takes_a_due_session_to_EXPIRED(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        app.LoseWakes();
        app.Time.Advance(TimeSpan.FromSeconds(60));
        await app.Sweep();
        (await app.Status(ann)).ShouldBe("ACTIVE");
        app.Time.SetUtcNow(ann.ExpiresAt);
        app.OnClosing(Script.Unavailable);
        await app.Sweep();
        (await app.Status(ann)).ShouldBe("EXPIRING");
        app.Provider.OnApply = null;
        app.Time.Advance(TimeSpan.FromSeconds(60));
        await app.Sweep();
        (await app.Status(ann)).ShouldBe("EXPIRED");
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory]
    [EveryDatabase(SessionStatus.Pending, "ACTIVE")]
    [EveryDatabase(SessionStatus.Partial, "ACTIVE")]
    public async Task E23_the_sweep_corrects_a_session_that_was_left_behind_and_says_that_it_is_a_defect(TestDatabase database, SessionStatus left, string corrected)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        await app.Seed.Change(db => db.Sessions.ExecuteUpdateAsync(set => set.SetProperty(s => s.Status, left)));
        await app.Sweep();
        (await app.Status(ann)).ShouldBe(corrected);
        app.Errors.ShouldHaveSingleItem().ShouldStartWith($"Defect: session {ann.Id}");
    }

    [Theory, EveryDatabase]
    public async Task E23_a_sweep_that_finds_nothing_wrong_changes_and_reports_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var (before, calls) = (await app.Audit(ann), app.Provider.Calls.Count);
        await app.Sweep();
        app.Errors.ShouldBeEmpty();
        (await app.Audit(ann)).ShouldBe(before);
        app.Provider.Calls.Count.ShouldBe(calls);
    }

    [Fact]
    public async Task E23_rings_during_a_run_are_one_more_run()
    {
        var (runs, release) = (0, new TaskCompletionSource());
        await using var loop = new RunLoop(_ =>
        {
            runs++;
            return release.Task;
        });
        for (var i = 0; i < 5; i++)
            loop.Wake();
        runs.ShouldBe(1);
        var first = release;
        release = new TaskCompletionSource();
        release.SetResult();
        first.SetResult();
        runs.ShouldBe(2);
    }

    private static Session Like(Session session, ResourceIp claim, int i)
    {
        var copy = new Session
        {
            Id = new SessionId(Guid.CreateVersion7(session.StartedAt)),
            OrganizationId = session.OrganizationId,
            UserId = session.UserId,
            Status = session.Status,
            StartedAt = session.StartedAt,
            ExpiresAt = session.ExpiresAt,
            ChangedAt = session.ChangedAt,
        };
        copy.ResourceIps.Add(new ResourceIp
        {
            Id = new ResourceIpId(Guid.CreateVersion7(session.StartedAt)),
            OrganizationId = claim.OrganizationId,
            SessionId = copy.Id,
            ResourceId = claim.ResourceId,
            AllowListKey = claim.AllowListKey,
            Address = Cidr.Parse($"198.51.{100 + (i / 250)}.{1 + (i % 250)}"),
            Scopes = [Scope.Tcp(443)],
            Wanted = Wanted.Present,
            Status = ResourceIpStatus.Applied,
            MayStand = true,
            EndsAt = claim.EndsAt,
            CapAt = claim.CapAt,
            DueAt = claim.DueAt,
            AppliedAt = claim.AppliedAt,
            SeenAt = claim.SeenAt,
            CreatedAt = claim.CreatedAt,
        });
        return copy;
    }

    // How many claims went into one transaction; each saves once.
    private sealed class LargestWrite : SaveChangesInterceptor
    {
        public int Most { get; private set; }
        public int All { get; private set; }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            var count = eventData.Context!.ChangeTracker.Entries<ResourceIp>().Count(e => e.State == EntityState.Modified);
            (Most, All) = (Math.Max(Most, count), All + count);
            return ValueTask.FromResult(result);
        }
    }
}
