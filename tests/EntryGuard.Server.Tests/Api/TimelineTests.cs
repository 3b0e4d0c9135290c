using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

public sealed class TimelineTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Whoever_had_a_session_reads_what_happened_to_it_oldest_first_and_an_admin_all_of_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        await (await app.AsAdmin().Api()).StopSessionAsync(session.Id, anybodys: true, None);
        await app.RunUntilQuiet();

        var own = (await (await app.As("ann").Api()).GetTimelineAsync(session.Id, null, None)).Value;
        own.Select(a => a.EventType).ShouldBe(
            ["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_CANCELLED"]);
        own.Select(a => a.Id).ShouldBeInOrder(SortDirection.Ascending);
        own.ShouldAllBe(a => a.SessionId == session.Id && a.Details == null && (a.IpAddress == null || a.ActorEmail == "ann@acme.example"));
        (own[0].IpAddress, own[3].ActorEmail, own[3].IpAddress).ShouldBe(("198.51.100.1", "admin@acme.example", null));

        var whole = (await (await app.AsAdmin().Api()).GetTimelineAsync(session.Id, null, None)).Value;
        whole.Select(a => a.Id).ShouldBe(own.Select(a => a.Id));
        (whole[0].Details is not null, whole[3].IpAddress).ShouldBe((true, "198.51.100.1"));
    }

    [Theory, EveryDatabase]
    public async Task A_key_that_may_not_read_the_audit_log_gets_an_admin_no_more_than_a_member(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        var admin = await app.AsAdmin().Api();
        var key = (await admin.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "reads sessions", Scopes = ["sessions:read"] }, None)).Value;
        var api = new ApiClient(app.Client());
        api.UseKey(key.PlainTextKey!);
        (await api.GetTimelineAsync(session.Id, null, None)).Value.ShouldAllBe(a => a.Details == null && a.IpAddress == null);
    }

    [Theory, EveryDatabase]
    public async Task It_is_nobody_elses(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        foreach (var other in new[] { app.As("bob"), app.AsAdmin("globex") })
        {
            var answer = await (await other.Api()).GetTimelineAsync(session.Id, null, None);
            (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.NotFound, ErrorCodes.SessionNotFound));
        }
    }

    [Theory, EveryDatabase]
    public async Task It_is_paged_forwards(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        var api = await app.As("ann").Api();
        var first = await api.GetTimelineAsync(session.Id, "limit=1", None);
        first.NextCursor.ShouldBeNull("nothing else happened yet");
        await app.RunUntilQuiet();

        first = await api.GetTimelineAsync(session.Id, "limit=2", None);
        first.Value.Select(a => a.EventType).ShouldBe(["SESSION_START", "RULE_APPLIED"]);
        var second = await api.GetTimelineAsync(session.Id, $"limit=2&cursor={first.NextCursor}", None);
        second.Value.Select(a => a.EventType).ShouldBe(["SESSION_ACTIVE"]);
        second.NextCursor.ShouldBeNull();
    }

    [Theory]
    [EveryDatabase("limit=0", "limit")]
    [EveryDatabase("limit=201", "limit")]
    [EveryDatabase("cursor=!", "cursor")]
    public async Task A_bad_query_names_its_field(TestDatabase database, string query, string field)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        var answer = await (await app.As("ann").Api()).GetTimelineAsync(session.Id, query, None);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Problem!.ValidationErrors!.Keys.ShouldBe([field]);
    }
}
