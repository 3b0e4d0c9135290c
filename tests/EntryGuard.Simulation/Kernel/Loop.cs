namespace EntryGuard.Simulation.Kernel;

/// <summary>
/// One thread, one virtual clock, one seed. Whatever is ready to go on waits here; which goes next is the seed's choice. Time moves only
/// when nothing is ready, to the next alarm.
/// </summary>
internal sealed class Loop(int seed)
{
    private readonly List<Item> ready = [];
    private readonly PriorityQueue<Alarm, (long At, long Order)> alarms = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long order;

    public Dice Dice { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public long Steps { get; private set; }

    /// <summary>Steps since time moved.</summary>
    public int StepsNow { get; private set; }

    /// <summary>Goes on with <paramref name="run"/> some time later, at the present instant.</summary>
    /// <param name="owner">Whose it is; null: the world's.</param>
    /// <param name="run">What.</param>
    /// <param name="context">What the code expects to run on; null where library code goes on, which must not leave this thread.</param>
    public void Post(Process? owner, Action run, SynchronizationContext? context = null)
    {
        if (Environment.CurrentManagedThreadId != thread)
            throw new InvalidOperationException("Something left the simulation's thread: the run cannot be repeated.");
        ready.Add(new Item(owner, run, context));
    }

    public Alarm In(TimeSpan delay, Process? owner, Action run) => Enqueue(new Alarm(Later(delay), owner, run));

    /// <summary>As <see cref="In"/>, for a flow that waits: if its process dies, it goes on at once, to see that.</summary>
    public void Wait(TimeSpan delay, Process owner, Action run, SynchronizationContext? context) =>
        Enqueue(new Alarm(Later(delay), owner, run) { IsWait = true, Context = context });

    /// <summary>One step. False if nothing is left before <paramref name="end"/>.</summary>
    public bool Step(DateTimeOffset end)
    {
        while (ready.Count == 0)
        {
            if (!alarms.TryPeek(out var next, out _) || next.At > end)
            {
                Now = end > Now ? end : Now;
                return false;
            }

            (Now, StepsNow) = next.At > Now ? (next.At, 0) : (Now, StepsNow);
            while (alarms.TryPeek(out next, out _) && next.At <= Now)
            {
                alarms.Dequeue();
                if (!next.IsOff)
                    ready.Add(new Item(next.Owner, next.Run, next.Context));
            }
        }

        Run(Dice.Next(ready.Count));
        return true;
    }

    /// <summary>A process died: what it waited for comes to nothing, and every flow of it sees that before anything else happens.</summary>
    public void Drain(Process dead)
    {
        var waiting = alarms.UnorderedItems.Where(a => a.Element.Owner == dead && !a.Element.IsOff).OrderBy(a => a.Priority).ToList();
        foreach (var (alarm, _) in waiting)
        {
            alarm.IsOff = true;
            if (alarm.IsWait)
                ready.Add(new Item(dead, alarm.Run, alarm.Context));
        }

        while (ready.FindIndex(i => i.Owner == dead) is >= 0 and var mine)
            Run(mine);
        if (dead.Flows.Count > 0)
            throw new InvalidOperationException($"Flows of {dead} that did not notice its death: {string.Join("; ", dead.Flows)}.");
    }

    private DateTimeOffset Later(TimeSpan delay) => Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero);

    private Alarm Enqueue(Alarm alarm)
    {
        alarms.Enqueue(alarm, (alarm.At.Ticks, order++));
        return alarm;
    }

    private void Run(int index)
    {
        var item = ready[index];
        ready[index] = ready[^1];
        ready.RemoveAt(ready.Count - 1);
        Steps++;
        StepsNow++;
        SynchronizationContext.SetSynchronizationContext(item.Context);
        try
        {
            item.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private readonly record struct Item(Process? Owner, Action Run, SynchronizationContext? Context);
}

/// <summary>Something that happens at a time, unless it is switched off before.</summary>
internal sealed class Alarm(DateTimeOffset at, Process? owner, Action run)
{
    public DateTimeOffset At => at;
    public Process? Owner => owner;
    public Action Run => run;
    public bool IsOff { get; set; }

    public SynchronizationContext? Context { get; init; }

    /// <summary>A flow waits for it: when its process dies, the flow must be told.</summary>
    public bool IsWait { get; init; }
}

/// <summary>All chance of one run.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random random = new(seed);

    public int Next(int below) => random.Next(below);

    public bool Chance(double probability) => random.NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + ((most - least) * random.NextDouble());

    public TimeSpan Seconds(double least, double most) => TimeSpan.FromTicks((long)((least + ((most - least) * random.NextDouble())) * TimeSpan.TicksPerSecond));

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
