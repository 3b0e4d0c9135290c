using System.Net;
using System.Text;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

/// <summary>What is wrong gets a 4xx that names the field and the fault, and nothing is stored.</summary>
public sealed class BadInputTests
{
    private const string Id = "0198c000-0000-7000-8000-000000000000";

    private static readonly (string What, string Method, string Path, string? Body, int Status, string Field, string Fault)[] Table =
    [
        ("no JSON", "POST", "sessions", "{", 400, "body", "not valid JSON"),
        ("text", "POST", "sessions", "hello", 400, "body", "not valid JSON"),
        ("an array", "POST", "sessions", "[]", 400, "body", "wrong type"),
        ("a trailing comma", "POST", "sessions", """{"reason":"x",}""", 400, "body", "not valid JSON"),
        ("a comment", "POST", "sessions", """{/* */}""", 400, "body", "not valid JSON"),
        ("an unknown field", "POST", "sessions", """{"hours":1}""", 400, "hours", "not a field"),
        ("another case", "POST", "sessions", """{"DurationHours":1}""", 400, "DurationHours", "not a field"),
        ("a field twice", "POST", "sessions", """{"durationHours":1,"durationHours":2}""", 400, "", "twice"),
        ("a number as text", "POST", "sessions", """{"durationHours":"1"}""", 400, "durationHours", "wrong type"),
        ("a fraction", "POST", "sessions", """{"durationHours":1.5}""", 400, "durationHours", "wrong type"),
        ("a number too large", "POST", "sessions", """{"durationHours":99999999999}""", 400, "durationHours", "wrong type"),
        ("an object", "POST", "sessions", """{"ipv4Address":{}}""", 400, "ipv4Address", "wrong type"),
        ("a number in a list of texts", "POST", "sessions", """{"resourceIds":[1]}""", 400, "resourceIds[0]", "wrong type"),
        ("no duration at all", "POST", "sessions", """{"durationHours":0}""", 400, "durationHours", "shorter than the shortest"),
        ("a negative duration", "POST", "sessions", """{"durationMinutes":-5}""", 400, "durationMinutes", "shorter than the shortest"),
        ("a short duration", "POST", "sessions", """{"durationSeconds":59}""", 400, "durationSeconds", "60 s"),
        ("a long duration", "POST", "sessions", """{"durationHours":25}""", 400, "durationHours", "24 h"),
        ("the longest number", "POST", "sessions", """{"durationHours":2147483647}""", 400, "durationHours", "24 h"),
        ("two durations", "POST", "sessions", """{"durationHours":1,"durationMinutes":5}""", 400, "durationMinutes", "one duration"),
        ("host bits", "POST", "sessions", """{"ipv4Address":"203.0.113.7/24"}""", 400, "ipv4Address", "203.0.113.0/24"),
        ("leading zeros", "POST", "sessions", """{"ipv4Address":"203.0.113.007"}""", 400, "ipv4Address", "203.0.113.7"),
        ("one number", "POST", "sessions", """{"ipv4Address":"1"}""", 400, "ipv4Address", ""),
        ("hex", "POST", "sessions", """{"ipv4Address":"0xCB007107"}""", 400, "ipv4Address", ""),
        ("a name", "POST", "sessions", """{"ipv4Address":"localhost"}""", 400, "ipv4Address", ""),
        ("a zone", "POST", "sessions", """{"ipv6Address":"fe80::1%eth0"}""", 400, "ipv6Address", ""),
        ("IPv6 for IPv4", "POST", "sessions", """{"ipv4Address":"2001:db8::1"}""", 400, "ipv4Address", "ipv6Address"),
        ("IPv4 in IPv6 dress", "POST", "sessions", """{"ipv6Address":"::ffff:203.0.113.7"}""", 400, "ipv6Address", "ipv4Address"),
        ("a range", "POST", "sessions", """{"ipv4Address":"203.0.113.0/24"}""", 400, "ipv4Address", "no ranges"),
        ("everybody", "POST", "sessions", """{"ipv4Address":"0.0.0.0/0"}""", 400, "ipv4Address", "takes no"),
        ("everybody, IPv6", "POST", "sessions", """{"ipv6Address":"::/0"}""", 400, "ipv6Address", "takes no"),
        ("loopback", "POST", "sessions", """{"ipv4Address":"127.0.0.1"}""", 400, "ipv4Address", "no loopback"),
        ("private", "POST", "sessions", """{"ipv4Address":"192.168.1.7"}""", 400, "ipv4Address", "no private"),
        ("shared", "POST", "sessions", """{"ipv4Address":"100.64.0.1"}""", 400, "ipv4Address", "no private"),
        ("metadata", "POST", "sessions", """{"ipv4Address":"169.254.169.254"}""", 400, "ipv4Address", "takes no link"),
        ("multicast", "POST", "sessions", """{"ipv4Address":"224.0.0.1"}""", 400, "ipv4Address", "no multicast"),
        ("unique local", "POST", "sessions", """{"ipv6Address":"fd00::1"}""", 400, "ipv6Address", "no private"),
        ("documentation, not allowed", "POST", "sessions", """{"ipv4Address":"203.0.113.7","resourceIds":["{strict}"]}""", 400, "ipv4Address", "no documentation"),
        ("an id that is none", "POST", "sessions", """{"resourceIds":["7"]}""", 400, "resourceIds[0]", "not an id"),
        ("no ids", "POST", "sessions", """{"resourceIds":[]}""", 400, "resourceIds", "empty"),
        ("an id of nobody", "POST", "sessions", $$"""{"resourceIds":["{{Id}}"]}""", 404, "resourceIds", "does not exist"),
        ("an id of another organization", "POST", "sessions", """{"resourceIds":["{foreign}"]}""", 404, "resourceIds", "does not exist"),
        ("a long reason", "POST", "sessions", $$"""{"reason":"{{new string('x', 501)}}"}""", 400, "reason", "501"),
        ("a bad dry run", "POST", "sessions?dryRun=perhaps", "{}", 400, "dryRun", "wrong form"),
        ("a path id that is none", "GET", "sessions/7", null, 400, "id", "wrong form"),
        ("a path id of nobody", "GET", $"sessions/{Id}", null, 404, "", ""),
        ("a bad status", "GET", "sessions?status=OPEN", null, 400, "status", "PENDING"),
        ("a bad overdue", "GET", "sessions?overdue=2", null, 400, "overdue", "wrong form"),
        ("a bad instant", "GET", "sessions?from=now", null, 400, "from", "2026-03-01T09:30:00Z"),
        ("a limit too small", "GET", "sessions?limit=0", null, 400, "limit", "1 to 200"),
        ("a limit too large", "GET", "sessions?limit=201", null, 400, "limit", "1 to 200"),
        ("a limit in words", "GET", "sessions?limit=all", null, 400, "limit", "wrong form"),
        ("a bad cursor", "GET", "sessions?cursor=zzz", null, 400, "cursor", "X-Next-Cursor"),
        ("a bad user id", "GET", "sessions/admin?userId=ann", null, 400, "userId", "wrong form"),
        ("no extension", "POST", $"sessions/{Id}/extend", "{}", 400, "additionalHours", "missing"),
        ("two extensions", "POST", $"sessions/{Id}/extend", """{"additionalHours":1,"additionalMinutes":1}""", 400, "additionalMinutes", "one of the two"),
        ("an empty extension", "POST", $"sessions/{Id}/extend", """{"additionalHours":0}""", 400, "additionalHours", "at least 1"),
        ("no body", "POST", $"sessions/{Id}/extend", null, 400, "body", "missing"),
        ("no reason", "POST", $"resource-ips/{Id}/declare-gone", """{"reason":" "}""", 400, "reason", "missing"),
        ("a config that is none", "POST", "resources", """{"config":[]}""", 400, "config", "must be an object"),
        ("an unknown field within", "PATCH", $"resources/{Id}", """{"health":"VALID"}""", 400, "health", "not a field"),
        ("no such path", "GET", "nothing", null, 404, "", ""),
        ("no such verb", "PUT", "sessions", "{}", 405, "", ""),
    ];

    [Theory, EveryDatabase]
    public async Task Bad_input_names_field_and_fault_and_changes_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = await app.AsAdmin().SignIn();
        await app.AsAdmin().Reach("web");
        var strict = await app.Seed.Resource(admin.Organization, "strict");
        await app.Seed.Change(async db => (await db.Resources.FindAsync(strict))!.AllowedAddresses = []);
        var foreign = (await app.AsAdmin("globex").Reach("theirs"))[0].Value;
        var http = await app.AsAdmin().Http();
        var before = await Rows.OfAsync(database);
        var wrong = new List<string>();
        foreach (var (what, method, path, body, status, field, fault) in Table)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/{path}");
            if (body is not null)
                request.Content = new StringContent(body.Replace("{strict}", $"{strict.Value}", StringComparison.Ordinal).Replace("{foreign}", $"{foreign}", StringComparison.Ordinal), Encoding.UTF8, "application/json");
            using var answer = await http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode != status || !Holds(text, field, fault))
                wrong.Add($"{what}: {(int)answer.StatusCode} {text}");
        }

        wrong.ShouldBeEmpty();
        (await Rows.OfAsync(database)).ShouldBe(before);
    }

    [Theory]
    [EveryDatabase("text/plain")]
    [EveryDatabase("application/x-www-form-urlencoded")]
    public async Task A_body_that_does_not_say_it_is_JSON_is_415(TestDatabase database, string type)
    {
        await using var app = await TestApp.StartAsync(database);
        using var body = new StringContent("{}", Encoding.UTF8, type);
        var answer = await (await app.AsAdmin().Http()).PostAsync(new Uri("/api/v1/sessions", UriKind.Relative), body);
        answer.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(ErrorCodes.UnsupportedMediaType);
    }

    [Theory, EveryDatabase]
    public async Task A_body_over_256_KB_with_a_length_is_413(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var http = await app.AsAdmin().Http();
        var before = await Rows.OfAsync(database);
        using var body = new StringContent($$"""{"reason":"{{new string('x', 256 * 1024)}}"}""", Encoding.UTF8, "application/json");
        var answer = await http.PostAsync(new Uri("/api/v1/sessions", UriKind.Relative), body);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("256 KB");
        (await Rows.OfAsync(database)).ShouldBe(before);
    }

    private static bool Holds(string text, string field, string fault)
    {
        using var problem = JsonDocument.Parse(text);
        var root = problem.RootElement;
        if (!root.TryGetProperty("error", out _) || root.GetProperty("message").GetString() is not { Length: > 0 })
            return false;
        if (field.Length == 0)
            return text.Contains(fault, StringComparison.Ordinal);
        return root.TryGetProperty("validationErrors", out var errors) && errors.TryGetProperty(field, out var said)
            && said.GetString()!.Contains(fault, StringComparison.Ordinal);
    }
}
