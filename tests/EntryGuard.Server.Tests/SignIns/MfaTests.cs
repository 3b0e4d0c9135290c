using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Features.SignIns;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class MfaTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    // A token that was stolen long after the sign-in adds nothing to sign in with.
    [Theory, EveryDatabase]
    public async Task The_first_factor_is_set_up_soon_after_signing_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var tokens = await ann.Join();
        app.Time.Advance(TimeSpan.FromMinutes(16));
        var late = ann.With((await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Value.AccessToken!);
        (await late.SetUpMfaAsync(None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOutdated);
        (await late.AskToMakePasskeyAsync(None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOutdated);
        await ann.SetUpCodes(ann.With((await ann.Login()).AccessToken!));
    }

    [Theory, EveryDatabase]
    public async Task With_codes_on_a_password_is_half_of_a_sign_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var api = await ann.JoinedApi();
        var setup = (await api.SetUpMfaAsync(None)).Value;
        Convert.FromBase64String(setup.QrCodeBase64)[..8].ShouldBe([0x89, .. "PNG\r\n"u8, 0x1a, 0x0a]);
        setup.OtpauthUri.ShouldBe($"otpauth://totp/EntryGuard:ann%40acme.example?secret={setup.Secret}&issuer=EntryGuard&algorithm=SHA1&digits=6&period=30");
        setup.Secret.Length.ShouldBe(32);
        (await ann.Login()).AccessToken.ShouldNotBeNull("nothing is on before a code confirms it");
        (await api.ConfirmMfaAsync(new ConfirmTotpRequest { Code = "000000" }, None)).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        (await api.ConfirmMfaAsync(new ConfirmTotpRequest { Secret = "JBSWY3DPEHPK3PXP", Code = ann.Code(setup.Secret) }, None)).Problem!.ValidationErrors!.Keys.ShouldBe(["secret"]);
        var on = (await api.ConfirmMfaAsync(new ConfirmTotpRequest { Secret = setup.Secret, Code = ann.Code(setup.Secret) }, None)).Value;
        on.RecoveryCodes.Count.ShouldBe(8);
        on.RecoveryCodes.ShouldAllBe(c => c.Length == 8);
        on.RecoveryCodes.ShouldBeUnique();
        (await api.SetUpMfaAsync(None)).Problem!.Error.ShouldBe(ErrorCodes.MfaAlreadyOn);
        (await api.GetMeAsync(None)).Value.ShouldSatisfyAllConditions(m => m.MfaEnabled.ShouldBeTrue(), m => m.TotpEnabled.ShouldBeTrue(), m => m.RecoveryCodesLeft.ShouldBe(8));

        var half = await ann.Login();
        (half.MfaRequired, half.MfaChallengeExpiresIn, half.AccessToken, half.User).ShouldBe((true, 300, null, null));
        half.MfaMethods.ShouldBe(["TOTP", "RECOVERY_CODE"]);
        (await Verify(ann, half, ann.Code(setup.Secret))).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid, "it was taken to confirm");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        var whole = await Verify(ann, half, ann.Code(setup.Secret));
        whole.Value.User!.MfaEnabled.ShouldBeTrue();
        (await Verify(ann, half, ann.Code(setup.Secret))).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid, "a challenge is answered once");
        (await Verify(ann, await ann.Login(), ann.Code(setup.Secret))).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid, "a code works once");
        (await ann.With(whole.Value.AccessToken!).ListSignInsAsync(null, None)).Value[0].MfaAt.ShouldBe(app.Time.GetUtcNow());
        (await Audit.OfAsync(app, ann)).Count(e => e == "MFA_ENABLE").ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task A_challenge_lives_300_s_and_five_wrong_codes(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var (secret, _) = await ann.SetUpCodes(await ann.JoinedApi());
        var late = await ann.Login();
        app.Time.Advance(TimeSpan.FromSeconds(300));
        (await Verify(ann, late, ann.Code(secret))).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);

        app.Time.Advance(TimeSpan.FromDays(2));
        var guessed = await ann.Login();
        for (var i = 0; i < 5; i++)
            (await Verify(ann, guessed, "000000")).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        (await Verify(ann, guessed, ann.Code(secret))).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid, "that was the fifth");
        (await ann.TryLogin()).Problem!.Error.ShouldBe(ErrorCodes.RateLimited, "five wrong codes are five tries");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        (await Verify(ann, await ann.Login(), ann.Code(secret))).Status.ShouldBe(HttpStatusCode.OK, "the right password does not make its user wait");
    }

    [Theory, EveryDatabase]
    public async Task Knowing_the_password_gives_no_more_guesses_at_the_code(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.SetUpCodes(await ann.JoinedApi());
        var tries = 0;
        while (await ann.TryLogin() is { Status: HttpStatusCode.OK } half && (await Verify(ann, half.Value, "000000")).Status == HttpStatusCode.Unauthorized)
            tries++;
        tries.ShouldBe(5);
    }

    [Theory, EveryDatabase]
    public async Task A_recovery_code_works_once_and_new_ones_void_the_old(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var (secret, recovery) = await ann.SetUpCodes(await ann.JoinedApi());
        var spelled = $"{recovery[0][..4].ToLowerInvariant()}-{recovery[0][4..]}";
        var api = ann.With((await Verify(ann, await ann.Login(), spelled)).Value.AccessToken!);
        (await Verify(ann, await ann.Login(), recovery[0])).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        var fresh = (await api.MakeRecoveryCodesAsync(new MfaCodeRequest { Code = ann.Code(secret) }, None)).Value.RecoveryCodes;
        fresh.Intersect(recovery).ShouldBeEmpty();
        (await Verify(ann, await ann.Login(), recovery[1])).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await Verify(ann, await ann.Login(), fresh[7])).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task A_code_switches_codes_off_and_kills_the_recovery_codes(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var api = await ann.JoinedApi();
        (await api.DisableMfaAsync(new MfaCodeRequest { Code = "123456" }, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOff);
        var (secret, recovery) = await ann.SetUpCodes(api);
        (await api.DisableMfaAsync(new MfaCodeRequest { Code = "000000" }, None)).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        (await api.DisableMfaAsync(new MfaCodeRequest { Code = ann.Code(secret) }, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.Login()).AccessToken.ShouldNotBeNull();
        var (_, others) = await ann.SetUpCodes(api);
        (await Verify(ann, await ann.Login(), recovery[2])).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        (await Verify(ann, await ann.Login(), others[2])).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task An_organization_that_demands_it_has_it_set_up_before_anything_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await (await app.AsAdmin().Api()).UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { MfaRequired = true }, null, None);
        var asked = await ann.Login();
        (asked.MfaSetupRequired, asked.AccessToken, asked.RefreshToken, asked.User).ShouldBe((true, null, null, null));
        var only = ann.With(asked.MfaSetupToken!);
        (await only.GetMeAsync(None)).Value.Email.ShouldBe(ann.Email);
        (await only.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await only.ListSignInsAsync(null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await only.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = TestUser.Password, NewPassword = "x" }, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        var setup = (await only.SetUpMfaAsync(None)).Value;
        var done = (await only.ConfirmMfaAsync(new ConfirmTotpRequest { Code = ann.Code(setup.Secret) }, None)).Value;
        done.SignIn!.User!.MfaEnabled.ShouldBeTrue();
        (await ann.With(done.SignIn.AccessToken!).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.Anonymous().RefreshAsync(done.SignIn.RefreshToken, None)).Status.ShouldBe(HttpStatusCode.OK);

        // What lets in is not simply switched off again.
        app.Time.Advance(TimeSpan.FromMinutes(1));
        var api = ann.With(done.SignIn.AccessToken!);
        (await api.DisableMfaAsync(new MfaCodeRequest { Code = ann.Code(setup.Secret) }, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        await ann.SetUpCodes(api);
        (await api.ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task An_admin_takes_the_second_factor_away_and_another_is_set_up(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var boss = await admin.JoinedApi();
        var id = (await ann.SignIn()).User.Value;
        var api = await ann.JoinedApi();
        (await boss.ResetMfaAsync(id, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOff);
        await ann.SetUpCodes(api);
        (await (await admin.Api()).ResetMfaAsync(id, None)).Status.ShouldBe(HttpStatusCode.Forbidden, "no API key takes a factor away");
        (await api.ResetMfaAsync(id, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await boss.ResetMfaAsync(id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var asked = await ann.Login();
        asked.MfaSetupRequired.ShouldBe(true, "though the organization does not demand it");
        await ann.SetUpCodes(ann.With(asked.MfaSetupToken!));
        (await ann.Login()).MfaRequired.ShouldBe(true);
        (await Audit.OfAsync(app, ann)).ShouldContain("MFA_RESET");
    }

    [Theory, EveryDatabase]
    public async Task The_last_admin_who_lost_it_is_helped_from_the_command_line(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var api = await admin.JoinedApi();
        await Should.ThrowAsync<RefusedToStartException>(() => ResetMfaVerb.ResetAsync(app.Services, "acme", admin.Email, None));
        await admin.SetUpCodes(api);
        await Should.ThrowAsync<RefusedToStartException>(() => ResetMfaVerb.ResetAsync(app.Services, "globex", admin.Email, None));
        await ResetMfaVerb.ResetAsync(app.Services, "ACME", admin.Email.ToUpperInvariant(), None);
        (await api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await admin.Login()).MfaSetupRequired.ShouldBe(true);
    }

    [Theory, EveryDatabase]
    public async Task The_second_factor_is_shown_again_within_a_sign_in(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var api = await ann.JoinedApi();
        (await api.VerifyMfaAgainAsync(new VerifyMfaAgainRequest { Code = "123456" }, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOff);
        var (secret, _) = await ann.SetUpCodes(api);
        app.Time.Advance(TimeSpan.FromMinutes(10));
        (await api.VerifyMfaAgainAsync(new VerifyMfaAgainRequest { Code = "000000" }, None)).Problem!.Error.ShouldBe(ErrorCodes.CodeInvalid);
        (await api.VerifyMfaAgainAsync(new VerifyMfaAgainRequest(), None)).Problem!.ValidationErrors!.ShouldContainKey("code");
        (await api.VerifyMfaAgainAsync(new VerifyMfaAgainRequest { Code = ann.Code(secret) }, None)).Value.MfaAt.ShouldBe(app.Time.GetUtcNow());
        (await api.ListSignInsAsync(null, None)).Value[0].MfaAt.ShouldBe(app.Time.GetUtcNow());
    }

    private static Task<ApiAnswer<LoginResponse>> Verify(TestUser user, LoginResponse half, string code) =>
        user.Anonymous().VerifyMfaAsync(new VerifyMfaRequest { MfaChallengeToken = half.MfaChallengeToken, Code = code }, None);
}
