using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Simulation.Kernel;

namespace EntryGuard.Simulation.Clouds;

/// <summary>One entry of an allow-list.</summary>
/// <param name="IsOurs">This program made it, whatever it is called now.</param>
internal sealed record Entry(string? Id, RuleKey Rule, string? Mark, DateTimeOffset? Until, bool IsOurs);

/// <summary>What really stands on one allow-list: the truth. It outlives every process, except a gate, which is one.</summary>
internal sealed class Cloud(Loop loop, Story story, string name, CloudKind kind)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);
    private readonly List<(DateTimeOffset At, IReadOnlyList<Entry> Entries)> history = [(loop.Now, [])];
    private readonly Dictionary<RuleKey, DateTimeOffset> lost = [];
    private int lastId;

    public string Name => name;

    public CloudKind Kind => kind;

    public AllowListKey Key => new($"sim:{name}");

    public IReadOnlyList<Entry> Entries => history[^1].Entries;

    /// <summary>Nobody reaches it before.</summary>
    public DateTimeOffset DownUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>The credentials do not work before.</summary>
    public DateTimeOffset LockedUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>Called when something changed: the rule, and who did it.</summary>
    public Action<Cloud, RuleKey, Editor> OnChange { get; set; } = (_, _, _) => { };

    /// <summary>Somebody else took something off that let it in, or it ended by itself, and nothing was made for it since.</summary>
    public bool IsLost(RuleKey rule) => lost.ContainsKey(rule);

    public bool Stands(RuleKey rule) => Entries.Any(e => e.Rule == rule);

    public RuleOutcome Add(RuleAddition addition)
    {
        var same = Entries.Where(e => e.Rule == addition.Rule).ToList();
        if (same.Find(e => e.Mark == addition.Mark) is { } ours)
        {
            if (ours.Until != addition.Until && kind.Capabilities.HoldsEndTime)
                Become([.. Entries.Where(e => e != ours), Timed(ours with { Until = addition.Until })], addition.Rule, Editor.Us, $"moved the end of {addition.Rule} to {story.At(addition.Until)}");
            return new RuleOutcome.AlreadyThere(new RuleEntry(ours.Id, addition.Rule.Scope));
        }

        if (same.Count > 0)
            return new RuleOutcome.SatisfiedByForeign();
        if (Entries.Count >= kind.Capacity)
            return new RuleOutcome.Rejected(new RuleFault("QUOTA", "The list is full.", true));
        if (kind.Capabilities.HoldsEndTime && addition.Until <= loop.Now)
            return new RuleOutcome.Rejected(new RuleFault("ENDED", "Its end has passed.", true));
        var made = new Entry(NextId(), addition.Rule, addition.Mark, kind.Capabilities.HoldsEndTime ? addition.Until : null, true);
        Become([.. Entries, Timed(made)], addition.Rule, Editor.Us, $"has {addition.Rule} now");
        lost.Remove(addition.Rule);
        return new RuleOutcome.Applied(new RuleEntry(made.Id, addition.Rule.Scope));
    }

    public RuleOutcome Remove(RuleRemoval removal)
    {
        var ids = removal.Entries.Select(e => e.Id).Where(id => id is not null).ToHashSet();
        var gone = Entries.Where(e => (e.Mark == removal.Mark && e.Rule.Address == removal.Rule.Address) || (e.Id is not null && ids.Contains(e.Id))).ToList();
        if (gone.Count == 0)
            return new RuleOutcome.AlreadyGone();
        if (gone.Find(e => !e.IsOurs) is { } foreign)
            throw new Broken("L4", $"a call of ours took {foreign.Rule} off {name}, which somebody else had made", removal.Rule.Address.ToString());
        Become([.. Entries.Except(gone)], removal.Rule, Editor.Us, $"lost {removal.Rule}, as asked");
        return new RuleOutcome.Removed();
    }

    /// <summary>What a list shows that was asked for then and is answered now.</summary>
    public IReadOnlyList<Entry> Seen(DateTimeOffset askedAt)
    {
        var earliest = askedAt - kind.Capabilities.ReadDelay;
        var at = earliest + loop.Dice.Between(TimeSpan.Zero, loop.Now - earliest);
        return (history.FindLast(h => h.At <= at) is { Entries: not null } then ? then : history[0]).Entries;
    }

    public void MakeForeign(RuleKey rule)
    {
        Become([.. Entries, new Entry(NextId(), rule, "made by hand", null, false)], rule, Editor.Others, $"has a foreign {rule} now");
        lost.Remove(rule);
    }

    public void TakeAway(Entry entry)
    {
        lost[entry.Rule] = loop.Now;
        Become([.. Entries.Where(e => e != entry)], entry.Rule, Editor.Others, $"lost {(entry.IsOurs ? "our" : "a foreign")} {entry.Rule}: somebody took it off");
    }

    /// <summary>The process in which a gate lives died.</summary>
    public void Forget()
    {
        foreach (var entry in Entries)
            lost[entry.Rule] = loop.Now;
        if (Entries.Count > 0)
            Become([], Entries[0].Rule, Editor.Others, "is empty: its process died");
    }

    private string? NextId() => kind.HasIds ? $"{name}-{++lastId}" : null;

    private Entry Timed(Entry entry)
    {
        if (entry.Until is { } until)
            loop.In(until - loop.Now, null, () => EndOf(entry));
        return entry;
    }

    private void EndOf(Entry entry)
    {
        if (!Entries.Contains(entry))
            return;
        lost[entry.Rule] = loop.Now;
        Become([.. Entries.Where(e => e != entry)], entry.Rule, Editor.Time, $"let {entry.Rule} end by itself");
    }

    private void Become(IReadOnlyList<Entry> entries, RuleKey rule, Editor editor, string what)
    {
        story.Tell(name, what, rule.Address.ToString(), name);
        history.RemoveAll(h => h.At < loop.Now - Remembered && h != history[^1]);
        history.Add((loop.Now, entries));
        OnChange(this, rule, editor);
    }
}

/// <summary>Who changed an allow-list.</summary>
internal enum Editor
{
    Us,
    Others,
    Time,
}
