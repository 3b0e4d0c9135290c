using Bunit;
using EntryGuard.Server.Web;
using EntryGuard.Server.Web.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Server.Tests.Web;

/// <summary>Parts of pages that decide something by themselves.</summary>
public sealed class PartTests : IDisposable
{
    private static readonly DateTimeOffset Now = Rows.Now;
    private readonly FakeTimeProvider time = new(Now);
    private readonly BunitContext page = new();

    public PartTests() => page.Services.AddSingleton(new Ticker(time));

    public void Dispose() => page.Dispose();

    [Theory]
    [InlineData(3 * 3600 + 65, "3:01:05")]
    [InlineData(3600, "1:00:00")]
    [InlineData(3599, "59:59")]
    [InlineData(9, "00:09")]
    [InlineData(0, "time is up")]
    [InlineData(-5, "time is up")]
    public void A_countdown_says_what_is_left(int seconds, string expected) => Count(seconds).Find("span").TextContent.ShouldBe(expected);

    [Fact]
    public void A_countdown_ticks()
    {
        var shown = Count(61);
        Advance(shown, 1);
        shown.Find("span").TextContent.ShouldBe("01:00");
        Advance(shown, 60);
        shown.Find("span").TextContent.ShouldBe("time is up");
    }

    [Fact]
    public void A_countdown_warns_once_when_five_minutes_are_left_and_once_at_the_end()
    {
        var told = new List<TimeSpan>();
        var shown = page.Render<Countdown>(p => p.Add(c => c.Until, Now.AddMinutes(6)).Add(c => c.Near, EventCallback.Factory.Create<TimeSpan>(this, told.Add)));
        Advance(shown, 59);
        told.ShouldBeEmpty();
        shown.Find("span").ClassList.ShouldNotContain("near");
        Advance(shown, 1);
        told.ShouldBe([TimeSpan.FromMinutes(5)]);
        shown.Find("span").ClassList.ShouldContain("near");
        Advance(shown, 30);
        told.Count.ShouldBe(1);
        Advance(shown, 270);
        told.ShouldBe([TimeSpan.FromMinutes(5), TimeSpan.Zero]);
    }

    [Fact]
    public void A_countdown_that_was_extended_warns_again()
    {
        var told = 0;
        var near = EventCallback.Factory.Create<TimeSpan>(this, _ => told++);
        var shown = page.Render<Countdown>(p => p.Add(c => c.Until, Now.AddMinutes(5)).Add(c => c.Near, near));
        Advance(shown, 1);
        told.ShouldBe(1);
        shown.Render(p => p.Add(c => c.Until, Now.AddMinutes(10)).Add(c => c.Near, near));
        Advance(shown, 10);
        told.ShouldBe(1);
        Advance(shown, 300);
        told.ShouldBe(2);
    }

    [Theory]
    [InlineData("PENDING", false, "blue", "Pending")]
    [InlineData("ACTIVE", false, "green", "Active")]
    [InlineData("PARTIAL", false, "orange", "Partial")]
    [InlineData("FAILED", false, "red", "Failed")]
    [InlineData("EXPIRING", false, "yellow", "Expiring")]
    [InlineData("EXPIRING", true, "red", "Closing overdue")]
    [InlineData("EXPIRED", false, "grey", "Expired")]
    [InlineData("CANCELLED", false, "grey", "Cancelled")]
    public void A_session_wears_its_status_as_colour_sign_and_word(string status, bool isOverdue, string colour, string word) =>
        Wears(page.Render<Badge>(p => p.Add(b => b.Of, Rows.Session(status) with { OverdueSince = isOverdue ? Now : null })), colour, word);

    [Theory]
    [InlineData("PENDING", false, "blue", "Pending", "Queued.")]
    [InlineData("APPLYING", false, "blue", "Applying", "Being applied right now.")]
    [InlineData("APPLIED", false, "green", "Applied", "Access granted.")]
    [InlineData("FAILED", false, "red", "Failed", "Failed: see Error.")]
    [InlineData("FAILED", true, "red", "Removal overdue", "It should be closed and may still be open. It is tried until it is.")]
    [InlineData("REMOVING", false, "yellow", "Removing", "Removal in progress.")]
    [InlineData("REMOVED", false, "grey", "Removed", "Its rules were seen gone.")]
    public void A_Resource_IP_wears_its_status_and_says_what_it_means(string status, bool isOverdue, string colour, string word, string meaning)
    {
        var badge = page.Render<Badge>(p => p.Add(b => b.Of, Rows.Claim(status: status) with { OverdueSince = isOverdue ? Now : null }));
        Wears(badge, colour, word);
        var shown = badge.Find(".badge");
        (shown.GetAttribute("data-tip"), shown.GetAttribute("tabindex")).ShouldBe((meaning, "0"));
        shown.HasAttribute("title").ShouldBeFalse("one tooltip, and not the browser's beside it");
    }

    [Fact]
    public void What_only_a_tooltip_says_is_reached_by_keyboard_and_what_is_said_elsewhere_is_no_stop()
    {
        foreach (var isSaid in new[] { false, true })
        {
            var stop = isSaid ? null : "0";
            page.Render<Badge>(p => p.Add(b => b.Of, Rows.Claim()).Add(b => b.IsSaidElsewhere, isSaid)).Find(".badge").GetAttribute("tabindex").ShouldBe(stop);
            var moment = page.Render<Moment>(p => p.Add(m => m.At, Now.AddMinutes(-5)).Add(m => m.IsSaidElsewhere, isSaid)).Find("time");
            (moment.TextContent, moment.GetAttribute("datetime"), moment.GetAttribute("tabindex")).ShouldBe(("5 min ago", "2026-03-02T07:55:00Z", stop));
        }

        var mute = page.Render<Badge>(p => p.Add(b => b.Of, Words.OnOff(true))).Find(".badge");
        (mute.HasAttribute("data-tip"), mute.HasAttribute("tabindex")).ShouldBe((false, false), "it has nothing to say");
        page.Render<Exact>(p => p.Add(e => e.At, Now)).Find("time").GetAttribute("tabindex").ShouldBe("0");
    }

    [Fact]
    public void A_whole_instant_says_UTC_and_the_clock_of_whoever_looks_in_words()
    {
        var shown = page.Render<Exact>(p => p.Add(e => e.At, Now).Add(e => e.IsWhole, true));
        shown.Find("time").TextContent.ShouldBe("2026-03-02 08:00:00 UTC");
        shown.Find("time").HasAttribute("tabindex").ShouldBeFalse("there is nothing more to say");
        shown.Find("time + local-time").GetAttribute("datetime").ShouldBe("2026-03-02T08:00:00Z");
    }

    [Fact]
    public void Opening_that_takes_longer_than_usual_says_why()
    {
        var claim = Rows.Claim(status: "PENDING") with { ErrorMessage = "The provider asked for a pause." };
        var shown = page.Render<SlowNotice>(p => p.Add(n => n.Session, Rows.Session("PENDING") with { ResourceIps = [claim] }));
        shown.Markup.Trim().ShouldBeEmpty();
        Advance(shown, 31);
        shown.Find("p").TextContent.ShouldBe("Opening takes longer than usual. web: The provider asked for a pause.");
    }

    [Fact]
    public void Closing_that_takes_longer_than_usual_says_what_it_waits_for()
    {
        var shown = page.Render<SlowNotice>(p => p.Add(n => n.Session, Rows.Session("EXPIRING") with { EndingAt = Now, ResourceIps = [Rows.Claim(status: "REMOVING")] }));
        Advance(shown, 11);
        shown.Find("p").TextContent.ShouldBe("Closing takes longer than usual. Waiting for web.");
    }

    [Theory]
    [InlineData(1440, 1440, new[] { 15, 30, 60, 120, 240, 480, 720, 960, 1440 }, 1440)]
    [InlineData(120, 1440, new[] { 15, 30, 60, 120 }, 120)]
    [InlineData(90, 1440, new[] { 15, 30, 60, 90 }, 90)]
    [InlineData(1440, 240, new[] { 15, 30, 60, 120, 240 }, 240)]
    [InlineData(62, 1440, new[] { 15, 30, 60 }, 62)]      // two minutes more are no choice of their own
    [InlineData(7, 1440, new[] { 7 }, 7)]
    public void Durations_are_the_usual_ones_cut_at_the_limit(int resource, int organization, int[] expected, int limit)
    {
        var choice = DurationChoice.Of([Rows.Door(resource)], organization);
        choice.Minutes.ShouldBe(expected);
        choice.Limit.ShouldBe(limit);
    }

    [Fact]
    public void Of_several_Resources_the_longest_counts_and_what_cannot_be_opened_does_not()
    {
        var choice = DurationChoice.Of([Rows.Door(60), Rows.Door(240) with { LimitedBy = "the role on-call, 4 h" }, Rows.Door(480) with { CanOpen = false, MaxMinutes = null }], 1440);
        choice.Limit.ShouldBe(240);
        choice.LimitedBy.ShouldBe("the role on-call, 4 h");
        DurationChoice.Of([Rows.Door(60) with { CanOpen = false, MaxMinutes = null }], 1440).ShouldBe(new DurationChoice([], null, null), new SameChoice());
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(100, 60)]
    [InlineData(1440, 120)]
    [InlineData(5, 15)]
    public void The_last_choice_is_kept_as_nearly_as_it_may(int wanted, int expected) => DurationChoice.Of([Rows.Door(120)], 1440).Nearest(wanted).ShouldBe(expected);

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(-40, "40 s ago")]
    [InlineData(90, "in 1 min")]
    [InlineData(-7200, "2 h ago")]
    [InlineData(-3 * 86400, "3 days ago")]
    public void Times_are_told_as_people_tell_them(int seconds, string expected) => Words.Relative(Now.AddSeconds(seconds), Now).ShouldBe(expected);

    [Fact]
    public void What_was_chosen_last_survives_the_browser_and_nonsense_does_not()
    {
        var choice = new Choice([Guid.CreateVersion7(Now), Guid.CreateVersion7(Now)], 90);
        var back = Choice.Read(choice.Write())!;
        back.Minutes.ShouldBe(90);
        back.Resources.ShouldBe(choice.Resources);
        Choice.Read("many things").ShouldBeNull();
        Choice.Read("").ShouldBeNull();
    }

    [Theory]
    [InlineData("/sessions?status=ACTIVE", "/sessions?status=ACTIVE")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/a\nb", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Sign_in_leads_back_only_within_this_server(string? asked, string expected) => PageSignIn.Back(asked).ShouldBe(expected);

    private static void Wears(IRenderedComponent<Badge> badge, string colour, string word)
    {
        var shown = badge.Find(".badge");
        shown.ClassList.ShouldContain(colour);
        shown.TextContent.ShouldBe(word);
        shown.QuerySelector("svg path")!.GetAttribute("d").ShouldNotBeNullOrEmpty();
    }

    private IRenderedComponent<Countdown> Count(int seconds) => page.Render<Countdown>(p => p.Add(c => c.Until, Now.AddSeconds(seconds)));

    // Each tick is a piece of work of the page's own thread: it is done when the next one is begun.
    private void Advance<T>(IRenderedComponent<T> shown, int seconds)
        where T : IComponent
    {
        for (var i = 0; i < seconds; i++)
            time.Advance(TimeSpan.FromSeconds(1));
        shown.WaitForState(() => true);
    }

    private sealed class SameChoice : IEqualityComparer<DurationChoice>
    {
        public bool Equals(DurationChoice? x, DurationChoice? y) => x!.Minutes.SequenceEqual(y!.Minutes) && x.Limit == y.Limit && x.LimitedBy == y.LimitedBy;

        public int GetHashCode(DurationChoice obj) => 0;
    }
}
