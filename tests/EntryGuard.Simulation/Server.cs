using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Simulation.Clouds;
using EntryGuard.Simulation.Kernel;
using EntryGuard.Simulation.Sabotages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EntryGuard.Simulation;

/// <summary>One life of the server: production's engine on the shared database file, with an empty memory, and what drives it.</summary>
internal sealed class Server : IEngine, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(60);
    private readonly World world;
    private readonly List<AllowListWorker> workers = [];
    private readonly Dictionary<(AllowListWorker, AllowListKey), bool> rung = [];
    private readonly DueClaims due;
    private readonly Sweep sweep;
    private readonly EngineMetrics metrics = new();
    private TaskCompletionSource<bool>? sleeper;
    private bool bell;

    public Server(World world, string name)
    {
        this.world = world;
        var (loop, story) = (world.Loop, world.Story);
        Process = new Process(loop, name) { OnDefect = world.Defect };
        Sabotage = world.Sabotage;
        Databases = Databases.Sqlite(world.ConnectionString, new CommandPauses(this), new CommitPauses(this), new SavePauses(this, loop));
        Clock = DatabaseClock.Of(Databases, Process.Time);
        Providers = new ProviderSet(CloudKind.All.Select(kind =>
        {
            var provider = new SimProvider(loop, Process, story, world.Weather, kind, world.Clouds);
            return Sabotage?.Wrap(provider) ?? provider;
        }));
        var log = new DefectLog(world, Process);
        var (budget, secrets) = (new CallBudget(Process.Time), new SecretBox(new Microsoft.AspNetCore.DataProtection.EphemeralDataProtectionProvider()));
        var right = new WriteRight();
        right.Grant();
        var reconciliation = new Reconciliation(Databases, Clock, metrics, DriftBrake.Default);
        for (var i = 0; i < 2; i++)
            workers.Add(new AllowListWorker(Databases, Providers, secrets, budget, Clock, Process.Time, metrics, right, log.For<AllowListWorker>(), reconciliation));
        due = new DueClaims(Databases, Clock, metrics);
        sweep = new Sweep(Databases, due, Providers, Clock, this, metrics, reconciliation, log.For<Sweep>());
    }

    public Process Process { get; }

    public Databases Databases { get; }

    public DatabaseClock Clock { get; }

    public ProviderSet Providers { get; }

    public Sabotage? Sabotage { get; }

    public static IOptions<SessionSettings> Settings { get; } = Options.Create(new SessionSettings { MinimumSeconds = 5 });

    public void Start()
    {
        if (Sabotage?.IsClockOff != true)
            Process.Start("clock", ClockAsync);
        if (Sabotage?.IsSweepOff != true)
            Process.Start("sweep", SweepAsync);
    }

    /// <inheritdoc/>
    public void Wake(IEnumerable<AllowListKey> keys)
    {
        var lost = world.Loop.Dice.Chance(world.Weather.LostWake);
        if (!lost || world.Loop.Dice.Chance(0.5))
            Ring();
        if (lost)
            return;
        foreach (var key in keys)
        {
            var twice = world.Loop.Dice.Chance(world.Weather.Double);
            var first = twice ? world.Loop.Dice.Next(2) : 0;
            Wake(workers[first], key);
            if (twice && world.Loop.Dice.Chance(0.5))
                Wake(workers[1 - first], key);
        }
    }

    /// <summary>Before and after every command and commit.</summary>
    public Pause DatabasePause()
    {
        var dice = world.Loop.Dice;
        return Process.YieldLibrary(dice.Chance(world.Weather.Stall) ? dice.Seconds(0.5, 20) : dice.Chance(0.1) ? dice.Seconds(0, 0.003) : default);
    }

    public void OnCommit() => world.Check(() => world.Laws.Committed(Process.ToString()));

    public async ValueTask DisposeAsync()
    {
        metrics.Dispose();
        await Databases.DisposeAsync();
    }

    // One running, one waiting, as the grain does it.
    private void Wake(AllowListWorker worker, AllowListKey key)
    {
        if (rung.ContainsKey((worker, key)))
        {
            rung[(worker, key)] = true;
            return;
        }

        rung[(worker, key)] = false;
        Process.Start($"work on {key}", async () =>
        {
            FlowFacts.Begin();
            try
            {
                do
                {
                    rung[(worker, key)] = false;
                    await worker.RunOnce(key, CancellationToken.None);
                    Ring();
                }
                while (rung[(worker, key)]);
            }
            finally
            {
                rung.Remove((worker, key));
            }
        });
    }

    private async Task ClockAsync()
    {
        while (true)
        {
            bell = false;
            var keys = await due.ActAsync(CancellationToken.None);
            if (keys.Count > 0)
                Wake(keys);
            bell = false;
            var next = await due.NextAsync(CancellationToken.None);
            await SleepAsync(next);
        }
    }

    private async Task SweepAsync()
    {
        Wake(await sweep.RebuildableAsync(CancellationToken.None));
        while (true)
        {
            await sweep.RunOnce(CancellationToken.None);
            await Process.Yield(SweepEvery * (0.9 + (0.2 * world.Loop.Dice.Next(1000) / 1000.0)));
        }
    }

    private async Task SleepAsync(DateTimeOffset? until)
    {
        if (bell || until <= Clock.Now)
            return;
        var mine = sleeper = Process.Promise<bool>();
        if (until is { } at)
            world.Loop.In(at - Clock.Now, Process, () => mine.TrySetResult(true));
        await mine.Task;
    }

    private void Ring()
    {
        bell = true;
        if (sleeper is { } waiting)
            Process.Keep(waiting, true);
        sleeper = null;
    }
}

/// <summary>What production reports as its own defect is one.</summary>
internal sealed class DefectLog(World world, Process process)
{
    public ILogger<T> For<T>() => new Logger<T>(this);

    private void Write(string text, Exception? e)
    {
        if (!process.IsDead && e is not ProcessDied)
            world.Defect("log", e ?? new InvalidOperationException(text));
    }

    private sealed class Logger<T>(DefectLog log) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log.Write(formatter(state, exception), exception);
        }
    }
}
