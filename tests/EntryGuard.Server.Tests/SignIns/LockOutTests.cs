using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class LockOutTests
{
    private const string Wrong = "wrong horse battery staple";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Dictionary<string, string> WithLimits = new() { ["EntryGuard:RateLimits:SignIn"] = "true" };

    [Theory]
    [EveryDatabase("ann")]
    [EveryDatabase("nobody")]
    public async Task Guessing_an_account_takes_longer_and_longer_whether_it_exists_or_not(TestDatabase database, string name)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Join();
        var someone = app.As(name);
        for (var i = 0; i < 5; i++)
            (await someone.TryLogin(Wrong, $"203.0.113.{i}")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var wait in (int[])[30, 60, 120, 240, 480, 900, 900])
        {
            (await WaitOf(app, someone)).ShouldBe(wait);
            app.Time.Advance(TimeSpan.FromSeconds(wait) - TimeSpan.FromMilliseconds(1));
            (await WaitOf(app, someone)).ShouldBe(1);
            app.Time.Advance(TimeSpan.FromMilliseconds(1));
            (await someone.TryLogin(Wrong)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        app.Time.Advance(TimeSpan.FromDays(2));
        (await someone.TryLogin(Wrong)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await someone.TryLogin(Wrong)).Status.ShouldBe(HttpStatusCode.Unauthorized, "a day later all is forgotten");
    }

    [Theory, EveryDatabase]
    public async Task The_right_password_waits_as_well_and_then_forgives(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        await ann.Join();
        await bob.Join();
        for (var i = 0; i < 5; i++)
            await ann.TryLogin(Wrong);
        (await ann.TryLogin()).Problem!.Error.ShouldBe(ErrorCodes.RateLimited);
        (await bob.TryLogin()).Status.ShouldBe(HttpStatusCode.OK);
        app.Time.Advance(TimeSpan.FromSeconds(30));
        (await ann.TryLogin()).Status.ShouldBe(HttpStatusCode.OK);
        for (var i = 0; i < 5; i++)
            (await ann.TryLogin(Wrong)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await WaitOf(app, ann)).ShouldBe(30);
    }

    [Theory, EveryDatabase]
    public async Task Guesses_at_once_are_not_all_heard(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        var before = app.PasswordChecks;
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => ann.TryLogin(Wrong), None)));
        answers.Count(a => a.Status == HttpStatusCode.Unauthorized).ShouldBe(5);
        answers.Count(a => a.Status == HttpStatusCode.TooManyRequests).ShouldBe(7);
        (app.PasswordChecks - before).ShouldBe(5);
    }

    [Theory, EveryDatabase]
    public async Task A_reset_link_ends_the_waiting(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        for (var i = 0; i < 5; i++)
            await ann.TryLogin(Wrong);
        var link = (await (await app.AsAdmin().JoinedApi()).SendPasswordResetAsync((await ann.SignIn()).User.Value, None)).Value;
        await ann.Anonymous().ResetPasswordAsync(new ResetPasswordRequest { ResetToken = link.Token, NewPassword = "another horse, another battery" }, None);
        (await ann.TryLogin("another horse, another battery")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [EveryDatabase("login", 20, 60)]
    [EveryDatabase("register", 5, 3600)]
    [EveryDatabase("refresh", 120, 60)]
    [EveryDatabase("forgot-password", 10, 3600)]
    [EveryDatabase("reset-password", 20, 3600)]
    [EveryDatabase("set-password", 20, 3600)]
    [EveryDatabase("password-terms", 120, 3600)]
    [EveryDatabase("verify-mfa", 20, 60)]
    [EveryDatabase("change-expired-password", 20, 60)]
    public async Task An_address_asks_so_often_and_is_told_when_to_come_back(TestDatabase database, string path, int most, int seconds)
    {
        await using var app = await TestApp.StartAsync(database, WithLimits);
        await app.As("ann").SignIn();
        for (var i = 0; i < most; i++)
            (await Post(app, path, "203.0.113.9", i)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
        var refused = await Post(app, path, "203.0.113.9", most);
        (refused.Status, refused.Wait).ShouldBe((HttpStatusCode.TooManyRequests, (int)Math.Ceiling((double)seconds / most)));
        (await Post(app, path, "203.0.113.10", most + 1)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
        app.Time.Advance(TimeSpan.FromSeconds((double)seconds / most));
        (await Post(app, path, "203.0.113.9", most + 2)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
        (await Post(app, path, "203.0.113.9", most + 3)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Theory, EveryDatabase]
    public async Task A_network_of_IPv6_addresses_is_one(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, WithLimits);
        for (var i = 0; i < 5; i++)
            await Post(app, "register", $"2001:db8:1:2::{i}", i);
        (await Post(app, "register", "2001:db8:1:2:ffff::", 6)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await Post(app, "register", "2001:db8:1:3::1", 7)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
    }

    [Theory, EveryDatabase]
    public async Task Letters_to_one_user_are_limited(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var id = (await app.As("ann").SignIn()).User.Value;
        var admin = await app.AsAdmin().Api();
        for (var i = 0; i < 10; i++)
            (await admin.ResendInvitationAsync(id, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await admin.ResendInvitationAsync(id, None)).Problem!.Error.ShouldBe(ErrorCodes.RateLimited);
    }

    private static async Task<int> WaitOf(TestApp app, TestUser user)
    {
        using var http = app.Client();
        using var answer = await http.PostAsJsonAsync(new Uri("api/v1/auth/login", UriKind.Relative), new { organizationSlug = "acme", email = user.Email, password = Wrong });
        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        return int.Parse(answer.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture);
    }

    private static async Task<(HttpStatusCode Status, int? Wait)> Post(TestApp app, string path, string from, int i)
    {
        object body = path switch
        {
            "login" => new { organizationSlug = "acme", email = $"user{i}@acme.example", password = Wrong },
            "register" => new { organizationName = "x", email = "a@b", password = Wrong },
            "refresh" => new { refreshToken = "none" },
            "forgot-password" => new { organizationSlug = "acme", email = $"user{i}@acme.example" },
            "reset-password" => new { resetToken = "none", newPassword = Wrong },
            "set-password" => new { inviteToken = "none", password = Wrong },
            "password-terms" => new { token = "none" },
            "verify-mfa" => new { mfaChallengeToken = "none", code = "123456" },
            _ => new { passwordChangeToken = "none", newPassword = Wrong },
        };
        using var http = app.Client(from);
        using var answer = await http.PostAsJsonAsync(new Uri($"api/v1/auth/{path}", UriKind.Relative), body);
        if (answer.StatusCode != HttpStatusCode.TooManyRequests)
            return (answer.StatusCode, null);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(ErrorCodes.RateLimited);
        return (answer.StatusCode, int.Parse(answer.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture));
    }
}
