using System.Globalization;
using EntryGuard.Domain.Access;

namespace EntryGuard.Domain.Tests.Access;

public sealed class ScheduleTests
{
    private const string Office = "MON,TUE,WED,THU,FRI 08:00-18:00";

    [Theory]
    [InlineData(Office, "Europe/Berlin", "2026-03-02T08:00:00Z", "2026-03-02T17:00:00Z")]        // a Monday; UTC+1
    [InlineData(Office, "Europe/Berlin", "2026-07-06T08:00:00Z", "2026-07-06T16:00:00Z")]        // UTC+2
    [InlineData(Office, "Europe/Berlin", "2026-03-02T07:00:00Z", "2026-03-02T17:00:00Z")]        // the first instant counts
    [InlineData(Office, "Europe/Berlin", "2026-03-02T06:59:59Z", null)]
    [InlineData(Office, "Europe/Berlin", "2026-03-02T17:00:00Z", null)]                          // the last does not
    [InlineData(Office, "Europe/Berlin", "2026-03-01T12:00:00Z", null)]                          // a Sunday
    [InlineData(Office, "Pacific/Auckland", "2026-03-01T20:00:00Z", "2026-03-02T05:00:00Z")]     // there it is Monday
    [InlineData("SAT 22:00-02:00", "Etc/UTC", "2026-03-08T01:00:00Z", "2026-03-08T02:00:00Z")]   // Saturday's night goes on into Sunday
    [InlineData("SAT 22:00-02:00", "Etc/UTC", "2026-03-07T01:00:00Z", null)]
    [InlineData("SAT,SUN 00:00-24:00", "Etc/UTC", "2026-03-07T10:00:00Z", "2026-03-09T00:00:00Z")]              // two days that touch
    [InlineData("MON 08:00-12:00; MON 12:00-18:00", "Etc/UTC", "2026-03-02T09:00:00Z", "2026-03-02T18:00:00Z")]
    [InlineData("MON 08:00-13:00; MON 12:00-18:00", "Etc/UTC", "2026-03-02T09:00:00Z", "2026-03-02T18:00:00Z")]
    [InlineData("MON 08:00-12:00; MON 12:01-18:00", "Etc/UTC", "2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z")]
    [InlineData("SUN 01:00-02:30", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z")]            // 02:30 does not exist that day: it ends with the jump
    [InlineData("SUN 01:00-02:30", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z")]            // 02:30 comes twice: the first
    public void It_is_open_until(string windows, string zone, string at, string? until)
    {
        var schedule = Schedule.Parse(windows, zone, out var error);
        error.ShouldBeNull();
        schedule!.OpenUntil(Instant(at)).ShouldBe(until is null ? null : Instant(until));
        Schedule.Parse(schedule.ToString(), zone, out _)!.OpenUntil(Instant(at)).ShouldBe(schedule.OpenUntil(Instant(at)), "as stored");
    }

    [Fact]
    public void What_is_never_closed_is_open_longer_than_any_session()
    {
        var always = Schedule.Parse("MON,TUE,WED,THU,FRI,SAT,SUN 00:00-24:00", "Europe/Berlin", out _)!;
        always.OpenUntil(Instant("2026-03-02T08:00:00Z")).ShouldNotBeNull().ShouldBeGreaterThan(Instant("2026-04-01T08:00:00Z"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("08:00-18:00")]
    [InlineData("MON")]
    [InlineData("MON 8:00-18:00")]
    [InlineData("MON 08:00-25:00")]
    [InlineData("MON 24:00-06:00")]
    [InlineData("MON 08:00-08:00")]
    [InlineData("MON 08:00-18:00 UTC")]
    [InlineData("MONDAY 08:00-18:00")]
    [InlineData("MON, 08:00-18:00")]
    [InlineData("MON 08:00–18:00")]
    public void What_is_no_schedule_says_how_to_write_one(string windows)
    {
        Schedule.Parse(windows, "Etc/UTC", out var error).ShouldBeNull();
        error.ShouldNotBeNull().ShouldContain("08:00-18:00");
    }

    [Fact]
    public void At_most_so_many_windows()
    {
        Schedule.Parse(string.Join(';', Enumerable.Repeat("MON 08:00-18:00", Schedule.MostWindows)), "Etc/UTC", out _).ShouldNotBeNull();
        Schedule.Parse(string.Join(';', Enumerable.Repeat("MON 08:00-18:00", Schedule.MostWindows + 1)), "Etc/UTC", out _).ShouldBeNull();
    }

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("Etc/UTC", true)]
    [InlineData("Mars/Olympus", false)]
    [InlineData("../../etc/passwd", false)]
    [InlineData("", false)]
    public void Zones_are_those_of_the_machine(string zone, bool known) => Schedule.KnowsZone(zone).ShouldBe(known);

    // A zone that a machine does not know (any more) opens nothing: better shut than open at the wrong hour.
    [Fact]
    public void In_an_unknown_zone_nothing_is_open() =>
        Schedule.Parse("MON,TUE,WED,THU,FRI,SAT,SUN 00:00-24:00", "Mars/Olympus", out _)!.OpenUntil(Instant("2026-03-02T08:00:00Z")).ShouldBeNull();

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
