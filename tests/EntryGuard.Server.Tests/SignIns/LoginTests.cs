using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class LoginTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_user_who_was_invited_signs_in_with_a_password(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var joined = await ann.Join();
        (joined.TokenType, joined.ExpiresIn, joined.User!.Email, joined.User.OrganizationSlug, joined.User.MfaEnabled).ShouldBe(("Bearer", 900, ann.Email, "acme", false));
        app.Time.Advance(TimeSpan.FromHours(1));
        var again = await ann.Login();
        again.User.ShouldBe(joined.User);
        var me = await ann.With(again.AccessToken!).GetMeAsync(None);
        me.Value.ShouldBe(joined.User);
        (await ann.With(again.AccessToken!).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await Audit.OfAsync(app, ann)).ShouldBe(["USER_INVITE", "PASSWORD_CHANGE", "USER_LOGIN", "USER_LOGIN"]);
        var shown = (await (await app.AsAdmin().Api()).GetUserAsync(me.Value.Id, None)).Value;
        (shown.LastLoginAt, shown.MfaEnabled).ShouldBe((app.Time.GetUtcNow(), false));
    }

    [Theory, EveryDatabase]
    public async Task An_access_token_lives_15_minutes_and_no_longer_than_its_sign_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var first = await ann.Join();
        var second = await ann.Login();
        (await Status(ann, first)).ShouldBe(HttpStatusCode.OK);
        (await ann.Anonymous().LogoutAsync(first.RefreshToken, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await Status(ann, first)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Status(ann, second)).ShouldBe(HttpStatusCode.OK);
        (await ann.Anonymous().LogoutAsync(first.RefreshToken, None)).Status.ShouldBe(HttpStatusCode.OK);   // again is no fault
        (await ann.Anonymous().LogoutAsync("anything", None)).Status.ShouldBe(HttpStatusCode.OK);

        app.Time.Advance(TimeSpan.FromMinutes(15));
        (await Status(ann, second)).ShouldBe(HttpStatusCode.OK, "clocks may differ by 30 s");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        (await Status(ann, second)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Audit.OfAsync(app, ann)).Count(e => e == "USER_LOGOUT").ShouldBe(1);
    }

    [Theory]
    [EveryDatabase("deactivated")]
    [EveryDatabase("deleted")]
    [EveryDatabase("suspended")]
    public async Task Whoever_may_no_more_is_out_at_the_next_request(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var me = await ann.SignIn();
        var tokens = await ann.Join();
        (await Status(ann, tokens)).ShouldBe(HttpStatusCode.OK);
        if (what == "deactivated")
            (await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = false })).Status.ShouldBe(HttpStatusCode.OK);
        else
            await app.Seed.Change(async db =>
            {
                (await db.Users.SingleAsync(u => u.Id == me.User)).DeletedAt = what == "deleted" ? app.Time.GetUtcNow() : null;
                (await db.Organizations.SingleAsync(o => o.Id == me.Organization)).IsActive = what != "suspended";
            });
        (await Status(ann, tokens)).ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.Suspended);
        (await ann.TryLogin()).Problem!.Error.ShouldBe(ErrorCodes.SignInFailed);
        if (what != "deactivated")
            return;
        await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = true });
        (await Status(ann, tokens)).ShouldBe(HttpStatusCode.Unauthorized, "what ended stays ended");
        (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await ann.TryLogin()).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task Every_no_reads_the_same_and_costs_the_same(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob, eve) = (app.As("ann"), app.As("bob"), app.As("eve"));
        await ann.Join();
        await bob.SignIn();   // has no password
        await eve.Join();
        await app.AsAdmin().TryUpdate(eve, new UpdateUserRequest { IsActive = false });
        var (texts, rows) = (new HashSet<string>(), new List<int>());
        foreach (var (slug, email, password) in ((string, string, string)[])
        [
            ("nobody", ann.Email, TestUser.Password), ("acme", "nobody@acme.example", TestUser.Password), ("acme", ann.Email, "wrong horse battery staple"),
            ("acme", bob.Email, TestUser.Password), ("acme", eve.Email, TestUser.Password),
        ])
        {
            var (checks, failed) = (app.PasswordChecks, await Audit.CountAsync(app, "USER_LOGIN_FAILED"));
            var answer = await ann.Anonymous().LoginAsync(new LoginRequest { OrganizationSlug = slug, Email = email, Password = password }, None);
            answer.Status.ShouldBe(HttpStatusCode.Unauthorized);
            texts.Add($"{answer.Problem!.Error} {answer.Problem.Message}");
            (app.PasswordChecks - checks).ShouldBe(1, email);
            rows.Add(await Audit.CountAsync(app, "USER_LOGIN_FAILED") - failed);
        }

        texts.ShouldHaveSingleItem();
        rows.ShouldBe([0, 1, 1, 1, 1]);   // there is nobody to tell about an organization that is none
    }

    [Theory, EveryDatabase]
    public async Task A_refresh_token_works_once_and_a_second_time_ends_the_sign_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var first = await ann.Join();
        var other = await ann.Login();
        app.Time.Advance(TimeSpan.FromMinutes(14));
        var second = (await ann.Anonymous().RefreshAsync(first.RefreshToken, None)).Value;
        second.RefreshToken.ShouldNotBe(first.RefreshToken);
        var third = (await ann.Anonymous().RefreshAsync(second.RefreshToken, None)).Value;
        (await Status(ann, third)).ShouldBe(HttpStatusCode.OK);

        var reused = await ann.Anonymous().RefreshAsync(first.RefreshToken, None);
        (reused.Status, reused.Problem!.Error).ShouldBe((HttpStatusCode.Unauthorized, ErrorCodes.TokenInvalid));
        (await Status(ann, third)).ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.Anonymous().RefreshAsync(third.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await Status(ann, other)).ShouldBe(HttpStatusCode.OK, "another family lives on");
        (await Audit.OfAsync(app, ann)).Count(e => e == "REFRESH_TOKEN_REUSED").ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task After_30_days_no_refresh_helps(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var tokens = await ann.Join();
        for (var day = 6; day <= 30; day += 6)
        {
            app.Time.Advance(TimeSpan.FromDays(6) - TimeSpan.FromSeconds(1));
            tokens = (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Value;
        }

        (await Status(ann, tokens)).ShouldBe(HttpStatusCode.OK);
        app.Time.Advance(TimeSpan.FromSeconds(5));
        (await Status(ann, tokens)).ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
    }

    [Theory, EveryDatabase]
    public async Task A_refresh_token_lives_7_days_each(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var tokens = await ann.Join();
        for (var week = 0; week < 3; week++)
        {
            app.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
            tokens = (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Value;
        }

        app.Time.Advance(TimeSpan.FromDays(7));
        (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
    }

    [Theory, PostgresOnly]
    public async Task Two_refreshes_at_once_make_one_pair(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var tokens = await ann.Join();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => ann.Anonymous().RefreshAsync(tokens.RefreshToken, None), None)));
        answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(1);
        (await ann.Anonymous().RefreshAsync(answers.Single(a => a.Body is not null).Value.RefreshToken, None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, EveryDatabase]
    public async Task Where_one_is_signed_in_is_listed_and_ended(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        await ann.Join();
        app.Time.Advance(TimeSpan.FromMinutes(2));
        var phone = await ann.Login(from: "203.0.113.9");
        app.Time.Advance(TimeSpan.FromMinutes(2));
        var here = ann.With((await ann.Login()).AccessToken!);
        await here.GetMeAsync(None);
        app.Time.Advance(TimeSpan.FromMinutes(2));
        await here.GetMeAsync(None);
        await app.RunUntilQuiet();
        var list = (await here.ListSignInsAsync(null, None)).Value;
        list.Select(s => (s.IpAddress, s.IsCurrent, s.Method)).ShouldBe([("198.51.100.1", true, "PASSWORD"), ("203.0.113.9", false, "PASSWORD"), ("198.51.100.1", false, "PASSWORD")]);
        (list[0].LastSeenAt, list[0].CreatedAt).ShouldBe((app.Time.GetUtcNow(), app.Time.GetUtcNow().AddMinutes(-2)));
        var page = await here.ListSignInsAsync("limit=2", None);
        (await here.ListSignInsAsync($"limit=2&cursor={page.NextCursor}", None)).Value.ShouldBe([list[2]]);

        var bobs = await bob.JoinedApi();
        (await bobs.EndSignInAsync(list[1].Id, None)).Problem!.Error.ShouldBe(ErrorCodes.SignInNotFound);
        (await here.EndSignInAsync(list[1].Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await here.EndSignInAsync(list[1].Id, None)).Problem!.Error.ShouldBe(ErrorCodes.SignInNotFound);
        (await Status(ann, phone)).ShouldBe(HttpStatusCode.Unauthorized);
        (await here.EndOtherSignInsAsync(None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await here.ListSignInsAsync(null, None)).Value.Select(s => s.IsCurrent).ShouldBe([true]);
        (await bobs.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await Audit.OfAsync(app, ann)).Count(e => e == "SIGN_IN_END").ShouldBe(2);
    }

    [Theory, EveryDatabase]
    public async Task An_API_key_changes_no_password_and_no_second_factor(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var key = await app.As("ann").Api();
        (await key.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = "a", NewPassword = "b" }, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await key.SetUpMfaAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await key.AskToMakePasskeyAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await key.EndOtherSignInsAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await key.GetMeAsync(None)).Value.Email.ShouldBe(app.As("ann").Email);
    }

    [Theory, EveryDatabase]
    public async Task An_auditor_may_sign_in_and_change_what_is_their_own(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var me = await ann.SignIn();
        await app.Seed.Change(async db => (await db.Users.SingleAsync(u => u.Id == me.User)).Authority = Authority.Auditor);
        var api = await ann.JoinedApi();
        (await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = TestUser.Password, NewPassword = "another horse, another battery" }, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 5 }, null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<HttpStatusCode> Status(TestUser user, LoginResponse tokens) => (await user.With(tokens.AccessToken!).GetMeAsync(None)).Status;
}
