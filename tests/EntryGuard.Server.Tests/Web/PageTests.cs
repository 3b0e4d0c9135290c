using AngleSharp.Dom;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Pages;
using EntryGuard.Server.Web.Pages.Sessions;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What pages say where the API says no, and that they do not take it for nothing.</summary>
public sealed class PageTests : IAsyncDisposable
{
    private static readonly SessionResponse Old = Rows.Session("ACTIVE", Rows.Claim("db", Rows.Now.AddHours(4))) with { Id = Guid.NewGuid(), UserId = Rows.Admin.Id, Ipv4Address = "203.0.113.7" };
    private static readonly SessionResponse Moved = Old with { Id = Guid.NewGuid(), Ipv4Address = "198.51.100.1", ResourceIps = [Old.ResourceIps[0] with { IpAddress = "198.51.100.1" }] };

    private readonly PageBench bench = new();

    public PageTests()
    {
        bench.Answers("GET me/access", new AccessResponse { IpAddress = "198.51.100.1", MaxSessionMinutes = 1440, Administrators = ["admin@acme.example"], Resources = [Rows.Door(240)] });
        bench.Answers("GET sessions", new[] { Old });
        bench.Answers("GET sessions/admin", new[] { Old });
    }

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Theory]
    [InlineData("GET sessions")]
    [InlineData("GET me/access")]
    public void What_Start_cannot_read_stays_as_it_was_and_the_page_says_so(string lost)
    {
        var page = bench.Show<Start>();
        page.FindAll(".running").Count.ShouldBe(1);
        bench.Answers(lost, Rows.Refused("The database is away."));
        bench.LookAgain();
        page.WaitForState(() => page.FindAll(".notice.bad").Count > 0);
        page.Find(".notice.bad").TextContent.Trim().ShouldBe("The database is away.");
        page.FindAll(".running").Count.ShouldBe(1, "to show none would say that nothing is open");
        page.FindAll("fieldset.pick input[type=checkbox]").Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(false, "GET sessions")]
    [InlineData(true, "GET sessions/admin")]
    public void A_list_of_sessions_that_cannot_be_read_stays_as_it_was_and_says_so(bool isEverybodys, string lost)
    {
        var list = bench.Show<SessionList>(p => p.Add(l => l.IsEverybodys, isEverybodys));
        list.Markup.ShouldContain(Old.Id.ToString());
        bench.Answers(lost, Rows.Refused("The database is away."));
        bench.LookAgain();
        list.WaitForState(() => list.FindAll(".notice.bad").Count > 0);
        list.Find(".notice.bad").TextContent.Trim().ShouldBe("The database is away.");
        list.Markup.ShouldContain(Old.Id.ToString());
        list.FindAll(".empty").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_session_whose_new_one_is_refused_is_not_moved()
    {
        bench.Answers("POST sessions", Rows.Refused("All starts are frozen."));
        var page = bench.Show<Start>();
        await MoveAsync(page);
        Says(page).ShouldBe("It was not moved: All starts are frozen.");
        bench.Asked.ShouldNotContain($"POST sessions/{Old.Id}/stop");
        Button(page, "Move it here")!.HasAttribute("disabled").ShouldBeFalse("it can be tried again");
    }

    [Fact]
    public async Task A_session_is_stopped_only_after_the_new_one_is_open()
    {
        bench.Answers("POST sessions", Moved with { Status = "PENDING" });
        bench.Answers($"POST sessions/{Old.Id}/stop", Old with { Status = "EXPIRING" });
        var page = bench.Show<Start>();
        bench.Answers("GET sessions", new[] { Moved with { Status = "PENDING" }, Old });
        await MoveAsync(page);
        page.Markup.ShouldContain("Moving: this session is stopped as soon as the new one is open.");
        bench.Asked.ShouldNotContain($"POST sessions/{Old.Id}/stop");
        bench.Answers("GET sessions", new[] { Moved, Old });
        bench.LookAgain();
        page.WaitForState(() => !page.Markup.Contains("Moving: ", StringComparison.Ordinal));
        bench.Asked.Count(a => a == $"POST sessions/{Old.Id}/stop").ShouldBe(1);
        page.Markup.ShouldNotContain("not moved");
    }

    [Fact]
    public async Task A_session_stays_where_nothing_was_opened_for_the_new_address()
    {
        bench.Answers("POST sessions", Moved with { Status = "PENDING" });
        var page = bench.Show<Start>();
        bench.Answers("GET sessions", new[] { Moved with { Status = "FAILED" }, Old });
        await MoveAsync(page);
        Says(page).ShouldBe("It was not moved: nothing was opened for the new address. The old one stays as it is.");
        bench.Asked.ShouldNotContain($"POST sessions/{Old.Id}/stop");
    }

    [Fact]
    public async Task A_session_that_cannot_be_stopped_after_its_move_says_so()
    {
        bench.Answers("POST sessions", Moved);
        bench.Answers($"POST sessions/{Old.Id}/stop", Rows.Refused("It is being closed by somebody else."));
        var page = bench.Show<Start>();
        bench.Answers("GET sessions", new[] { Moved, Old });
        await MoveAsync(page);
        Says(page).ShouldBe("The new session is open; the old one was not stopped: It is being closed by somebody else.");
        page.FindAll(".running").Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_session_whose_move_was_cut_off_before_its_end_is_stopped_and_not_moved_again()
    {
        bench.Answers("GET sessions", new[] { Moved, Old });
        bench.Answers($"POST sessions/{Old.Id}/stop", Old with { Status = "EXPIRING" });
        var page = bench.Show<Start>();
        Button(page, "Move it here").ShouldBeNull("it is open from here already");
        await Button(page, "Stop it")!.ClickAsync(new());
        bench.Asked.ShouldContain($"POST sessions/{Old.Id}/stop");
        bench.Asked.ShouldNotContain("POST sessions");
    }

    [Fact]
    public void A_session_is_moved_while_what_it_opens_is_not_open_from_here()
    {
        bench.Answers("GET sessions", new[] { Moved with { Status = "PENDING", ResourceIps = [Moved.ResourceIps[0] with { Status = "APPLYING" }] }, Old });
        var page = bench.Show<Start>();
        Button(page, "Stop it").ShouldBeNull();
        Button(page, "Move it here").ShouldNotBeNull();
    }

    private static Task MoveAsync(IRenderedComponent<Start> page) => Button(page, "Move it here")!.ClickAsync(new());

    private static string Says(IRenderedComponent<Start> page) => page.Find("p.notice.bad[role=status]").TextContent;

    private static IElement? Button(IRenderedComponent<Start> page, string text) => page.FindAll("button").FirstOrDefault(b => b.TextContent.Trim() == text);
}
