using System.Globalization;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Features.Overview;
using EntryGuard.Server.Web.Pages.Watch;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace EntryGuard.Server.Tests.Web;

/// <summary>The overview's red button, its freezes and its week.</summary>
public sealed class WatchTests : IAsyncDisposable
{
    private readonly PageBench bench = new();
    private readonly TaskCompletionSource<object?> answer = new();
    private int changed;

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Fact]
    public async Task The_red_button_is_pressed_once_however_slow_the_answer()
    {
        bench.Answers("GET static-ip-rules", Array.Empty<StaticRuleResponse>());
        bench.Answers("POST sessions/admin/stop-all", () => answer.Task);
        var (dialogs, client) = (bench.Show<MudDialogProvider>(), await bench.ClientAsync());
        var closed = 0;
        var part = bench.Show<RedButton>(p => p.Add(b => b.Client, client).Add(b => b.OrganizationName, "Acme").Add(b => b.OrganizationSlug, "acme")
            .Add(b => b.Changed, EventCallback.Factory.Create(this, () => changed++)).Add(b => b.Closed, EventCallback.Factory.Create(this, () => closed++)));
        var press = part.Find(".mud-button-filled-error").ClickAsync(new());
        await dialogs.Find("input").InputAsync("acme");
        var yes = dialogs.Find(".mud-button-filled-error").ClickAsync(new());
        part.WaitForState(() => part.Markup.Contains("Stopping …", StringComparison.Ordinal));
        part.FindAll(".row button").All(b => b.HasAttribute("disabled")).ShouldBeTrue();
        await part.Find(".mud-button-filled-error").ClickAsync(new());
        dialogs.FindAll(".mud-dialog").ShouldBeEmpty("nothing is asked twice");
        answer.SetResult(new StopAllResponse { Sessions = 2, StaticRules = 0, ResourceIps = 3 });
        await press;
        await yes;
        bench.Asked.Count(a => a == "POST sessions/admin/stop-all").ShouldBe(1);
        bench.Said.ShouldBe(["2 sessions stopped; 3 Resource IPs being closed."]);
        (changed, closed).ShouldBe((1, 1));
    }

    [Fact]
    public async Task What_the_red_button_is_refused_stays_in_sight_with_what_was_typed()
    {
        bench.Answers("GET static-ip-rules", Array.Empty<StaticRuleResponse>());
        bench.Answers("POST sessions/admin/stop-all", Rows.Refused("The database is away."));
        var (dialogs, client) = (bench.Show<MudDialogProvider>(), await bench.ClientAsync());
        var part = bench.Show<RedButton>(p => p.Add(b => b.Client, client).Add(b => b.OrganizationName, "Acme").Add(b => b.OrganizationSlug, "acme"));
        await part.Find("#stop-reason").InputAsync("it leaks");
        var press = part.Find(".mud-button-filled-error").ClickAsync(new());
        await dialogs.Find("input").InputAsync("acme");
        await dialogs.Find(".mud-button-filled-error").ClickAsync(new());
        await press;
        part.Find(".notice.bad").TextContent.Trim().ShouldBe("The database is away.");
        part.Find("#stop-reason").GetAttribute("value").ShouldBe("it leaks");
        part.Find(".mud-button-filled-error").HasAttribute("disabled").ShouldBeFalse();
    }

    [Fact]
    public async Task A_freeze_is_lifted_once_however_slow_the_answer()
    {
        bench.Answers("POST sessions/admin/lift-freeze", () => answer.Task);
        var (dialogs, client) = (bench.Show<MudDialogProvider>(), await bench.ClientAsync());
        Frozen[] all = [new(null, null, "acme", Rows.Now), new(Guid.NewGuid(), null, "ann@acme.example", Rows.Now)];
        var part = bench.Show<Freezes>(p => p.Add(f => f.Client, client).Add(f => f.All, all).Add(f => f.Changed, EventCallback.Factory.Create(this, () => changed++)));
        var press = part.Find("button").ClickAsync(new());
        var yes = dialogs.Find(".mud-button-filled").ClickAsync(new());
        part.WaitForState(() => part.FindAll("button").All(b => b.HasAttribute("disabled")));
        await part.FindAll("button")[1].ClickAsync(new());
        dialogs.FindAll(".mud-dialog").ShouldBeEmpty("one at a time");
        answer.SetResult(Rows.Refused("Somebody lifted it already."));
        await press;
        await yes;
        bench.Asked.Count(a => a == "POST sessions/admin/lift-freeze").ShouldBe(1);
        bench.Said.ShouldBe(["Somebody lifted it already."]);
        changed.ShouldBe(1, "what is so now is looked for all the same");
        part.FindAll("button").Any(b => b.HasAttribute("disabled")).ShouldBeFalse();
    }

    [Fact]
    public void A_session_that_began_before_the_week_counts_in_it_and_was_not_started_in_it()
    {
        var first = Rows.Now.AddHours(1 - (7 * 24));
        var week = GetWeek.Of(
            [
                new(first.AddDays(-3), null),                         // open all the week long
                new(first.AddDays(-3), first.AddHours(2)),            // into its third hour, not in it
                new(first.AddDays(-3), first),                        // over as it begins
                new(first.AddDays(-9), first.AddDays(-8)),
                new(first.AddHours(10), first.AddHours(10.5)),
            ],
            first);
        week.Most.Take(3).ShouldBe([2, 2, 1]);
        week.Most[10].ShouldBe(2);
        week.Most[^1].ShouldBe(1);
        week.Days.Sum(d => d.Started).ShouldBe(1);
        (week.Days[0].Day, week.Days[0].Most, week.Days[0].Started).ShouldBe((DateOnly.FromDateTime(first.UtcDateTime), 2, 1));

        var chart = bench.Show<WeekChart>(p => p.Add(c => c.Show, week));
        chart.FindAll("rect").Count.ShouldBe(7 * 24);
        chart.FindAll("rect")[0].QuerySelector("title")!.TextContent.ShouldBe(first.ToString("yyyy-MM-dd HH:00", CultureInfo.InvariantCulture) + " UTC: 2");
        chart.Find("svg > title").TextContent.ShouldBe($"Open sessions, hour by hour over seven days. Most at once: 2, on {first:yyyy-MM-dd HH:00} UTC. Now: 1 in this hour.");
        chart.FindAll("tbody tr")[^1].TextContent.ShouldContain(first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
