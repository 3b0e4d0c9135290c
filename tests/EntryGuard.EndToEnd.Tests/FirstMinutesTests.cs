using System.Net;
using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>What <c>script/run --data DIR --urls URL --env-file FILE</c> promises to scripts.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class FirstMinutesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("entryguard-e2e-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_environment_file_works_is_private_and_is_used_again()
    {
        var port = RunningServer.FreePort();
        var envFile = Path.Combine(folder, "eg.env");
        string key, gate;
        await using (var first = await RunningServer.StartAsync(folder, port, envFile))
        {
            (key, gate) = (first.Variables["EG_API_KEY"], first.Variables["EG_GATE"]);
            first.Variables.Keys.ShouldBe(["EG_URL", "EG_API_KEY", "EG_GATE"]);
            first.Variables["EG_URL"].ShouldBe($"http://127.0.0.1:{port}");
            File.GetUnixFileMode(envFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            (await ListAsync(first)).ShouldBe(HttpStatusCode.OK);
        }

        StoredInClear(key).ShouldBeFalse();
        await using (var second = await RunningServer.StartAsync(folder, port, envFile))
        {
            second.Variables.ShouldBe(new Dictionary<string, string> { ["EG_URL"] = $"http://127.0.0.1:{port}", ["EG_API_KEY"] = key, ["EG_GATE"] = gate });
            (await ListAsync(second)).ShouldBe(HttpStatusCode.OK);
            second.Output.ShouldNotContain("First run");
        }
    }

    [Fact]
    public async Task A_key_of_another_installation_in_the_file_is_replaced_by_one_that_works()
    {
        var port = RunningServer.FreePort();
        var envFile = Path.Combine(folder, "eg.env");
        string key;
        await using (var first = await RunningServer.StartAsync(folder, port, envFile))
            key = first.Variables["EG_API_KEY"];
        await File.WriteAllTextAsync(envFile, $"EG_API_KEY=eg_{new string('a', 64)}\n");
        await using var second = await RunningServer.StartAsync(folder, port, envFile);
        second.Variables["EG_API_KEY"].ShouldNotBe(key);
        (await ListAsync(second)).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(250 * 1024, HttpStatusCode.BadRequest)]   // it was read, and is no session; the lengths between its chunks count as well
    [InlineData((256 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_that_does_not_say_how_long_it_is_is_read_up_to_256_KB(int bytes, HttpStatusCode expected)
    {
        await using var server = await RunningServer.StartAsync(folder, RunningServer.FreePort(), Path.Combine(folder, "eg.env"));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-API-Key", server.Variables["EG_API_KEY"]);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Variables["EG_URL"]}/api/v1/sessions")
        {
            Content = new StringContent("[" + new string(' ', bytes - 2) + "]", Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await http.SendAsync(request);
        answer.StatusCode.ShouldBe(expected);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
    }

    private static async Task<HttpStatusCode> ListAsync(RunningServer server)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-API-Key", server.Variables["EG_API_KEY"]);
        using var answer = await http.GetAsync(new Uri($"{server.Variables["EG_URL"]}/api/v1/resources"));
        if (answer.IsSuccessStatusCode)
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).ToString().ShouldContain(server.Variables["EG_GATE"]);
        return answer.StatusCode;
    }

    private bool StoredInClear(string key)
    {
        var text = Encoding.ASCII.GetBytes(key);
        return Directory.GetFiles(Path.Combine(folder, "database"), "*", SearchOption.AllDirectories)
            .Any(file => File.ReadAllBytes(file).AsSpan().IndexOf(text) >= 0);
    }
}
