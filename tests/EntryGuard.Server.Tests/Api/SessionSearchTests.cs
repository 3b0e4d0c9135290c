using EntryGuard.Contracts;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

/// <summary>What a search of sessions finds, and what it never does.</summary>
public sealed class SessionSearchTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Every_word_is_found_in_user_address_reason_Resource_or_id(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await Started(app, "ann", "web", "203.0.113.7", "Nightly_backup of 100% of it");
        var bob = await Started(app, "bob", "orders-db", "203.0.113.18", null);
        await app.Advance(TimeSpan.FromMilliseconds(1));
        var six = await app.As("bob").StartSession("web", "2001:db8:0:0::1:a");
        await app.Seed.Change(async db => (await db.Users.SingleAsync(u => u.Id == new Domain.UserId(ann.UserId))).Name = "Ann O'Hara");
        var admin = await app.AsAdmin().Api();
        async Task Finds(string words, params SessionResponse[] expected) =>
            (await admin.ListSessionsAsync($"search={Uri.EscapeDataString(words)}", true, None)).Value.Select(s => s.Id).ShouldBe(expected.Select(s => s.Id), words);

        await Finds("o'HARA", ann);
        await Finds("BOB@", six, bob);
        await Finds("Orders", bob);
        await Finds("nightly", ann);
        await Finds("203.0.113.", bob, ann);
        await Finds("203.0.113.18", bob);
        await Finds("DB8::1", six);
        await Finds("2001:0DB8:0000::0001:000A", six);
        await Finds($"{ann.Id}".ToUpperInvariant(), ann);
        await Finds($"{ann.Id}"[..8]);
        await Finds("bob web", six);
        await Finds(" web   203.0.113.7 ann ann", ann);
        await Finds("ann orders");

        // What LIKE takes for "anything" is a letter like any other.
        await Finds("%", ann);
        await Finds("_", ann);
        await Finds("t_y");
        await Finds("100%", ann);
        await Finds(@"\");
    }

    [Theory, EveryDatabase]
    public async Task Only_what_the_list_holds_is_searched(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await Started(app, "ann", "web", "203.0.113.7", "backup");
        var bob = await Started(app, "bob", "web", "203.0.113.7", "backup");
        await app.AsAdmin().CreateStaticRule("backup", "203.0.113.7", "web");
        var stranger = await app.AsAdmin("globex").Api();
        foreach (var words in new[] { "backup", "ann@", "203.0.113.7", "web", $"{ann.Id}" })
        {
            var asked = $"search={Uri.EscapeDataString(words)}";
            (await (await app.As("bob").Api()).ListSessionsAsync(asked, false, None)).Value.Select(s => s.Id).ShouldBe(words is "ann@" || words == $"{ann.Id}" ? [] : [bob.Id], words);
            (await stranger.ListSessionsAsync(asked, true, None)).Value.ShouldBeEmpty(words);
        }

        var admin = await app.AsAdmin().Api();
        (await admin.ListSessionsAsync("search=backup&status=CANCELLED", true, None)).Value.ShouldBeEmpty();
        (await admin.ListSessionsAsync($"search=backup&userId={ann.UserId}", true, None)).Value.Single().Id.ShouldBe(ann.Id);
    }

    [Theory, EveryDatabase]
    public async Task What_is_found_comes_page_by_page(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var expected = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            expected.Insert(0, (await Started(app, "ann", "web", "203.0.113.7", $"ticket {i}")).Id);
            await Started(app, "ann", "db", "203.0.113.7", "other");
        }

        var api = await app.As("ann").Api();
        var (ids, cursor) = (new List<Guid>(), (string?)null);
        do
        {
            var page = await api.ListSessionsAsync($"search=TICKET&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", false, None);
            ids.AddRange(page.Value.Select(s => s.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        ids.ShouldBe(expected);
    }

    [Theory, EveryDatabase]
    public async Task A_search_that_is_too_long_is_told_so(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.As("ann").Api();
        async Task<string?> Fault(string words) => (await api.ListSessionsAsync($"search={Uri.EscapeDataString(words)}", false, None)).Problem?.ValidationErrors?["search"];
        (await Fault(new string('x', 201))).ShouldBe("is 201 characters long; write at most 200");
        (await Fault("a b c d e f g h i j k")).ShouldBe("has 11 words; write at most 10");
        (await Fault("a b c d e f g h i j J")).ShouldBeNull();
        (await Fault(" ")).ShouldBeNull();
    }

    private static async Task<SessionResponse> Started(TestApp app, string who, string resource, string address, string? reason)
    {
        await app.Advance(TimeSpan.FromMilliseconds(1));   // of one millisecond neither is the newer
        var ids = await app.As(who).Reach(resource);
        return (await app.As(who).TryStart(new StartSessionRequest { DurationMinutes = 60, Ipv4Address = address, Reason = reason, ResourceIds = [$"{ids[0].Value}"] }, address)).Value;
    }
}
