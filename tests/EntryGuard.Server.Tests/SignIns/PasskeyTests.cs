using System.Net;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class PasskeyTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_passkey_signs_in_by_itself(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        using var phone = new SoftAuthenticator();
        var added = await Add(await ann.JoinedApi(), phone, "phone");
        (added.Status, added.Value.Name, added.Value.LastUsedAt, added.Value.SignIn).ShouldBe((HttpStatusCode.Created, "phone", null, null));
        app.Time.Advance(TimeSpan.FromHours(1));
        var tokens = await SignIn(ann, phone);
        (tokens.Value.User!.Email, tokens.Value.User.MfaEnabled).ShouldBe((ann.Email, true));
        var api = ann.With(tokens.Value.AccessToken!);
        var current = (await api.ListSignInsAsync(null, None)).Value[0];
        (current.Method, current.MfaAt).ShouldBe(("PASSKEY", app.Time.GetUtcNow()));
        (await api.ListPasskeysAsync(None)).Value.Select(p => (p.Id, p.Name, p.LastUsedAt)).ShouldBe([(added.Value.Id, "phone", app.Time.GetUtcNow())]);
        (await ann.Login()).AccessToken.ShouldNotBeNull("the organization does not demand more than a password");
        (await api.RemovePasskeyAsync(added.Value.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await SignIn(ann, phone)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
        (await Audit.OfAsync(app, ann)).Where(e => e.StartsWith("PASSKEY", StringComparison.Ordinal)).ShouldBe(["PASSKEY_ADD", "PASSKEY_REMOVE"]);
    }

    [Theory, EveryDatabase]
    public async Task Where_a_second_factor_is_demanded_a_passkey_is_one(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await (await app.AsAdmin().Api()).UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { MfaRequired = true }, null, None);
        using var phone = new SoftAuthenticator();
        var added = (await Add(ann.With((await ann.Login()).MfaSetupToken!), phone, "phone")).Value;
        (await ann.With(added.SignIn!.AccessToken!).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
        var half = await ann.Login();
        (half.MfaRequired, half.AccessToken, half.MfaChallengeToken).ShouldBe((true, null, null));
        half.MfaMethods.ShouldBe(["PASSKEY"]);
        var api = ann.With((await SignIn(ann, phone)).Value.AccessToken!);
        (await api.RemovePasskeyAsync(added.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaDemanded);
    }

    [Theory, EveryDatabase]
    public async Task Wrong_passwords_do_not_keep_a_passkey_out(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        using var phone = new SoftAuthenticator();
        await Add(await ann.JoinedApi(), phone, "phone");
        for (var i = 0; i < 6; i++)
            await ann.TryLogin("wrong horse battery staple");
        (await ann.TryLogin()).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await SignIn(ann, phone)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task What_one_signs_in_with_is_changed_only_soon_after_showing_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        using var phone = new SoftAuthenticator();
        using var laptop = new SoftAuthenticator();
        var api = await ann.JoinedApi();
        var added = (await Add(api, phone, "phone")).Value;
        var tokens = (await SignIn(ann, phone)).Value;
        app.Time.Advance(TimeSpan.FromMinutes(14));
        tokens = (await ann.Anonymous().RefreshAsync(tokens.RefreshToken, None)).Value;
        app.Time.Advance(TimeSpan.FromMinutes(1));
        api = ann.With(tokens.AccessToken!);
        (await api.AskToMakePasskeyAsync(None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOutdated);
        (await api.RemovePasskeyAsync(added.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOutdated);
        (await api.SetUpMfaAsync(None)).Problem!.Error.ShouldBe(ErrorCodes.MfaOutdated);
        var asked = (await api.AskForPasskeyAsync(None)).Value;
        (await api.VerifyMfaAgainAsync(new VerifyMfaAgainRequest { PasskeyToken = asked.PasskeyToken, Credential = phone.Show(asked.Options) }, None)).Value.MfaAt.ShouldBe(app.Time.GetUtcNow());
        (await Add(api, laptop, "laptop")).Status.ShouldBe(HttpStatusCode.Created);
        (await Add(api, phone, "phone again")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory, EveryDatabase]
    public async Task What_proves_nothing_is_refused(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        var (api, bobs) = (await ann.JoinedApi(), await bob.JoinedApi());
        using var phone = new SoftAuthenticator();
        using var bobsPhone = new SoftAuthenticator();

        // Adding: another site, no user verification, somebody else's options, a second time, too late.
        phone.Origin = "https://evil.example";
        (await Add(api, phone, "x")).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
        (phone.Origin, phone.VerifiesUser) = ("http://localhost", false);
        (await Add(api, phone, "x")).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
        phone.VerifiesUser = true;
        var options = (await api.AskToMakePasskeyAsync(None)).Value;
        var answer = phone.Make(options.Options);
        (await bobs.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = answer, Name = "x" }, None)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
        (await api.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = answer, Name = "x" }, None)).Status.ShouldBe(HttpStatusCode.Created);
        (await api.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = answer, Name = "x" }, None)).Status.ShouldBe(HttpStatusCode.BadRequest);
        options = (await bobs.AskToMakePasskeyAsync(None)).Value;
        app.Time.Advance(TimeSpan.FromMinutes(5));
        (await bobs.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = bobsPhone.Make(options.Options), Name = "x" }, None)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
        await Add(bobs, bobsPhone, "bob's");

        // Signing in: a second time, another challenge, another site, no verification, another's handle, a bad signature, nonsense.
        var asked = (await ann.Anonymous().AskForPasskeyAsync(None)).Value;
        var shown = phone.Show(asked.Options);
        (await Send(asked.PasskeyToken, shown)).Status.ShouldBe(HttpStatusCode.OK);
        await Refused(asked.PasskeyToken, shown);
        var next = (await ann.Anonymous().AskForPasskeyAsync(None)).Value;
        await Refused(next.PasskeyToken, shown);
        await Refused(asked.PasskeyToken, phone.Show(next.Options));
        phone.Origin = "https://evil.example";
        await Refused(next.PasskeyToken, phone.Show(next.Options));
        (phone.Origin, phone.VerifiesUser) = ("http://localhost", false);
        await Refused(next.PasskeyToken, phone.Show(next.Options));
        phone.VerifiesUser = true;
        await Refused(next.PasskeyToken, Changed(phone.Show(next.Options), "userHandle", bobsPhone.Show(next.Options).GetProperty("response").GetProperty("userHandle").GetString()!));
        await Refused(next.PasskeyToken, Changed(phone.Show(next.Options), "signature", "MEUCIQ"));
        await Refused(next.PasskeyToken, Changed(phone.Show(next.Options), "authenticatorData", "AAAA"));
        await Refused(next.PasskeyToken, Changed(phone.Show(next.Options), "clientDataJSON", "bm9uZQ"));
        await Refused(next.PasskeyToken, JsonSerializer.SerializeToElement(new { }));
        await Refused("not sealed by us", phone.Show(next.Options));
        await Refused(options.PasskeyToken, phone.Show(next.Options));
        (await Send(next.PasskeyToken, phone.Show(next.Options))).Status.ShouldBe(HttpStatusCode.OK);
        app.Errors.ShouldBeEmpty();

        // A key that counts backwards is a copy.
        await app.Seed.Change(db => db.Passkeys.ExecuteUpdateAsync(set => set.SetProperty(p => p.SignCount, 1000)));
        (await SignIn(ann, phone)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);

        Task<ApiAnswer<LoginResponse>> Send(string token, JsonElement credential) =>
            ann.Anonymous().SignInWithPasskeyAsync(new PasskeySignInRequest { PasskeyToken = token, Credential = credential }, None);

        async Task Refused(string token, JsonElement credential) => (await Send(token, credential)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid, credential.ToString());
    }

    [Theory, EveryDatabase]
    public async Task Behind_a_public_address_only_pages_of_that_are_heard(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:PublicUrl"] = "https://eg.example" });
        var ann = app.As("ann");
        using var phone = new SoftAuthenticator();
        (await Add(await ann.JoinedApi(), phone, "x")).Status.ShouldBe(HttpStatusCode.BadRequest);
        phone.Origin = "https://eg.example";
        (await Add(ann.With((await ann.Login()).AccessToken!), phone, "x")).Status.ShouldBe(HttpStatusCode.Created);
        (await SignIn(ann, phone)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task A_passkey_of_somebody_who_may_no_more_opens_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        using var phone = new SoftAuthenticator();
        await Add(await ann.JoinedApi(), phone, "phone");
        await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = false });
        (await SignIn(ann, phone)).Problem!.Error.ShouldBe(ErrorCodes.PasskeyInvalid);
    }

    private static JsonElement Changed(JsonElement credential, string field, string value)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(credential.GetRawText())!;
        json["response"]![field] = value;
        return JsonSerializer.SerializeToElement(json);
    }

    private static async Task<ApiAnswer<PasskeyResponse>> Add(ApiClient api, SoftAuthenticator device, string name)
    {
        var options = (await api.AskToMakePasskeyAsync(None)).Value;
        return await api.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = device.Make(options.Options), Name = name }, None);
    }

    private static async Task<ApiAnswer<LoginResponse>> SignIn(TestUser user, SoftAuthenticator device)
    {
        var options = (await user.Anonymous().AskForPasskeyAsync(None)).Value;
        return await user.Anonymous().SignInWithPasskeyAsync(new PasskeySignInRequest { PasskeyToken = options.PasskeyToken, Credential = device.Show(options.Options) }, None);
    }
}
