using EntryGuard.Domain.Net;

namespace EntryGuard.Gate.Tests;

public sealed class AllowTableTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Cidr Ann = Cidr.Parse("203.0.113.7");
    private static readonly Cidr Office = Cidr.Parse("203.0.113.0/24");

    private readonly SteppingClock _clock = new(Noon);
    private readonly AllowTable _table;
    private readonly RecordingObserver _gate = new();

    public AllowTableTests()
    {
        _table = new AllowTable(_clock);
        _table.Observe(_gate);
    }

    public void Dispose() => _table.Dispose();

    [Fact]
    public void An_empty_table_lets_nobody_in() => _table.Allows(Ann).ShouldBeFalse();

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.0/24", "203.0.113.255", true)]
    [InlineData("203.0.113.0/24", "203.0.114.0", false)]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7", true)]
    [InlineData("2001:db8::/64", "2001:db8::5", true)]
    [InlineData("2001:db8::/64", "2001:db8:0:1::5", false)]
    [InlineData("0.0.0.0/0", "2001:db8::5", false)]
    public void An_entry_lets_in_what_it_contains(string entry, string peer, bool isAllowed)
    {
        _table.Put(Cidr.Parse(entry), Noon.AddHours(1), "eg:1");
        _table.Allows(Cidr.Parse(peer)).ShouldBe(isAllowed);
    }

    [Fact]
    public void At_its_end_an_entry_no_longer_counts_and_just_before_it_does()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1").ShouldBeTrue();
        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        _table.Allows(Ann).ShouldBeTrue();
        _gate.Causes.ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromTicks(1));
        _table.Allows(Ann).ShouldBeFalse();
        _table.List().ShouldBeEmpty();
    }

    [Fact]
    public void The_gates_are_told_of_an_end_by_the_timer_alone()
    {
        _table.Put(Ann, Noon.AddMilliseconds(2500), "eg:1");
        _clock.Advance(TimeSpan.FromMilliseconds(2500));
        _gate.Causes.ShouldBe([CutCause.Lapsed]);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _gate.Causes.ShouldBe([CutCause.Lapsed]);
    }

    [Fact]
    public void Putting_again_moves_the_end_and_replaces_the_mark()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _table.Put(Ann, Noon.AddHours(2), "eg:2");
        _clock.Advance(TimeSpan.FromMinutes(90));
        _table.List().ShouldBe([new AllowEntry(Ann, Noon.AddHours(2), "eg:2")]);
        _table.Put(Ann, Noon.AddMinutes(91), "eg:2");
        _clock.Advance(TimeSpan.FromMinutes(1));
        _table.Allows(Ann).ShouldBeFalse();
        _gate.Causes.ShouldBe([CutCause.Lapsed]);
    }

    [Fact]
    public void Putting_with_an_end_that_has_come_takes_the_entry_away()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _table.Put(Ann, Noon, "eg:1").ShouldBeFalse();
        _table.Allows(Ann).ShouldBeFalse();
        _gate.Causes.ShouldBe([CutCause.Removed]);
        _gate.Awaited.ShouldBe([1]);
    }

    [Fact]
    public void Removing_tells_whether_the_entry_stood_and_waits_for_the_cuts_either_way()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _table.Remove(Ann).ShouldBeTrue();
        _table.Remove(Ann).ShouldBeFalse();
        _gate.Awaited.ShouldBe([1, 2]);
    }

    [Fact]
    public void Removing_one_entry_leaves_what_another_covers()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _table.Put(Office, Noon.AddHours(1), "eg:2");
        _table.Remove(Ann);
        _table.Allows(Ann).ShouldBeTrue();
        _table.Remove(Office);
        _table.Allows(Ann).ShouldBeFalse();
    }

    [Fact]
    public void A_clock_set_forward_shuts_the_door_on_the_next_look()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _clock.Step(TimeSpan.FromHours(1));
        _table.Allows(Ann).ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(1));
        _gate.Causes.ShouldBe([CutCause.Lapsed]);
    }

    [Fact]
    public void A_clock_set_back_does_not_hold_the_door_open()
    {
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _clock.Step(TimeSpan.FromHours(-5));
        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        _table.Allows(Ann).ShouldBeTrue();
        _clock.Advance(TimeSpan.FromTicks(1));
        _table.Allows(Ann).ShouldBeFalse();
        _table.Sweep();
        _gate.Causes.ShouldBe([CutCause.Lapsed]);
    }

    [Fact]
    public void An_entry_without_end_stands_for_ever()
    {
        _table.Put(Ann, DateTimeOffset.MaxValue, "eg:static");
        _clock.Step(TimeSpan.FromDays(365 * 500));
        _table.Allows(Ann).ShouldBeTrue();
    }

    [Fact]
    public void A_nearer_end_shortens_the_nap_of_the_gates()
    {
        _table.LongestNap().ShouldBeNull();
        _table.Put(Ann, Noon.AddHours(1), "eg:1");
        _table.LongestNap().ShouldBe(TimeSpan.FromSeconds(1));
        _gate.Nudges.ShouldBe(1);
        _table.Put(Office, Noon.AddMilliseconds(300.2), "eg:1");
        _table.LongestNap().ShouldBe(TimeSpan.FromMilliseconds(301));
        _gate.Nudges.ShouldBe(2);
        _table.Put(Cidr.Parse("2001:db8::1"), Noon.AddHours(2), "eg:1");
        _gate.Nudges.ShouldBe(2);
    }

    [Fact]
    public void No_address_is_no_entry() => Should.Throw<ArgumentException>(() => _table.Put(Cidr.None, Noon.AddHours(1), "eg:1"));

    [Fact]
    public void The_list_is_in_order()
    {
        _table.Put(Cidr.Parse("2001:db8::1"), Noon.AddHours(1), "a");
        _table.Put(Ann, Noon.AddHours(1), "b");
        _table.Put(Office, Noon.AddHours(1), "c");
        _table.List().Select(entry => entry.Mark).ShouldBe(["c", "b", "a"]);
    }

    private sealed class RecordingObserver : IAllowTableObserver
    {
        public List<CutCause> Causes { get; } = [];
        public List<long> Awaited { get; } = [];
        public int Nudges { get; private set; }

        public void Nudge() => Nudges++;

        public void Shrunk(long dueAt, CutCause cause) => Causes.Add(cause);

        public void AwaitCuts(long version) => Awaited.Add(version);
    }
}
