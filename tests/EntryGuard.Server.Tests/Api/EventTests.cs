using System.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Features.Events;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Server.Tests.Api;

public sealed class EventTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_member_follows_own_sessions_and_an_admin_all_of_the_organization(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await using var ann = await EventStream.OpenAsync(await app.As("ann").Http());
        await using var admin = await EventStream.OpenAsync(await app.AsAdmin().Http());
        await using var stranger = await EventStream.OpenAsync(await app.AsAdmin("globex").Http());
        await app.As("eve", "globex").StartSession("own", "203.0.113.9");
        await app.As("bob").StartSession("web", "203.0.113.8");
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();

        var rows = await ann.Rows(3);
        rows.Select(r => r.Audit!.EventType).ShouldBe(["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE"]);
        rows.ShouldAllBe(r => r.Session!.Id == session.Id && r.Audit!.Details == null);
        rows[^1].Session!.Status.ShouldBe("ACTIVE");
        (await admin.Rows(6)).Select(r => r.Session!.UserEmail).Distinct().ShouldBe(["bob@acme.example", "ann@acme.example"], ignoreOrder: true);
        (await stranger.Rows(3)).ShouldAllBe(r => r.Audit!.OrganizationName == "globex" && r.Session!.UserEmail == "eve@globex.example");
    }

    [Theory, EveryDatabase]
    public async Task It_resumes_where_it_was_without_gap_or_repeat(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var http = await app.As("ann").Http();
        var stream = await EventStream.OpenAsync(http);
        var first = await app.As("ann").StartSession("web", "203.0.113.7");
        (await stream.Types(1)).ShouldBe(["SESSION_START"]);
        await stream.DisposeAsync();
        await app.RunUntilQuiet();
        await app.As("ann").Stop(first);
        await using var again = await EventStream.OpenAsync(http, stream.LastId);
        (await again.Types(4)).ShouldBe(["RULE_APPLIED", "SESSION_ACTIVE", "SESSION_STOP", "SESSION_EXPIRING"]);
        await app.RunUntilQuiet();
        (await again.Types(2)).ShouldBe(["RULE_REMOVED", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task The_id_of_an_audit_row_is_enough_to_resume_by(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        var rows = (await (await app.AsAdmin().Api()).ListAuditAsync($"sessionId={session.Id}", None)).Value.Content;
        await using var stream = await EventStream.OpenAsync(await app.As("ann").Http(), rows[^1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await stream.Types(2)).ShouldBe(["RULE_APPLIED", "SESSION_ACTIVE"]);
    }

    [Theory, EveryDatabase]
    public async Task A_silent_stream_beats(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await using var stream = await EventStream.OpenAsync(await app.As("ann").Http());
        app.Time.Advance(StreamEvents.Heartbeat);
        (await stream.Next())!.Value.Type.ShouldBe("heartbeat");
        app.Time.Advance(StreamEvents.Heartbeat);
        (await stream.Next())!.Value.Type.ShouldBe("heartbeat");
    }

    [Theory]
    [EveryDatabase("revoked")]
    [EveryDatabase("expired")]
    [EveryDatabase("deactivated")]
    [EveryDatabase("suspended")]
    [EveryDatabase("promoted")]
    public async Task It_ends_when_its_key_or_user_does(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        await using var stream = await EventStream.OpenAsync(await app.As("ann").Http());
        await app.Seed.Change(async db =>
        {
            var (key, user) = (await db.ApiKeys.SingleAsync(k => k.UserId == me.User), await db.Users.SingleAsync(u => u.Id == me.User));
            var organization = await db.Organizations.SingleAsync(o => o.Id == me.Organization);
            (key.RevokedAt, key.ExpiresAt) = (what == "revoked" ? app.Time.GetUtcNow() : null, what == "expired" ? app.Time.GetUtcNow() : null);
            (user.IsActive, organization.IsActive, user.Authority) =
                (what != "deactivated", what != "suspended", what == "promoted" ? Authority.Admin : Authority.Member);
            db.Audit.Add(AuditRow.About(user, Actor.System, "SOMETHING", app.Time.GetUtcNow()));   // it rings; time stands still
        });
        (await stream.Next()).ShouldBeNull();
    }

    [Theory]
    [EveryDatabase("signed out")]
    [EveryDatabase("expired")]
    public async Task It_ends_when_the_sign_in_or_its_token_does(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var tokens = await ann.Join();
        await using var stream = await EventStream.OpenAsync(ann.With(tokens.AccessToken!).Http);
        if (what == "expired")
            app.Time.Advance(TimeSpan.FromMinutes(16));
        await ann.Anonymous().LogoutAsync(what == "signed out" ? tokens.RefreshToken : (await ann.Login()).RefreshToken, CancellationToken.None);   // it rings
        while (await stream.Next() is { } last)
            last.Type.ShouldNotBe("audit", "a member sees nothing of it");
    }

    [Theory, EveryDatabase]
    public async Task Nobody_may_hold_any_number_of_streams(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var http = await app.As("ann").Http();
        var streams = new List<EventStream>();
        for (var i = 0; i < EventStreams.MostPerUser; i++)
            streams.Add(await EventStream.OpenAsync(http));
        (await http.GetAsync(new Uri("/api/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead)).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        await using (await EventStream.OpenAsync(await app.As("bob").Http()))
        {
        }

        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    [Theory]
    [EveryDatabase("x")]
    [EveryDatabase("-1")]
    [EveryDatabase("5-7")]
    [EveryDatabase("5-3-9")]
    public async Task A_bad_last_event_id_is_named(TestDatabase database, string id)
    {
        await using var app = await TestApp.StartAsync(database);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", id);
        var answer = await (await app.As("ann").Http()).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Last-Event-ID");
    }

    [Theory, PostgresOnly]
    public async Task A_row_that_commits_late_with_a_smaller_id_is_not_lost(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        var http = await app.As("ann").Http();
        await using var stream = await EventStream.OpenAsync(http);
        await using var slow = app.Databases.OpenEngine();
        await using var work = await slow.BeginWriteAsync(WritePriority.Other, None);
        slow.Audit.Add(Row(app, me, "EARLY"));
        await slow.SaveChangesAsync();   // it has its id, and nobody sees it yet
        await WriteAsync(app.Databases, Row(app, me, "LATE"));
        (await stream.Types(1)).ShouldBe(["LATE"]);
        var seen = stream.LastId;
        await work.CommitAsync(None);
        await WriteAsync(app.Databases, Row(app, me, "LAST"));
        (await stream.Types(2)).ShouldBe(["EARLY", "LAST"]);

        await using var again = await EventStream.OpenAsync(http, seen);
        (await again.Types(2)).ShouldBe(["EARLY", "LAST"]);
    }

    [Theory, PostgresOnly]
    public async Task It_crosses_nodes(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        using var ear = app.Databases.AuditBell.Listen(me.Organization);
        using var listener = new AuditListener(app.Databases, TimeProvider.System, NullLogger<AuditListener>.Instance);
        await listener.StartAsync(None);
        (await ear.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, None)).ShouldBeTrue("it rings once it listens");
        await using var stream = await EventStream.OpenAsync(await app.As("ann").Http());
        await using var otherNode = database.Open();
        await WriteAsync(otherNode, Row(app, me, "ELSEWHERE"));
        (await stream.Types(1)).ShouldBe(["ELSEWHERE"]);   // the server's clock stands still: only the ring can have told it
        await listener.StopAsync(None);
    }

    private static AuditEntry Row(TestApp app, TestUser.SignedIn me, string what) => new()
    {
        OrganizationId = me.Organization,
        EventType = what,
        ActorType = "SYSTEM",
        Result = "SUCCESS",
        SubjectId = me.User,
        CreatedAt = app.Time.GetUtcNow(),
    };

    private static async Task WriteAsync(Databases databases, AuditEntry row)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, None);
        db.Audit.Add(row);
        await work.CommitAsync(None);
    }
}
