using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

public sealed class ApiKeyTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_key_is_shown_once_works_and_is_revoked(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var api = await ann.Api();
        var made = await api.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "ci", Description = "Builds", Scopes = ["sessions:write", "sessions:read"] }, None);
        made.Status.ShouldBe(HttpStatusCode.Created);
        var key = made.Value;
        (key.UserEmail, key.CreatedByEmail, key.IsRevoked, key.ExpiresAt).ShouldBe((ann.Email, ann.Email, false, null));
        key.PlainTextKey.ShouldStartWith(key.KeyPrefix);
        key.Scopes.ShouldBe(["sessions:read", "sessions:write"]);
        var bearer = ann.With(key.PlainTextKey!);
        (await bearer.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await bearer.ListApiKeysAsync(null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);

        (await api.ListApiKeysAsync(null, None)).Value.ShouldAllBe(k => k.PlainTextKey == null);
        (await api.GetApiKeyAsync(key.Id, None)).Value.PlainTextKey.ShouldBeNull();
        (await api.RevokeApiKeyAsync(key.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await bearer.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var revoked = (await api.GetApiKeyAsync(key.Id, None)).Value;
        (revoked.IsRevoked, revoked.RevokedAt).ShouldBe((true, app.Time.GetUtcNow()));

        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await api.RevokeApiKeyAsync(key.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.GetApiKeyAsync(key.Id, None)).Value.RevokedAt.ShouldBe(revoked.RevokedAt);
        (await EventsOf(app, key.Id)).ShouldBe(["API_KEY_CREATE", "API_KEY_REVOKE"]);
    }

    [Theory, EveryDatabase]
    public async Task A_key_stops_at_its_expiry(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var end = app.Time.GetUtcNow().AddHours(1).ToOffset(TimeSpan.FromHours(2));
        var key = (await (await ann.Api()).CreateApiKeyAsync(new CreateApiKeyRequest { Name = "ci", Scopes = ["*"], ExpiresAt = end }, None)).Value;
        key.ExpiresAt.ShouldBe(end);
        var bearer = ann.With(key.PlainTextKey!);
        (await bearer.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        app.Time.Advance(TimeSpan.FromHours(1));
        (await bearer.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, EveryDatabase]
    public async Task Everything_wrong_with_a_key_is_told_at_once_and_nothing_is_stored(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.As("ann").Api();
        var answer = await api.CreateApiKeyAsync(new CreateApiKeyRequest
        {
            Description = new string('x', 1001),
            Scopes = ["sessions:read", "everything"],
            ExpiresAt = app.Time.GetUtcNow(),
            UserId = "ann",
        }, None);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Problem!.ValidationErrors!.Keys.Order().ShouldBe(["description", "expiresAt", "name", "scopes[1]", "userId"]);
        (await api.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "ci", Scopes = [] }, None)).Problem!.ValidationErrors!.ShouldContainKey("scopes");
        (await api.ListApiKeysAsync(null, None)).Value.Count.ShouldBe(1);   // the one it asks with
    }

    [Theory, EveryDatabase]
    public async Task A_key_makes_none_that_may_do_more_than_itself(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var maker = admin.With((await admin.CreateApiKey("maker", "api-keys:write", "sessions:write")).PlainTextKey!);
        foreach (var scope in (string[])["*", "credentials:read", "users:write"])
        {
            var answer = await maker.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "more", Scopes = [scope] }, None);
            answer.Problem!.ValidationErrors!["scopes[0]"].ShouldContain("may not do itself");
        }

        (await maker.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "less", Scopes = ["sessions:read"] }, None)).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, EveryDatabase]
    public async Task Only_an_admin_makes_keys_for_others_and_sees_them(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob, admin) = (app.As("ann"), app.As("bob"), app.AsAdmin());
        var (annsId, bobsApi, adminsApi) = ((await ann.SignIn()).User.Value, await bob.Api(), await admin.Api());
        var forAnn = new CreateApiKeyRequest { Name = "for ann", Scopes = ["sessions:write"], UserId = annsId.ToString() };
        (await bobsApi.CreateApiKeyAsync(forAnn, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        var key = (await adminsApi.CreateApiKeyAsync(forAnn, None)).Value;
        (key.UserId, key.UserEmail, key.CreatedByEmail).ShouldBe((annsId, ann.Email, admin.Email));
        (await adminsApi.CreateApiKeyAsync(forAnn with { UserId = Guid.NewGuid().ToString() }, None)).Problem!.Error.ShouldBe(ErrorCodes.UserNotFound);

        (await bobsApi.ListApiKeysAsync(null, None)).Value.ShouldAllBe(k => k.UserEmail == bob.Email);
        (await (await ann.Api()).ListApiKeysAsync(null, None)).Value.Select(k => k.Id).ShouldContain(key.Id);
        (await adminsApi.ListApiKeysAsync(null, None)).Value.Select(k => k.UserEmail).Distinct().Order().ShouldBe([admin.Email, ann.Email, bob.Email]);
        (await bobsApi.RevokeApiKeyAsync(key.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.ApiKeyNotFound);
        (await (await app.AsAdmin("zeta").Api()).RevokeApiKeyAsync(key.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.ApiKeyNotFound);
        (await ann.With(key.PlainTextKey!).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await adminsApi.RevokeApiKeyAsync(key.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await ann.With(key.PlainTextKey!).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, EveryDatabase]
    public async Task The_list_is_of_one_user_and_of_keys_that_work_or_do_not(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var (annsId, api) = ((await ann.SignIn()).User.Value, await admin.Api());
        var (works, revoked, expires) = (await Make("works", null), await Make("revoked", null), await Make("expires", app.Time.GetUtcNow().AddHours(1)));
        await api.RevokeApiKeyAsync(revoked, None);
        app.Time.Advance(TimeSpan.FromHours(1));
        (await Ids($"userId={annsId}&isActive=true")).ShouldContain(works);
        (await Ids($"userId={annsId}&isActive=true")).ShouldNotContain(expires);
        (await Ids($"userId={annsId}&isActive=false")).ShouldBe([revoked, expires], ignoreOrder: true);
        (await Ids("isActive=false")).ShouldBe([revoked, expires], ignoreOrder: true);
        (await api.ListApiKeysAsync($"userId={annsId}", None)).Value.ShouldAllBe(k => k.UserId == annsId);
        (await (await app.As("bob").Api()).ListApiKeysAsync($"userId={annsId}", None)).Value.ShouldBeEmpty();

        async Task<Guid> Make(string name, DateTimeOffset? end) => (await api.CreateApiKeyAsync(
            new CreateApiKeyRequest { Name = name, Scopes = ["sessions:read"], UserId = annsId.ToString(), ExpiresAt = end }, None)).Value.Id;

        async Task<IReadOnlyList<Guid>> Ids(string query) => [.. (await api.ListApiKeysAsync(query, None)).Value.Select(k => k.Id)];
    }

    [Theory, EveryDatabase]
    public async Task The_list_is_paged(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        for (var i = 0; i < 3; i++)
            await ann.CreateApiKey($"key {i}", "sessions:read");
        var api = await ann.Api();
        var first = await api.ListApiKeysAsync("limit=3", None);
        var second = await api.ListApiKeysAsync($"limit=3&cursor={first.NextCursor}", None);
        first.Value.Concat(second.Value).Select(k => k.Name).Order().ShouldBe(["key 0", "key 1", "key 2", "kit"]);
        second.NextCursor.ShouldBeNull();
    }

    private static async Task<List<string>> EventsOf(TestApp app, Guid id)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        return await db.Audit.Where(a => a.ResourceId == id.ToString()).OrderBy(a => a.Id).Select(a => a.EventType).ToListAsync(None);
    }
}
