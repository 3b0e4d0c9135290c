using System.Net.Http.Headers;
using System.Text;
using EntryGuard.Contracts;
using EntryGuard.Domain.Providers;
using EntryGuard.Testing;
using Npgsql;

namespace EntryGuard.Server.Tests.Api;

/// <summary>A secret that can be recognised goes in wherever one can; then everything that ever comes out is searched for it.</summary>
public sealed partial class SecretCanaryTests
{
    private const string Canary = "c4n4ry-b1rd";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task E31_a_secret_is_nowhere_but_at_the_provider(TestDatabase database)
    {
        using var log = new TestLog();
        using var traces = new Overheard();
        var answers = new StringBuilder();
        var seen = new List<string?>();
        string key, stored;
        await using (var app = await TestApp.StartAsync(database, log: log))
        {
            var admin = app.AsAdmin();
            var http = await admin.Http();
            var web = (await admin.Reach("web"))[0];
            app.Provider.OnApply = (context, _) =>
            {
                seen.Add(context.Credential?.Secret);
                return null;
            };

            // Taken in, in every way, also the wrong ones.
            var credential = await admin.CreateCredential("main", $"{Canary} token one");
            await app.Seed.Reached(web, credential.Id);
            await Say(http, answers, HttpMethod.Post, "credentials", """{"name":"b","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":{"token":"CANARY"}}""", 201);
            foreach (var body in (string[])
            [
                """{"name":"main","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":{"token":"CANARY"}}""",
                """{"name":"c","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":{"secret":"CANARY"}}""",
                """{"name":"c","provider":"AWS","credentialType":"TOKEN","credentialData":{"token":"CANARY"}}""",
                """{"name":"c","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":"CANARY"}""",
                """{"name":"c","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":{"token":"CANARY"},"token":"CANARY"}""",
                """{"name":["CANARY"],"credentialData":{"token":"CANARY"}}""",
                """{"name":"c","credentialData":{"token":"CANARY"}""",
                """{"name":"c","credentialData":{"token":CANARY}}""",
            ])
                await Say(http, answers, HttpMethod.Post, "credentials", body, 400, 409);

            // Tried: it works, it does not, it is somebody else's, the provider throws, it never answers properly.
            var at = $"credentials/{credential.Id}";
            var rotate = """{"credentialData":{"token":"CANARY token two"}}""";
            app.Provider.OnVerify = _ => VerifyReport.Invalid("The token was refused.");
            await Say(http, answers, HttpMethod.Patch, at, rotate, 400);
            app.Provider.OnVerify = _ => VerifyReport.Valid("somebody else", "Fine.");
            await Say(http, answers, HttpMethod.Patch, at, rotate, 400);
            app.Provider.OnVerify = _ => throw new InvalidOperationException("The provider's code has a fault.");
            await Say(http, answers, HttpMethod.Patch, at, rotate, 400);
            app.Provider.OnVerify = null;
            await Say(http, answers, HttpMethod.Patch, at, rotate, 200);

            // Used, shown, and taken back.
            await admin.StartSession("web", "203.0.113.7");
            await app.Advance(TimeSpan.FromHours(2));
            await Say(http, answers, HttpMethod.Get, "credentials", null, 200);
            await Say(http, answers, HttpMethod.Get, at, null, 200);
            await Say(http, answers, HttpMethod.Get, "sessions", null, 200);
            key = (await admin.CreateApiKey("ci", "*")).PlainTextKey!;
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            await Say(http, answers, HttpMethod.Get, "api-keys", null, 200);
            await Say(http, answers, HttpMethod.Get, "api-keys?cursor=bad", null, 400);
            await Say(http, answers, HttpMethod.Delete, at + "?end=true", null, 204);
            await app.RunUntilQuiet();
            stored = await Everything(database);   // the write-ahead log too, while it is there
        }

        seen.ShouldAllBe(secret => secret!.Contains(Canary));
        seen.Count.ShouldBe(2);
        log.Lines.Count.ShouldBeGreaterThan(20);
        log.Lines.ShouldContain(line => line.Contains("The provider's code has a fault."));
        stored.ShouldContain("CREDENTIAL_UPDATE");
        traces.Spans.ShouldBeGreaterThan(5);
        traces.Exceptions.ShouldBeGreaterThan(0);
        foreach (var secret in (string[])[Canary, key])
        {
            traces.With(secret).ShouldBeEmpty();
            log.Lines.ShouldAllBe(line => !line.Contains(secret));
            answers.ToString().ShouldNotContain(secret);
            stored.ShouldNotContain(secret);
            stored.ShouldNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)));
        }
    }

    [Theory, EveryDatabase]
    public async Task What_signs_in_is_nowhere_but_with_its_user(TestDatabase database)
    {
        const string Password = $"{Canary} password";
        using var log = new TestLog();
        using var traces = new Overheard();
        using var phone = new SoftAuthenticator();
        var secrets = new Dictionary<string, string> { ["password"] = Password, ["wrong password"] = $"{Canary} wrong" };
        var said = new StringBuilder();
        string stored;
        await using (var app = await TestApp.StartAsync(database, log: log))
        {
            var (ann, boss) = (app.As("ann"), await app.AsAdmin().JoinedApi());
            var id = (await ann.SignIn()).User.Value;
            secrets["invitation"] = (await boss.ResendInvitationAsync(id, None)).Value.Token!;
            var first = (await ann.Anonymous().SetPasswordAsync(new SetPasswordRequest { InviteToken = secrets["invitation"], Password = Password }, None)).Value;
            var api = ann.With(first.AccessToken!);
            (secrets["access token"], secrets["refresh token"]) = (first.AccessToken!, first.RefreshToken!);
            secrets["next refresh token"] = (await ann.Anonymous().RefreshAsync(first.RefreshToken, None)).Value.RefreshToken!;
            var (secret, recovery) = await ann.SetUpCodes(api);
            (secrets["app"], secrets["recovery code"], secrets["another"]) = (secret, recovery[0], recovery[1]);
            var half = await ann.Login(Password);
            secrets["challenge"] = half.MfaChallengeToken!;
            secrets["code"] = ann.Code(secret);
            await ann.Anonymous().VerifyMfaAsync(new VerifyMfaRequest { MfaChallengeToken = half.MfaChallengeToken, Code = recovery[1] }, None);
            await ann.Anonymous().VerifyMfaAsync(new VerifyMfaRequest { MfaChallengeToken = half.MfaChallengeToken, Code = secrets["code"] }, None);
            secrets["reset link"] = (await boss.SendPasswordResetAsync(id, None)).Value.Token!;
            var options = (await api.AskToMakePasskeyAsync(None)).Value;
            secrets["passkey token"] = options.PasskeyToken;
            await api.AddPasskeyAsync(new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = phone.Make(options.Options), Name = "phone" }, None);

            // Wrong, in every way.
            using var browser = app.Browser();
            secrets["csrf token"] = (await browser.Api.LoginAsync(
                new LoginRequest { OrganizationSlug = "acme", Email = app.AsAdmin().Email, Password = TestUser.Password, UseCookies = true }, None)).Value.CsrfToken!;
            await ann.TryLogin($"{Canary} wrong");
            await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = $"{Canary} wrong", NewPassword = Password }, None);
            await ann.Anonymous().RefreshAsync(first.RefreshToken, None);
            foreach (var body in (string[])[$$"""{"password":["{{Canary}}"]}""", $$"""{"password":"{{Canary}}","x":"{{Canary}}"}""", $$"""{"password":{{Canary}}}"""])
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var answer = await app.Client().PostAsync(new Uri("/api/v1/auth/login", UriKind.Relative), content, None);
                said.AppendLine(await answer.Content.ReadAsStringAsync(None));
            }

            var mangled = ann.With(first.AccessToken![..^4] + "AAAA");
            said.AppendLine((await mangled.GetMeAsync(None)).Problem!.ToString());
            foreach (var path in (string[])["audit-logs", "users", "auth/sign-ins", "auth/passkeys"])
                said.AppendLine(await boss.Http.GetStringAsync(new Uri($"api/v1/{path}", UriKind.Relative), None));
            await app.RunUntilQuiet();
            stored = await Everything(database);
        }

        stored.ShouldContain("MFA_ENABLE");
        stored.ShouldContain("REFRESH_TOKEN_REUSED");
        foreach (var (what, secret) in secrets.Where(s => s.Key != "code").Append(KeyValuePair.Create("canary", Canary)))
        {
            traces.With(secret).ShouldBeEmpty(what);
            log.Lines.ShouldAllBe(line => !line.Contains(secret), what);
            said.ToString().ShouldNotContain(secret, Case.Sensitive, what);
            stored.ShouldNotContain(secret, Case.Sensitive, what);
            stored.ShouldNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)), Case.Sensitive, what);
        }

        // Six digits may be anywhere by chance, but not next to words about them.
        log.Lines.ShouldAllBe(line => !line.Contains($"code={secrets["code"]}", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Records_of_signing_in_do_not_tell_what_they_hold()
    {
        var element = System.Text.Json.JsonSerializer.SerializeToElement(Canary);
        var records = typeof(LoginRequest).Assembly.GetTypes().Where(t => t.Namespace == "EntryGuard.Contracts" && t.GetMethod("<Clone>$") is not null
            && t.GetProperties().Any(p => SecretName().IsMatch(p.Name))).ToList();
        records.Count.ShouldBeGreaterThan(15);
        foreach (var type in records)
        {
            var record = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
            foreach (var property in type.GetProperties().Where(p => SecretName().IsMatch(p.Name)))
            {
                if (property.PropertyType == typeof(string))
                    property.SetValue(record, Canary);
                else if (property.PropertyType == typeof(System.Text.Json.JsonElement?))
                    property.SetValue(record, element);
            }

            $"{record}".ShouldNotContain(Canary, Case.Sensitive, type.Name);
        }
    }

    [System.Text.RegularExpressions.GeneratedRegex("^(.*Password|.*Token|Code|Secret|Link|OtpauthUri|QrCodeBase64|PlainTextKey|CredentialData)$")]
    private static partial System.Text.RegularExpressions.Regex SecretName();

    [Fact]
    public void E31_records_with_secrets_do_not_tell_them()
    {
        var data = System.Text.Json.JsonSerializer.SerializeToElement(new { token = Canary });
        new CreateCredentialRequest { Name = "a", CredentialData = data }.ToString().ShouldNotContain(Canary);
        new UpdateCredentialRequest { Name = "a", CredentialData = data }.ToString().ShouldNotContain(Canary);
    }

    // CANARY in the body stands for it.
    private static async Task Say(HttpClient http, StringBuilder answers, HttpMethod method, string path, string? body, params int[] expected)
    {
        using var request = new HttpRequestMessage(method, new Uri($"api/v1/{path}", UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body.Replace("CANARY", Canary, StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, None);
        var text = await answer.Content.ReadAsStringAsync(None);
        expected.ShouldContain((int)answer.StatusCode, $"{method} {path} {body}: {text}");
        answers.AppendLine(answer.Headers.ToString()).AppendLine(text);
    }

    // Every byte of the file, or every column of every row.
    private static async Task<string> Everything(TestDatabase database)
    {
        var all = new StringBuilder();
        if (!database.IsPostgres)
        {
            foreach (var file in Directory.GetFiles(database.Directory, "entryguard.db*"))
            {
                await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var reader = new StreamReader(stream, Encoding.Latin1);
                all.Append(await reader.ReadToEndAsync(None));
            }

            return all.ToString();
        }

        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false });
        var tables = await Column(source, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()");
        tables.Count.ShouldBeGreaterThan(8);
        foreach (var table in tables)
            all.AppendJoin('\n', await Column(source, $"SELECT t::text FROM {table} t"));
        return all.ToString();
    }

    private static async Task<List<string>> Column(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(None);
        var rows = new List<string>();
        while (await reader.ReadAsync(None))
            rows.Add(reader.GetString(0));
        return rows;
    }
}
