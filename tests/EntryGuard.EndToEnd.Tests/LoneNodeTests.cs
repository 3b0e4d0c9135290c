using System.Text.Json;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>Servers on SQLite, each alone in its data directory.</summary>
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class LoneNodeTests(ITestOutputHelper output) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("entryguard-lone-").FullName;

    [Fact]
    public async Task E25_two_servers_on_one_machine_do_not_collide()
    {
        await using var one = Node.Start(null, "--data", Path.Combine(directory, "one"));
        await using var two = Node.Start(null, "--data", Path.Combine(directory, "two"));
        output.WriteLine($"answers after {(await one.AnswersAsync()).TotalSeconds:0.00} s and {(await two.AnswersAsync()).TotalSeconds:0.00} s");
        (one.Said + two.Said).ShouldBe("");   // nobody complains of a port that is taken
    }

    [Fact]
    public async Task E25_a_second_server_on_the_same_data_directory_refuses_to_start()
    {
        await using var first = Node.Start(null, "--data", directory);
        await first.AnswersAsync();
        await using var second = Node.Start(null, "--data", directory);
        (await second.ExitCodeAsync()).ShouldNotBe(0);
        second.Said.ShouldContain($"Another EntryGuard uses the data directory {directory}");
        await first.AnswersAsync();
    }

    // The operating system drops the lock with the process.
    [Fact]
    public async Task E25_a_data_directory_is_free_again_after_a_kill()
    {
        await using (var first = Node.Start(null, "--data", directory))
        {
            await first.AnswersAsync();
            await first.KillAsync();
        }

        await using var second = Node.Start(null, "--data", directory);
        await second.AnswersAsync();
    }

    [Fact]
    public async Task Its_log_is_a_JSON_object_per_line_with_the_number_of_the_event_if_wished()
    {
        await using var node = Node.Start(
            null, "--data", directory, "--Logging:Console:FormatterName=json", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information");
        await node.AnswersAsync();
        var events = node.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        events.Single(e => e.GetProperty("EventId").GetInt32() == 14).GetProperty("State").GetProperty("address").GetString()
            .ShouldBe(node.Http.BaseAddress!.ToString().TrimEnd('/'));
    }

    public void Dispose() => Directory.Delete(directory, true);
}
