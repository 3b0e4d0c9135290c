using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Simulation.Clouds;
using EntryGuard.Simulation.Kernel;
using EntryGuard.Simulation.Laws;
using EntryGuard.Simulation.Sabotages;

namespace EntryGuard.Simulation;

/// <summary>One run: organizations, people, clouds, one server at a time, and everything that happens to them, all chosen by one seed.</summary>
internal sealed class World : IDisposable
{
    private static readonly TimeSpan Troubles = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(13);

    // A busy instant of a crowded run takes some thousand.
    private const int MostStepsAtOnce = 50_000;
    private const int MostSteps = 1_000_000;

    private readonly DatabaseFile file = DatabaseFile.Fresh();
    private readonly Mirror mirror;
    private readonly People people;
    private Server? server;
    private int lives;
    private int stepsToCrash = -1;

    public World(int seed, Sabotage? sabotage = null)
    {
        (Loop, Sabotage) = (new Loop(seed), sabotage);
        Story = new Story(() => Loop.Now);
        Weather = new Weather(Loop.Dice);
        for (var i = 1; i <= 3; i++)
            Clouds.Add(new Cloud(Loop, Story, $"cloud{i}", Loop.Dice.Pick(CloudKind.All)));
        people = new People(this, new Population(this));
        mirror = new Mirror(ConnectionString);
        Laws = new Watch(Loop, Story, mirror, Clouds);
        foreach (var cloud in Clouds)
            cloud.OnChange = (c, rule, editor) => Check(() => Laws.Moved(c, rule, editor));
    }

    public Loop Loop { get; }
    public Story Story { get; }
    public Weather Weather { get; }
    public List<Cloud> Clouds { get; } = [];
    public Watch Laws { get; }
    public Sabotage? Sabotage { get; }
    public string ConnectionString => file.ConnectionString;

    /// <summary>Whose session it is.</summary>
    public string UserOf(SessionRow session) => mirror.UserOf(session.Id);

    /// <summary>The first law that was broken; null: none yet.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Runs to the end, or to the first broken law.</summary>
    public void Run()
    {
        try
        {
            Go();
        }
        catch (Broken broken)
        {
            Failure ??= broken;
        }
    }

    /// <summary>What a law says about what just happened; the run ends with the first that is broken.</summary>
    public void Check(Action law)
    {
        try
        {
            law();
        }
        catch (Broken broken)
        {
            Failure ??= broken;
        }
    }

    /// <summary>A flow ended with something it does not expect.</summary>
    public void Defect(string what, Exception e)
    {
        if (e is not ProcessDied)
            Failure ??= e is Broken ? e : new Broken("defect", $"{what}: {e}");
    }

    public void Dispose()
    {
        if (server is { Process.IsDead: false })
            server.Process.Die();
        server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        mirror.Dispose();
        file.Dispose();
    }

    private void Go()
    {
        Boot();
        var dice = Loop.Dice;
        for (var left = 8 + dice.Next(16); left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, () => Act(false));
        for (var left = Weather.Crash > 0 ? 1 + dice.Next(5) : 0; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, () => stepsToCrash = dice.Next(120));
        for (var left = Weather.Foreign > 0 ? 1 + dice.Next(6) : 0; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, EditByHand);
        if (Weather.Rush > 0)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, Rush);
        if (Weather.Outage > 0)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, Outage);
        if (Weather.CredentialFault > 0)
            Loop.In(dice.Between(TimeSpan.Zero, Troubles), null, LockOut);
        Until(Loop.Now + Troubles);

        Weather.Clear();
        Laws.CalmSince = Loop.Now;
        stepsToCrash = -1;
        Story.Tell("weather", "trouble is over");
        foreach (var cloud in Clouds)
            (cloud.DownUntil, cloud.LockedUntil) = (Loop.Now, Loop.Now);
        if (server!.Process.IsDead)
            Boot();
        Until(Loop.Now + Settling);
        Check(() => Laws.IsQuiet(TimeSpan.FromMinutes(1)));
        for (var left = 4; left > 0; left--)
            Loop.In(dice.Between(TimeSpan.Zero, TimeSpan.FromMinutes(2)), null, () => Act(true));
        Until(Loop.Now + TimeSpan.FromMinutes(5));
        Check(() => Laws.IsQuiet(TimeSpan.FromMinutes(1)));
        var last = Laws.Sessions.Select(s => s.ExpiresAt).Append(Loop.Now).Max();
        Until(last + TimeSpan.FromMinutes(1));
        Check(Laws.IsOver);
    }

    private void Until(DateTimeOffset end)
    {
        while (Failure is null && Loop.Step(end))
        {
            if (Loop.StepsNow > MostStepsAtOnce || Loop.Steps > MostSteps)
                throw new Broken("E23", $"{Loop.Steps} steps, {Loop.StepsNow} of them now: {server!.Process} does not come to rest");
            if (stepsToCrash >= 0 && stepsToCrash-- == 0)
                Crash();
        }
    }

    private void Boot()
    {
        if (Failure is not null || server is { Process.IsDead: false })
            return;
        server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        server = new Server(this, $"p{++lives}");
        Story.Tell($"p{lives}", "starts");
        server.Start();
    }

    private void Crash()
    {
        if (server is not { Process.IsDead: false } dying)
            return;
        Story.Tell(dying.Process.ToString(), "dies");
        dying.Process.Die();
        foreach (var gate in Clouds.Where(c => c.Kind.Capabilities.DiesWithProcess))
            gate.Forget();
        Loop.In(Loop.Dice.Chance(0.5) ? Loop.Dice.Seconds(0.5, 10) : Loop.Dice.Seconds(10, 200), null, Boot);
    }

    private void Act(bool calm)
    {
        if (server is not { Process.IsDead: false } now)
            return;
        people.Act(now, calm);
        if (Weather.Crash > 0 && Loop.Dice.Chance(0.3))
            stepsToCrash = Loop.Dice.Next(150);
    }

    private void Rush()
    {
        if (server is { Process.IsDead: false } now)
            people.Rush(now);
    }

    private void EditByHand()
    {
        var dice = Loop.Dice;
        var cloud = dice.Pick(Clouds);
        if (cloud.Kind.Capabilities.DiesWithProcess)
            return;
        if (cloud.Entries.Count > 0 && dice.Chance(0.5))
            cloud.TakeAway(dice.Pick(cloud.Entries));
        else
            cloud.MakeForeign(new RuleKey(Scope.Tcp(dice.Chance(0.7) ? 443 : 22), Cidr.Parse(dice.Pick(Population.Addresses))));
    }

    private void Outage()
    {
        var cloud = Loop.Dice.Pick(Clouds);
        cloud.DownUntil = Loop.Now + (Loop.Dice.Chance(0.3) ? TimeSpan.FromHours(1) : Loop.Dice.Seconds(1, 300));
        Story.Tell(cloud.Name, $"is down until {Story.At(cloud.DownUntil)}");
    }

    private void LockOut()
    {
        var cloud = Loop.Dice.Pick(Clouds);
        cloud.LockedUntil = Loop.Now + Loop.Dice.Seconds(1, 400);
        Story.Tell(cloud.Name, $"refuses the credential until {Story.At(cloud.LockedUntil)}");
    }
}
