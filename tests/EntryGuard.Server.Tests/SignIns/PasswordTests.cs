using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Features.SignIns;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class PasswordTests
{
    private const string Other = "another horse, another battery";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task The_first_to_register_founds_the_organization_and_nobody_after(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = new ApiClient(app.Client());
        var request = new RegisterRequest { OrganizationName = " Acme & Söhne, Inc. ", Email = "Ann@Example.com", Name = "Ann", Password = TestUser.Password };
        var made = await api.RegisterAsync(request, None);
        made.Status.ShouldBe(HttpStatusCode.Created);
        (made.Value.User!.OrganizationSlug, made.Value.User.Email, made.Value.User.IsOrgAdmin).ShouldBe(("acme-s-hne-inc", "ann@example.com", true));
        api.UseKey(made.Value.AccessToken!);
        (await api.ListUsersAsync(null, None)).Value.Select(u => u.Email).ShouldBe(["ann@example.com"]);
        (await api.ListAuditAsync(null, None)).Value.Content.Select(a => a.EventType).ShouldBe(["USER_LOGIN", "USER_REGISTER", "ORGANIZATION_CREATE"], ignoreOrder: true);
        var again = await new ApiClient(app.Client()).RegisterAsync(request, None);
        (again.Status, again.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.RegistrationClosed));
        (await new ApiClient(app.Client()).LoginAsync(new LoginRequest { OrganizationSlug = "ACME-S-HNE-INC", Email = "ann@EXAMPLE.com", Password = TestUser.Password }, None)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task Registration_is_closed_where_an_organization_came_another_way_and_open_if_configured(TestDatabase database)
    {
        await using (var app = await TestApp.StartAsync(database))
        {
            await app.AsAdmin().SignIn();
            (await new ApiClient(app.Client()).RegisterAsync(new RegisterRequest { OrganizationName = "Acme", Email = "a@b", Password = TestUser.Password }, None))
                .Problem!.Error.ShouldBe(ErrorCodes.RegistrationClosed);
        }

        await using var open = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:Registration"] = "open" });
        var api = new ApiClient(open.Client());
        var slugs = new List<string>();
        for (var i = 0; i < 3; i++)
            slugs.Add((await api.RegisterAsync(new RegisterRequest { OrganizationName = "Globex", Email = "ann@globex.example", Password = TestUser.Password }, None)).Value.User!.OrganizationSlug);
        slugs.ShouldBe(["globex", "globex-2", "globex-3"]);
        (await api.RegisterAsync(new RegisterRequest { OrganizationName = "日本", Email = "ann@globex.example", Password = TestUser.Password }, None))
            .Problem!.ValidationErrors!["organizationName"].ShouldContain("plain ASCII");
    }

    [Theory, EveryDatabase]
    public async Task An_invitation_works_once_for_7_days_and_is_void_when_another_is_sent(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = await app.AsAdmin().Api();
        var made = (await admin.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        made.Invitation!.IsSent.ShouldBeFalse();
        (made.Invitation.Link, made.Invitation.ExpiresAt).ShouldBe((null, app.Time.GetUtcNow().AddDays(7)));
        (await admin.GetUserAsync(made.Id, None)).Value.Invitation.ShouldBeNull();
        var second = (await admin.ResendInvitationAsync(made.Id, None)).Value;
        var api = new ApiClient(app.Client());
        (await Take(made.Invitation.Token!)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await api.SetPasswordAsync(new SetPasswordRequest { InviteToken = second.Token, Password = "short" }, None)).Problem!.Error.ShouldBe(ErrorCodes.PasswordRefused);
        app.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        (await Take(second.Token!)).Value.User!.Email.ShouldBe("new@acme.example");
        (await Take(second.Token!)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await admin.ResendInvitationAsync(made.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.AlreadyJoined);

        var late = (await admin.CreateUserAsync(new CreateUserRequest { Email = "late@acme.example" }, None)).Value;
        app.Time.Advance(TimeSpan.FromDays(7));
        (await Take(late.Invitation!.Token!)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await Take((await admin.ResendInvitationAsync(late.Id, None)).Value.Token!)).Status.ShouldBe(HttpStatusCode.OK);

        Task<ApiAnswer<LoginResponse>> Take(string token) => api.SetPasswordAsync(new SetPasswordRequest { InviteToken = token, Password = TestUser.Password }, None);
    }

    [Theory, EveryDatabase]
    public async Task A_link_is_shown_where_the_server_knows_its_address(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:PublicUrl"] = "https://eg.example/" });
        var made = (await (await app.AsAdmin().Api()).CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        made.Invitation!.Link.ShouldBe($"https://eg.example/accept-invitation?token={made.Invitation.Token}");
    }

    [Theory, EveryDatabase]
    public async Task A_forgotten_password_is_replaced_by_a_link_that_works_once_within_an_hour(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var tokens = await ann.Join();
        var boss = await admin.JoinedApi();
        var id = (await ann.SignIn()).User.Value;
        var old = (await boss.SendPasswordResetAsync(id, None)).Value;
        app.Time.Advance(TimeSpan.FromHours(1));
        (await Reset(old, Other)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        boss = admin.With((await admin.Login()).AccessToken!);
        var link = (await boss.SendPasswordResetAsync(id, None)).Value;
        (await Reset(link, TestUser.Password)).Problem!.ValidationErrors!["newPassword"].ShouldContain("was yours before");
        (await Reset(link, Other)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await Reset(link, Other)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await ann.TryLogin()).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.TryLogin(Other)).Status.ShouldBe(HttpStatusCode.OK);
        (await Audit.OfAsync(app, ann)).ShouldBe(["USER_INVITE", "PASSWORD_CHANGE", "USER_LOGIN", "PASSWORD_RESET_REQUEST", "PASSWORD_RESET_REQUEST", "PASSWORD_RESET", "USER_LOGIN"]);

        Task<ApiAnswer<DoneResponse>> Reset(HandOverResponse link, string password) =>
            ann.Anonymous().ResetPasswordAsync(new ResetPasswordRequest { ResetToken = link.Token, NewPassword = password }, None);
    }

    [Theory, EveryDatabase]
    public async Task What_a_password_must_have_is_told_before_to_whoever_may_set_one(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, boss) = (app.As("ann"), await app.AsAdmin().JoinedApi());
        var tokens = await ann.Join();
        (await boss.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest
        {
            PasswordMinLength = 14,
            PasswordRequireUppercase = true,
            PasswordRequireDigit = true,
            PasswordHistory = 3,
            PasswordExpirationDays = 30,
        }, null, None)).Problem.ShouldBeNull();
        var own = (await ann.With(tokens.AccessToken!).GetPasswordTermsAsync(None)).Value;
        own.ShouldBe(new PasswordTermsResponse
        {
            OrganizationName = "acme",
            Email = ann.Email,
            MinLength = 14,
            RequireUppercase = true,
            RequireLowercase = false,
            RequireDigit = true,
            RequireSpecialChar = false,
            History = 3,
        });

        var nobody = new ApiClient(app.Client());
        var invited = (await boss.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        var first = (await nobody.GetPasswordTermsAsync(invited.Invitation!.Token, None)).Value;
        first.ShouldBe(own with { Email = "new@acme.example", History = 0 });
        var reset = (await boss.SendPasswordResetAsync((await ann.SignIn()).User.Value, None)).Value;
        (await nobody.GetPasswordTermsAsync(reset.Token, None)).Value.ShouldBe(own);
        app.Time.Advance(TimeSpan.FromDays(31));
        (await nobody.GetPasswordTermsAsync(reset.Token, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        var change = (await ann.TryLogin()).Value.PasswordChangeToken;
        (await nobody.GetPasswordTermsAsync(change, None)).Value.ShouldBe(own);
        (await nobody.ChangeExpiredPasswordAsync(new ChangeExpiredPasswordRequest { PasswordChangeToken = change, NewPassword = "Another horse, 2 batteries" }, None))
            .Status.ShouldBe(HttpStatusCode.OK, "to be told costs no token");
        (await nobody.GetPasswordTermsAsync(change, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
    }

    [Theory, EveryDatabase]
    public async Task Forgetting_says_the_same_about_everybody(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        foreach (var (slug, email) in ((string, string)[])[("acme", ann.Email), ("acme", "nobody@acme.example"), ("nobody", ann.Email)])
            (await ann.Anonymous().ForgotPasswordAsync(new ForgotPasswordRequest { OrganizationSlug = slug, Email = email }, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        await app.RunUntilQuiet();
        (await Audit.CountAsync(app, "PASSWORD_RESET_REQUEST")).ShouldBe(0, "without mail there is nobody to send a link to");
    }

    [Theory, EveryDatabase]
    public async Task Whoever_changes_a_password_stays_in_and_all_others_are_out(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var elsewhere = await ann.Join();
        var here = await ann.Login();
        var api = ann.With(here.AccessToken!);
        var wrong = await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = Other, NewPassword = Other }, None);
        (wrong.Status, wrong.Problem!.ValidationErrors!.Keys.Single()).ShouldBe((HttpStatusCode.BadRequest, "currentPassword"));
        (await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = TestUser.Password, NewPassword = Other }, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.Anonymous().RefreshAsync(here.RefreshToken, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.With(elsewhere.AccessToken!).GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.TryLogin()).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.TryLogin(Other)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task So_many_passwords_back_none_comes_again(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        (await (await app.AsAdmin().Api()).UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { PasswordHistory = 3 }, null, None)).Status.ShouldBe(HttpStatusCode.OK);
        var api = await ann.JoinedApi();
        var current = TestUser.Password;
        foreach (var (next, taken) in ((string, bool)[])[("horse number two, yes", true), (TestUser.Password, false), ("horse number three", true), (TestUser.Password, false), ("horse number four!", true), (TestUser.Password, true)])
        {
            (await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = current, NewPassword = next }, None)).Status.ShouldBe(taken ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, next);
            current = taken ? next : current;
        }
    }

    [Theory, EveryDatabase]
    public async Task A_password_that_is_too_old_is_changed_at_sign_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await (await app.AsAdmin().Api()).UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { PasswordExpirationDays = 30 }, null, None);
        app.Time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        (await ann.Login()).AccessToken.ShouldNotBeNull();
        app.Time.Advance(TimeSpan.FromSeconds(1));
        var expired = await ann.Login();
        (expired.PasswordExpired, expired.AccessToken, expired.RefreshToken).ShouldBe((true, null, null));
        (await Change(TestUser.Password)).Problem!.Error.ShouldBe(ErrorCodes.PasswordRefused);
        (await Change(Other)).Value.AccessToken.ShouldNotBeNull();
        (await Change("yet another horse, really")).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        (await ann.Login(Other)).AccessToken.ShouldNotBeNull();

        Task<ApiAnswer<LoginResponse>> Change(string password) =>
            ann.Anonymous().ChangeExpiredPasswordAsync(new ChangeExpiredPasswordRequest { PasswordChangeToken = expired.PasswordChangeToken, NewPassword = password }, None);
    }

    [Theory]
    [EveryDatabase("elevenchars", "has 11 characters; write at least 12")]
    [EveryDatabase("PASSWORD1234!", "everybody tries first")]
    [EveryDatabase("1qaz2wsx3edc", "everybody tries first")]
    [EveryDatabase("!!Liverpool2026", "everybody tries first")]
    [EveryDatabase("my entryguard door", "holds entryguard")]
    [EveryDatabase("the new.person forever", "holds new.person")]
    [EveryDatabase("welcome to acme corp", "holds acme")]
    public async Task A_password_that_is_guessed_first_is_refused(TestDatabase database, string password, string why)
    {
        await using var app = await TestApp.StartAsync(database);
        var made = (await (await app.AsAdmin().Api()).CreateUserAsync(new CreateUserRequest { Email = "new.person@acme.example" }, None)).Value;
        var answer = await new ApiClient(app.Client()).SetPasswordAsync(new SetPasswordRequest { InviteToken = made.Invitation!.Token, Password = password }, None);
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.PasswordRefused));
        answer.Problem.ValidationErrors!["password"].ShouldContain(why);
    }

    [Theory, EveryDatabase]
    public async Task Classes_are_asked_for_as_the_organization_says(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = await app.AsAdmin().Api();
        var settings = await admin.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest
        {
            PasswordMinLength = 8,
            PasswordRequireUppercase = true,
            PasswordRequireLowercase = true,
            PasswordRequireDigit = true,
            PasswordRequireSpecialChar = true,
        }, null, None);
        (settings.Value.PasswordMinLength, settings.Value.PasswordRequireSpecialChar, settings.Value.PasswordHistory, settings.Value.PasswordExpirationDays).ShouldBe((8, true, 5, null));
        var made = (await admin.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        (await Try("ẞtraßen")).Problem!.ValidationErrors!["password"].ShouldBe("has 7 characters; write at least 8; has no digit; has nothing but letters and digits");
        (await Try("ÄÖÜÄÖÜ7!")).Problem!.ValidationErrors!["password"].ShouldBe("has no lower-case letter");
        (await Try("Äöüäöü7!")).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var bad in (UpdateOrganizationSettingsRequest[])[new() { PasswordMinLength = 7 }, new() { PasswordMinLength = 129 }, new() { PasswordExpirationDays = 366 }, new() { PasswordHistory = 25 }])
            (await admin.UpdateOrganizationSettingsAsync(bad, null, None)).Status.ShouldBe(HttpStatusCode.BadRequest);

        Task<ApiAnswer<LoginResponse>> Try(string password) =>
            new ApiClient(app.Client()).SetPasswordAsync(new SetPasswordRequest { InviteToken = made.Invitation!.Token, Password = password }, None);
    }

    [Theory, EveryDatabase]
    public async Task A_password_is_the_same_however_its_characters_were_typed_and_is_never_cut(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        await ann.Join("Cafe\u0301 au lait, s\u2019il vous plai\u0302t");
        (await ann.TryLogin("Caf\u00e9 au lait, s\u2019il vous pla\u00eet")).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.TryLogin("Cafe au lait, s\u2019il vous plait")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var longest = string.Concat(Enumerable.Repeat("\U0001F40E", 127)) + "x";
        await bob.Join(longest);
        (await bob.TryLogin(longest)).Status.ShouldBe(HttpStatusCode.OK);
        (await bob.TryLogin(longest[..^1] + "y")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await bob.TryLogin(longest + "z")).Problem!.ValidationErrors!.ShouldContainKey("password");
    }

    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\u1e9b\u0323", "\u1e9b\u0323")]
    [InlineData("d\u0307\u0323", "\u1e0d\u0307")]
    [InlineData("\u0b47\u0300\u0b3e", "\u0b47\u0300\u0b3e")]
    [InlineData("plain", "plain")]
    public void Characters_are_composed_as_Unicode_says(string text, string composed)
    {
        Nfc.Of(text).ShouldBe(composed);
        Nfc.Of(composed).ShouldBe(composed);
    }

    [Fact]
    public void The_hasher_of_the_server_is_slow_enough()
    {
        var options = new Microsoft.Extensions.DependencyInjection.ServiceCollection();
        Hosting.SignIns.SignInSetup.AddSignIns(options);
        using var services = Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions.BuildServiceProvider(options);
        Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Identity.PasswordHasherOptions>>(services)
            .Value.IterationCount.ShouldBeGreaterThanOrEqualTo(210_000);
    }

    [Theory, EveryDatabase]
    public async Task Deactivation_voids_an_invitation(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = await app.AsAdmin().Api();
        var made = (await admin.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        await admin.UpdateUserAsync(made.Id, new UpdateUserRequest { IsActive = false }, null, None);
        await admin.UpdateUserAsync(made.Id, new UpdateUserRequest { IsActive = true }, null, None);
        (await new ApiClient(app.Client()).SetPasswordAsync(new SetPasswordRequest { InviteToken = made.Invitation!.Token, Password = TestUser.Password }, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        await app.Seed.Change(async db => (await db.OneTimeTokens.CountAsync()).ShouldBe(1));
    }
}
