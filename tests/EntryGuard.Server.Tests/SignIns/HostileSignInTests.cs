using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Contracts;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Tests.Api;
using EntryGuard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.SignIns;

/// <summary>What nobody sends who means well. It gets a 4xx that names the field where a field is to blame, opens nothing and changes nothing.</summary>
public sealed class HostileSignInTests
{
    private const string Good = "correct horse battery staple";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly string Token = "egt_" + new string('A', 64);

    private static readonly (string What, string Path, string Body, int Status, string Field)[] Inputs =
    [
        ("nothing", "auth/login", "{}", 400, "organizationSlug"),
        ("null", "auth/login", "null", 400, "body"),
        ("a list", "auth/login", "[]", 400, "body"),
        ("numbers", "auth/login", """{"organizationSlug":1}""", 400, "organizationSlug"),
        ("an object for an address", "auth/login", """{"email":{"$ne":null}}""", 400, "email"),
        ("a list of passwords", "auth/login", """{"password":["a","b"]}""", 400, "password"),
        ("a field twice", "auth/login", """{"password":"a","password":"b"}""", 400, ""),
        ("a field of another request", "auth/login", """{"isOrgAdmin":true}""", 400, "isOrgAdmin"),
        ("a Cyrillic a in the slug", "auth/login", Login("\u0430cme", "ann@acme.example"), 400, "organizationSlug"),
        ("full-width letters in the slug", "auth/login", Login("\uff41cme", "ann@acme.example"), 400, "organizationSlug"),
        ("a dotless i in the slug", "auth/login", Login("acme\u0131", "ann@acme.example"), 400, "organizationSlug"),
        ("a zero-width space in the slug", "auth/login", Login("ac\u200bme", "ann@acme.example"), 400, "organizationSlug"),
        ("SQL in the slug", "auth/login", Login("acme' OR '1'='1", "ann@acme.example"), 400, "organizationSlug"),
        ("a path in the slug", "auth/login", Login("../acme", "ann@acme.example"), 400, "organizationSlug"),
        ("a long slug", "auth/login", Login(new string('a', 64), "ann@acme.example"), 400, "organizationSlug"),
        ("a Cyrillic a in the address", "auth/login", Login("acme", "\u0430nn@acme.example"), 400, "email"),
        ("a Kelvin sign in the address", "auth/login", Login("acme", "\u212aate@acme.example"), 400, "email"),
        ("a combining mark in the address", "auth/login", Login("acme", "a\u0301nn@acme.example"), 400, "email"),
        ("a right-to-left mark in the address", "auth/login", Login("acme", "ann\u202e@acme.example"), 400, "email"),
        ("a full-width @", "auth/login", Login("acme", "ann\uff20acme.example"), 400, "email"),
        ("a NUL in the address", "auth/login", Login("acme", "ann@acme.example\\u0000"), 400, "email"),
        ("a header in the address", "auth/login", Login("acme", "ann@acme.example\\r\\nBcc: eve@evil.example"), 400, "email"),
        ("a long address", "auth/login", Login("acme", new string('a', 250) + "@b.example"), 400, "email"),
        ("half a surrogate", "auth/login", """{"organizationSlug":"acme","email":"ann@acme.example","password":"\ud800"}""", 400, "password"),
        ("a long password", "auth/login", Login("acme", "ann@acme.example", new string('x', 129)), 400, "password"),
        ("a very long password", "auth/login", Login("acme", "ann@acme.example", new string('x', 200_000)), 400, "password"),
        ("a mountain of marks", "auth/login", Login("acme", "ann@acme.example", "e" + new string('\u0301', 100_000)), 400, "password"),
        ("no password", "auth/login", Login("acme", "ann@acme.example", ""), 400, "password"),
        ("a nameless organization", "auth/register", $$"""{"organizationName":"  ","email":"a@b.example","password":"{{Good}}"}""", 400, "organizationName"),
        ("an organization of two lines", "auth/register", $$"""{"organizationName":"a\nb","email":"a@b.example","password":"{{Good}}"}""", 400, "organizationName"),
        ("an organization of nothing but signs", "auth/register", $$"""{"organizationName":"\u2603","email":"a@b.example","password":"{{Good}}"}""", 400, "organizationName"),
        ("a long organization", "auth/register", $$"""{"organizationName":"{{new string('a', 201)}}","email":"a@b.example","password":"{{Good}}"}""", 400, "organizationName"),
        ("a service account's address", "auth/register", $$"""{"organizationName":"x","email":"a@b.service","password":"{{Good}}"}""", 400, "email"),
        ("a second organization", "auth/register", $$"""{"organizationName":"x","email":"a@b.example","password":"{{Good}}"}""", 403, ""),
        ("no token", "auth/refresh", "{}", 400, "refreshToken"),
        ("a token that is none", "auth/refresh", """{"refreshToken":"x"}""", 401, ""),
        ("a token of nobody", "auth/refresh", $$"""{"refreshToken":"egr_{{new string('A', 64)}}"}""", 401, ""),
        ("a token of another kind", "auth/refresh", $$"""{"refreshToken":"{{Token}}"}""", 401, ""),
        ("a long token", "auth/refresh", $$"""{"refreshToken":"egr_{{new string('A', 100_000)}}"}""", 401, ""),
        ("a token with a newline", "auth/refresh", $$"""{"refreshToken":"egr_{{new string('A', 63)}}\n"}""", 401, ""),
        ("an invitation of nobody", "auth/set-password", $$"""{"inviteToken":"{{Token}}","password":"{{Good}}"}""", 401, ""),
        ("an invitation without a password", "auth/set-password", $$"""{"inviteToken":"{{Token}}"}""", 400, "password"),
        ("a reset of nobody", "auth/reset-password", $$"""{"resetToken":"{{Token}}","newPassword":"{{Good}}"}""", 401, ""),
        ("a reset without a token", "auth/reset-password", $$"""{"newPassword":"{{Good}}"}""", 400, "resetToken"),
        ("rules for nobody", "auth/password-terms", $$"""{"token":"{{Token}}"}""", 401, ""),
        ("rules for a token that is none", "auth/password-terms", """{"token":"x"}""", 401, ""),
        ("rules for a long token", "auth/password-terms", $$"""{"token":"egt_{{new string('A', 100_000)}}"}""", 401, ""),
        ("rules without a token", "auth/password-terms", "{}", 400, "token"),
        ("a change of nobody", "auth/change-expired-password", $$"""{"passwordChangeToken":"{{Token}}","newPassword":"{{Good}}"}""", 401, ""),
        ("a challenge of nobody", "auth/verify-mfa", $$"""{"mfaChallengeToken":"{{Token}}","code":"123456"}""", 401, ""),
        ("a code of letters", "auth/verify-mfa", $$"""{"mfaChallengeToken":"{{Token}}","code":"abcdef"}""", 400, "code"),
        ("a code of other digits", "auth/verify-mfa", $$"""{"mfaChallengeToken":"{{Token}}","code":"\u0661\u0662\u0663\u0664\u0665\u0666"}""", 400, "code"),
        ("a code as a number", "auth/verify-mfa", $$"""{"mfaChallengeToken":"{{Token}}","code":123456}""", 400, "code"),
        ("a long code", "auth/verify-mfa", $$"""{"mfaChallengeToken":"{{Token}}","code":"{{new string('1', 10_000)}}"}""", 400, "code"),
        ("a passkey that is text", "auth/passkeys/sign-in", """{"passkeyToken":"x","credential":"x"}""", 400, "credential"),
        ("a passkey that is nothing", "auth/passkeys/sign-in", """{"passkeyToken":"x","credential":null}""", 400, "credential"),
        ("a large passkey", "auth/passkeys/sign-in", $$$"""{"passkeyToken":"x","credential":{"a":"{{{new string('a', 70_000)}}}"}}""", 400, "credential"),
        ("a passkey of nobody", "auth/passkeys/sign-in", $$$$"""{"passkeyToken":"x","credential":{"response":{"userHandle":"{{{{Handle()}}}}"}}}""", 401, ""),
        ("a passkey whose handle is a number", "auth/passkeys/sign-in", """{"passkeyToken":"x","credential":{"response":{"userHandle":7}}}""", 401, ""),
        ("a passkey whose response is a list", "auth/passkeys/sign-in", """{"passkeyToken":"x","credential":{"response":[]}}""", 401, ""),
        ("forgetting of an address that is none", "auth/forgot-password", """{"organizationSlug":"acme","email":"\u0430nn@acme.example"}""", 400, "email"),
    ];

    [Theory, EveryDatabase]
    public async Task Hostile_input_names_the_field_and_changes_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Join();
        await app.AsAdmin().SignIn();
        var http = app.Client();
        var before = await Rows.OfAsync(database);
        var (wrong, hashed) = (new List<string>(), app.PasswordChecks);
        foreach (var (what, path, body, status, field) in Inputs)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri($"/api/v1/{path}", UriKind.Relative), content);
            var text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode != status || !Names(text, field))
                wrong.Add($"{what}: {(int)answer.StatusCode} {text}");
        }

        wrong.ShouldBeEmpty();
        (await Rows.OfAsync(database)).ShouldBe(before);
        app.PasswordChecks.ShouldBe(hashed, "what cannot be right costs no slow hash");
        app.Errors.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task An_access_token_that_was_tampered_with_opens_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, boss, zoe) = (app.As("ann"), app.AsAdmin(), app.As("zoe", "zeta"));
        var token = (await ann.Join()).AccessToken!;
        var (bosses, zoes) = ((await boss.Join()).AccessToken!, (await zoe.Join()).AccessToken!);
        var signed = await app.Services.GetRequiredService<SigningKeys>().ToSignAsync(app.Time.GetUtcNow(), None);
        using var ours = ECDsa.Create(signed.Parameters);
        using var theirs = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var (header, payload) = (Part(token, 0), Part(token, 1));
        var point = Encoding.UTF8.GetBytes(Base64Url.EncodeToString(signed.Parameters.Q.X));
        var now = app.Time.GetUtcNow().ToUnixTimeSeconds();
        (await Status(app, Make(header, payload, ours))).ShouldBe(HttpStatusCode.OK, "the test makes tokens as the server does");

        var hostile = new Dictionary<string, string>
        {
            ["alg none"] = $"{Encode(With(header, "alg", "none"))}.{Encode(payload)}.",
            ["alg none, with a signature"] = $"{Encode(With(header, "alg", "none"))}.{token.Split('.')[1]}.{token.Split('.')[2]}",
            ["alg NoNe"] = $"{Encode(With(header, "alg", "NoNe"))}.{Encode(payload)}.",
            ["no alg"] = Make(With(header, "alg", null), payload, ours),
            ["HS256 with the public key"] = Hs256(With(header, "alg", "HS256"), payload, point),
            ["RS256"] = Rs256(With(header, "alg", "RS256"), payload, rsa),
            ["ES384 by name"] = Make(With(header, "alg", "ES384"), payload, ours),
            ["no signature"] = token[..(token.LastIndexOf('.') + 1)],
            ["another signature"] = token[..(token.LastIndexOf('.') + 1)] + bosses.Split('.')[2],
            ["an empty one of the right length"] = token[..(token.LastIndexOf('.') + 1)] + Base64Url.EncodeToString(new byte[64]),
            ["another payload"] = $"{token.Split('.')[0]}.{bosses.Split('.')[1]}.{token.Split('.')[2]}",
            ["another key of that name"] = Make(header, payload, theirs),
            ["another key of no name"] = Make(With(header, "kid", "nobody's"), payload, theirs),
            ["no name of a key"] = Make(With(header, "kid", null), payload, ours),
            ["a key of its own"] = Make(With(header, "jwk", JsonSerializer.Serialize(new { kty = "EC" })), payload, theirs),
            ["a key from elsewhere"] = Make(With(header, "jku", "https://evil.example/jwks.json"), payload, theirs),
            ["another audience"] = Make(header, With(payload, "aud", "somebody"), ours),
            ["no audience"] = Make(header, With(payload, "aud", null), ours),
            ["another issuer"] = Make(header, With(payload, "iss", "https://evil.example"), ours),
            ["no issuer"] = Make(header, With(payload, "iss", null), ours),
            ["expired"] = Make(header, With(payload, "exp", now - 31), ours),
            ["no end"] = Make(header, With(payload, "exp", null), ours),
            ["an end far away"] = Make(header, With(payload, "exp", now + 86_400), ours),
            ["not yet"] = Make(header, With(payload, "nbf", now + 60), ours),
            ["another user of the sign-in"] = Make(header, With(payload, "sub", Part(bosses, 1)["sub"]!.GetValue<string>()), ours),
            ["another organization of the sign-in"] = Make(header, With(payload, "org", Part(zoes, 1)["org"]!.GetValue<string>()), ours),
            ["a sign-in of nobody"] = Make(header, With(payload, "sid", Guid.NewGuid().ToString()), ours),
            ["a sign-in that is none"] = Make(header, With(payload, "sid", "1 OR 1=1"), ours),
            ["another type"] = Make(With(header, "typ", "at+jwt"), payload, ours),
            ["five parts"] = token + ".a.b",
            ["dots"] = "..",
            ["not base64"] = "!.!.!",
            ["a long one"] = token + new string('A', 10_000),
            ["a refresh token"] = (await ann.Login()).RefreshToken!,
        };
        var open = new List<string>();
        foreach (var (what, text) in hostile)
        {
            if (await Status(app, text) != HttpStatusCode.Unauthorized)
                open.Add(what);
        }

        open.ShouldBeEmpty();
        app.Errors.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_token_for_one_thing_is_good_for_nothing_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var api = await ann.JoinedApi();
        var link = (await (await admin.JoinedApi()).SendPasswordResetAsync((await ann.SignIn()).User.Value, None)).Value.Token;
        var invitation = (await (await admin.Api()).CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value.Invitation!.Token;
        await ann.SetUpCodes(api);
        var challenge = (await ann.Login()).MfaChallengeToken;
        var nobody = ann.Anonymous();
        foreach (var token in (string?[])[link, challenge])
            (await nobody.SetPasswordAsync(new SetPasswordRequest { InviteToken = token, Password = "another horse, another" }, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        foreach (var token in (string?[])[invitation, challenge])
            (await nobody.ResetPasswordAsync(new ResetPasswordRequest { ResetToken = token, NewPassword = "another horse, another" }, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        foreach (var token in (string?[])[link, challenge, invitation])
            (await nobody.ChangeExpiredPasswordAsync(new ChangeExpiredPasswordRequest { PasswordChangeToken = token, NewPassword = "another horse, another" }, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        foreach (var token in (string?[])[link, invitation])
            (await nobody.VerifyMfaAsync(new VerifyMfaRequest { MfaChallengeToken = token, Code = "123456" }, None)).Problem!.Error.ShouldBe(ErrorCodes.TokenInvalid);
        foreach (var token in (string[])[link!, invitation!, challenge!])
            (await Status(app, token)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static string Login(string slug, string email, string password = Good) => $$"""{"organizationSlug":"{{slug}}","email":"{{email}}","password":"{{password}}"}""";

    private static string Handle() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new string('A', 43)));

    private static bool Names(string text, string field)
    {
        using var problem = JsonDocument.Parse(text);
        return problem.RootElement.GetProperty("message").GetString() is { Length: > 0 }
            && (field.Length == 0 || (problem.RootElement.TryGetProperty("validationErrors", out var errors) && errors.TryGetProperty(field, out _)));
    }

    private static async Task<HttpStatusCode> Status(TestApp app, string token)
    {
        using var http = app.Client();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var answer = await http.GetAsync(new Uri("/api/v1/auth/me", UriKind.Relative));
        return answer.StatusCode;
    }

    private static JsonObject Part(string token, int part) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[part]))!.AsObject();

    private static JsonObject With(JsonObject json, string field, JsonNode? value)
    {
        var changed = json.DeepClone().AsObject();
        changed.Remove(field);
        if (value is not null)
            changed[field] = value;
        return changed;
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static string Make(JsonObject header, JsonObject payload, ECDsa key) => Sign(header, payload, bytes => key.SignData(bytes, HashAlgorithmName.SHA256));

    private static string Hs256(JsonObject header, JsonObject payload, byte[] key) => Sign(header, payload, bytes => HMACSHA256.HashData(key, bytes));

    private static string Rs256(JsonObject header, JsonObject payload, RSA key) =>
        Sign(header, payload, bytes => key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private static string Sign(JsonObject header, JsonObject payload, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(header)}.{Encode(payload)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }
}
