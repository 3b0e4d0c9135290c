using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

public sealed class AuditTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task The_audit_log_tells_the_story_of_a_session_newest_first(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        await app.As("ann").Stop(session);
        await app.RunUntilQuiet();
        var page = (await (await app.AsAdmin().Api()).ListAuditAsync($"sessionId={session.Id}&size=100", None)).Value;
        page.Content.Select(a => a.EventType).Reverse().ShouldBe(
            ["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_CANCELLED"]);
        page.Content.Select(a => a.Id).ShouldBeInOrder(SortDirection.Descending);
        var start = page.Content[^1];
        (start.ActorEmail, start.ActorType, start.IpAddress, start.Result, start.OrganizationName).ShouldBe(("ann@acme.example", "API_KEY", "198.51.100.1", "SUCCESS", "acme"));
        start.Details!.Value.GetProperty("addresses")[0].GetString().ShouldBe("203.0.113.7");
        page.Content.Single(a => a.EventType == "RULE_REMOVED").ActorType.ShouldBe("SYSTEM");
    }

    [Theory, EveryDatabase]
    public async Task It_is_filtered_by_event_actor_and_time(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", "203.0.113.7", hours: 5);
        await app.Advance(TimeSpan.FromHours(1));
        await app.As("bob").StartSession("web", "203.0.113.8", hours: 5);
        await app.RunUntilQuiet();
        (await Found(app, "eventType=SESSION_START")).ShouldBe(["SESSION_START", "SESSION_START"]);
        (await Found(app, "eventType=SESSION_START,SESSION_ACTIVE&actorEmail=ANN@acme.example")).ShouldBe(["SESSION_START"]);
        (await Found(app, $"eventType=SESSION_START&from={ann.StartedAt.AddHours(1):O}".Replace("+", "%2B", StringComparison.Ordinal))).Length.ShouldBe(1);
        (await Found(app, $"eventType=SESSION_START&to={ann.StartedAt.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}")).Length.ShouldBe(1);
        (await Found(app, "eventType=NOTHING_OF_THE_SORT")).ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task It_is_paged_by_number_and_by_a_cursor_that_new_rows_do_not_shift(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        for (var i = 0; i < 5; i++)
            await app.As("ann").StartSession("web", "203.0.113.7");
        var api = await app.AsAdmin().Api();
        var first = (await api.ListAuditAsync("size=2", None)).Value;
        (first.TotalElements, first.TotalPages, first.Number, first.Size).ShouldBe((5, 3, 0, 2));
        var third = (await api.ListAuditAsync("size=2&page=2", None)).Value;
        (third.Content.Count, third.Number, third.NextCursor).ShouldBe((1, 2, null));

        var seen = first.Content.Select(a => a.Id).ToList();
        for (var cursor = first.NextCursor; cursor is not null;)
        {
            await app.As("bob").StartSession("web", "203.0.113.8");
            var next = (await api.ListAuditAsync($"size=2&cursor={cursor}", None)).Value;
            seen.AddRange(next.Content.Select(a => a.Id));
            cursor = next.NextCursor;
        }

        seen.ShouldBe(seen.Distinct().OrderDescending());
        seen.Count.ShouldBe(5);
    }

    [Theory, EveryDatabase]
    public async Task It_shows_another_organization_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        var api = await app.AsAdmin("globex").Api();
        var page = (await api.ListAuditAsync(null, None)).Value;
        (page.TotalElements, page.Content.Count).ShouldBe((0, 0));
        (await api.ListAuditAsync($"sessionId={session.Id}", None)).Value.TotalElements.ShouldBe(0);
    }

    [Theory]
    [EveryDatabase("size=0", "size")]
    [EveryDatabase("size=201", "size")]
    [EveryDatabase("size=x", "size")]
    [EveryDatabase("page=-1", "page")]
    [EveryDatabase("page=100000", "page")]
    [EveryDatabase("page=1&cursor=MQ", "page")]
    [EveryDatabase("cursor=!", "cursor")]
    [EveryDatabase("from=yesterday", "from")]
    [EveryDatabase("to=1", "to")]
    [EveryDatabase("sessionId=7", "sessionId")]
    [EveryDatabase("eventType=session_start", "eventType")]
    [EveryDatabase("actorEmail=a%00b", "actorEmail")]
    public async Task A_bad_query_names_its_field(TestDatabase database, string query, string field)
    {
        await using var app = await TestApp.StartAsync(database);
        var answer = await (await app.AsAdmin().Api()).ListAuditAsync(query, None);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Problem!.ValidationErrors!.Keys.ShouldBe([field]);
    }

    [Theory, EveryDatabase]
    public async Task It_is_found_by_who_did_it_to_what_from_where_and_how_it_went(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var role = await app.AsAdmin().CreateRole("on-call", ["web"], [app.As("ann")]);
        app.OnOpening(Testing.Providers.Script.Forbidden);
        await app.As("ann").Start();
        await app.RunUntilQuiet();
        (await Found(app, "actorType=API_KEY&resourceType=ROLE")).ShouldBe(["ROLE_CREATE"]);
        (await Found(app, $"resourceId={role.Id}")).ShouldBe(["ROLE_CREATE"]);
        (await Found(app, "result=FAILURE")).ShouldBe(["RULE_APPLY_FAILED"]);
        (await Found(app, "ipAddress=203.0.113.7")).ShouldBe(["SESSION_START"]);
        (await Found(app, "actorType=SYSTEM&ipAddress=203.0.113.7")).ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task An_export_holds_everything_the_filter_lets_through_oldest_first(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var organization = (await app.AsAdmin().SignIn()).Organization;
        await app.Seed.Change(db =>
        {
            for (var i = 0; i < 2500; i++)
                db.Audit.Add(Row(organization, "TEST", $"row {i}"));
            db.Audit.Add(Row(organization, "HOSTILE", "=cmd|' /C calc'!A0"));
            db.Audit.Add(Row(organization, "HOSTILE", "a \"quoted\", split\nname"));
            return Task.CompletedTask;
        });
        var http = await app.AsAdmin().Http();
        var csv = (await http.GetStringAsync(new Uri("/api/v1/audit-logs/export?eventType=TEST", UriKind.Relative))).Split("\r\n");
        (csv.Length, csv[^1]).ShouldBe((2502, ""));
        csv[0].ShouldStartWith("id,createdAt,eventType,");
        csv[1..^1].Select(l => l.Split(',')[8]).ShouldBe(Enumerable.Range(0, 2500).Select(i => $"row {i}"));
        var hostile = await http.GetStringAsync(new Uri("/api/v1/audit-logs/export?eventType=HOSTILE&format=csv", UriKind.Relative));
        hostile.ShouldContain(",'=cmd|' /C calc'!A0,", customMessage: "no formula");
        hostile.ShouldContain(",\"a \"\"quoted\"\", split\nname\",");

        using var answer = await http.GetAsync(new Uri("/api/v1/audit-logs/export?format=jsonl", UriKind.Relative));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-ndjson");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');
        lines.Length.ShouldBe(2500 + 2 + 2 + 1, "what was there when it was asked for, with the two exports before, and the end of the last line");
        var rows = lines[..^1].Select(l => System.Text.Json.JsonSerializer.Deserialize(l, ContractsJson.Default.AuditEntryResponse)!).ToList();
        rows.Select(r => r.Id).ShouldBe(rows.Select(r => r.Id).Order());
        rows[^1].ShouldSatisfyAllConditions(r => r.EventType.ShouldBe("AUDIT_EXPORT"), r => r.ActorEmail.ShouldBe("admin@acme.example"));
        (await http.GetAsync(new Uri("/api/v1/audit-logs/export?format=xml", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        static EntryGuard.Server.Data.AuditEntry Row(EntryGuard.Domain.OrganizationId organization, string type, string name) => new()
        {
            OrganizationId = organization,
            EventType = type,
            ActorType = "SYSTEM",
            ResourceName = name,
            Result = "SUCCESS",
            CreatedAt = new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero),
        };
    }

    private static async Task<string[]> Found(TestApp app, string query) =>
        [.. (await (await app.AsAdmin().Api()).ListAuditAsync(query, None)).Value.Content.Select(a => a.EventType)];
}
