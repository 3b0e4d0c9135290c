using System.Net;
using System.Text;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web;
using EntryGuard.Server.Web.Pages.Sessions;
using EntryGuard.Server.Web.Parts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What parts of pages say of sessions, and what they let somebody do about them.</summary>
public sealed class SessionPartTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = Rows.Now;
    private readonly FakeTimeProvider time = new(Now);
    private readonly BunitContext page = new();

    public ValueTask InitializeAsync()
    {
        page.Services.AddSingleton(new Ticker(time));
        page.Services.AddMudServices();
        page.JSInterop.Mode = JSRuntimeMode.Loose;
        return default;
    }

    public ValueTask DisposeAsync() => page.DisposeAsync();

    [Fact]
    public void A_Resource_that_closes_before_its_session_says_when_and_why()
    {
        var early = Rows.Claim("web", Now.AddMinutes(42)) with { LimitedBy = "the role on-call, 1 h" };
        var session = Rows.Session("ACTIVE", early, Rows.Claim("db", Now.AddHours(4)));
        Line(early, session).ShouldContain("until 08:42 UTC (in 42 min), by the role on-call, 1 h");
        Line(session.ResourceIps[1], session).ShouldNotContain("until");
        Line(early, session with { Status = "EXPIRING" }).ShouldNotContain("until");
        Line(Rows.Claim("web", Now.AddMinutes(42)) with { Status = "REMOVED", RemovedAt = Now }, session).ShouldNotContain("until");
    }

    [Fact]
    public void What_lets_an_address_in_anyway_is_said_of_what_is_open_and_of_what_is_gone()
    {
        foreach (var status in new[] { "APPLIED", "REMOVED" })
        {
            var claim = Rows.Claim("web", Now) with { Status = status, AppliedAt = Now, RemovedAt = status == "REMOVED" ? Now : null, AllowedAnywayBy = "tcp/443 0.0.0.0/0" };
            Line(claim, Rows.Session("ACTIVE", claim)).ShouldContain("Let in anyway by tcp/443 0.0.0.0/0, which is not ours.");
        }
    }

    [Fact]
    public void An_opened_row_says_in_words_what_its_tooltips_say()
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://here/") };
        var session = Rows.Session("EXPIRING", Rows.Claim("web", Now.AddHours(4))) with { StatusMessage = "Its rules are being taken off.", EndingAt = Now.AddMinutes(5), EndedReason = "MANUAL", Reason = "ticket 7" };
        var shown = page.Render<SessionTable>(p => p.Add(t => t.Sessions, [session]).Add(t => t.Client, new ApiClient(http)).AddCascadingValue(Rows.Admin));
        shown.FindAll("tbody [tabindex]").ShouldBeEmpty("rows of a list are no stops but for what can be done");
        shown.Find(".expander").Click();
        shown.FindAll("tr.inner dt").Zip(shown.FindAll("tr.inner dd"), (name, said) => $"{name.TextContent}: {string.Join(' ', said.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}").ShouldBe([
            "Status: Its rules are being taken off.", "Started: 2026-03-02 08:00:00 UTC · just now", "Was to expire: 2026-03-02 12:00:00 UTC · in 4 h",
            "Ending since: 2026-03-02 08:05:00 UTC · stopped by its user", "Reason: ticket 7"]);
        shown.FindAll("tr.inner dl local-time").Select(t => t.GetAttribute("datetime")).ShouldBe(["2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z", "2026-03-02T08:05:00Z"]);
    }

    [Fact]
    public void A_search_is_asked_of_the_API_with_the_other_filters()
    {
        new SessionFilter(SessionFilter.Running, false, "2026-03-01", null, null, " 100% & more ").Query.ShouldBe("status=PENDING,ACTIVE,PARTIAL,EXPIRING&from=2026-03-01&search=100%25%20%26%20more");
        new SessionFilter(null, false, null, null, null, null).Query.ShouldBeEmpty();
    }

    [Fact]
    public void A_session_some_of_which_is_over_does_not_say_that_all_of_it_is_open()
    {
        var open = Rows.Claim("db", Now.AddHours(4));
        var over = Rows.Claim("web", Now) with { Status = "REMOVED", RemovedAt = Now };
        Words.Session(Rows.Session("ACTIVE", open)).Meaning.ShouldBe("Every Resource of the session is open.");
        Words.Session(Rows.Session("ACTIVE", open, over)).Meaning.ShouldBe("Every Resource that is still due is open; the rest was closed before, or is being closed.");
        var overdue = Words.Session(Rows.Session("ACTIVE", open, over with { Status = "FAILED", OverdueSince = Now }) with { OverdueSince = Now });
        (overdue.Text, overdue.Colour).ShouldBe(("Active, closing overdue", "red"));
    }

    [Fact]
    public void What_closes_first_is_warned_of_five_minutes_before_by_its_name()
    {
        var session = Rows.Session("ACTIVE", Rows.Claim("web", Now.AddMinutes(60)) with { LatestEnd = Now.AddMinutes(60), LimitedBy = "the role on-call, 1 h" }, Rows.Claim("db", Now.AddHours(4)));
        EndWarning.Of(session, Now.AddMinutes(54)).ShouldBeNull();
        var first = EndWarning.Of(session, Now.AddMinutes(55))!;
        (first.End, first.Minutes).ShouldBe((Now.AddMinutes(60), 0));
        first.Text.ShouldBe("web closes in less than 5 minutes, at 09:00 UTC. It is as long as it may be (the role on-call, 1 h).");
        EndWarning.Of(session, Now.AddMinutes(60)).ShouldBeNull();

        var over = session with { ResourceIps = [session.ResourceIps[0] with { Status = "REMOVED" }, session.ResourceIps[1]] };
        var second = EndWarning.Of(over, Now.AddMinutes(236))!;
        (second.Text, second.Minutes).ShouldBe(("db closes in less than 5 minutes, at 12:00 UTC.", 15));
        second.Key.ShouldNotBe(first.Key);
        EndWarning.Of(over with { Status = "EXPIRING" }, Now.AddMinutes(236)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(20, 15)]
    public void No_more_is_offered_than_remains(int left, int expected)
    {
        var end = Now.AddMinutes(4);
        EndWarning.Of(Rows.Session("ACTIVE", Rows.Claim("web", end) with { LatestEnd = end.AddMinutes(left) }) with { ExpiresAt = end }, Now)!.Minutes.ShouldBe(expected);
    }

    [Fact]
    public void What_became_of_a_session_is_told_to_whoever_does_not_see_it()
    {
        var pending = Rows.Session("PENDING", Rows.Claim("web", Now.AddHours(4)) with { Status = "PENDING" });
        var news = page.Render<StatusNews>(p => p.Add(n => n.Sessions, [pending]));
        news.Find("[role=status]").TextContent.ShouldBeEmpty("what was there before is no news");
        news.Render(p => p.Add(n => n.Sessions, [Rows.Session("ACTIVE", Rows.Claim("web", Now.AddHours(4)))]));
        news.Find("[role=status]").TextContent.ShouldBe("Session active: web applied.");
        news.Render(p => p.Add(n => n.Sessions, []));
        news.Find("[role=status]").TextContent.ShouldBe("A session is over.");
    }

    [Theory]
    [InlineData("FAILED", true, true)]
    [InlineData("FAILED", false, true)]
    [InlineData("REMOVED", false, true)]
    [InlineData("APPLIED", false, false)]
    public void A_static_IP_is_tried_again_where_that_helps(string status, bool isOverdue, bool canRetry)
    {
        var claim = new StaticRuleResource { ResourceIpId = Guid.Empty, ResourceId = Guid.Empty, ResourceName = "web", IpAddress = "203.0.113.7", Status = status, OverdueSince = isOverdue ? Now : null };
        var rule = new StaticRuleResponse
        {
            Id = Guid.Empty,
            Label = "office",
            IpAddress = "203.0.113.7",
            Status = "ACTIVE",
            StatusMessage = "",
            CreatedByEmail = "",
            CreatedAt = Now,
            OwnerUserId = Guid.Empty,
            OwnerEmail = "",
            OpenRules = 0,
            Resources = [claim],
        };
        ClaimAtHand.Of(claim, rule).CanRetry.ShouldBe(canRetry);
        ClaimAtHand.Of(claim, rule with { EndingAt = Now }).CanRetry.ShouldBe(isOverdue, "what is over is opened no more");
    }

    [Fact]
    public async Task A_retry_is_sent_once_however_often_it_is_pressed()
    {
        using var line = new HeldLine();
        using var http = new HttpClient(line) { BaseAddress = new Uri("http://here/") };
        var claim = new ClaimAtHand(Guid.NewGuid(), null, "web", "203.0.113.7", null, IsOverdue: true, CanRetry: true);
        var shown = page.Render<ClaimActions>(p => p.Add(a => a.Claim, claim).Add(a => a.Client, new ApiClient(http)).AddCascadingValue(Rows.Admin));
        shown.FindAll("button").Select(b => b.TextContent.Trim()).ShouldBe(["Try again", "Declare gone"]);
        var first = shown.Find("button").ClickAsync(new());
        var second = shown.Find("button").ClickAsync(new());
        shown.Find("button").HasAttribute("disabled").ShouldBeTrue();
        line.Answer.SetResult(new HttpResponseMessage(HttpStatusCode.Conflict) { Content = new StringContent("{}", Encoding.UTF8, "application/json") });
        await first;
        await second;
        line.Asked.ShouldBe(1);
        shown.Find("button").HasAttribute("disabled").ShouldBeFalse();
        page.Render<ClaimActions>(p => p.Add(a => a.Claim, claim).Add(a => a.Client, new ApiClient(http)).AddCascadingValue(Rows.Admin with { IsOrgAdmin = false }))
            .FindAll("button").ShouldBeEmpty("it is nobody's but the administrators'");
    }

    private string Line(ResourceIpResponse claim, SessionResponse session) =>
        string.Join(' ', page.Render<ClaimLine>(p => p.Add(l => l.Claim, claim).Add(l => l.Session, session)).Find(".claim-says").TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
