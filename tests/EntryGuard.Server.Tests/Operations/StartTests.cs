using System.Diagnostics;
using System.Security.Cryptography;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Tests.Operations;

/// <summary>The program itself, as an operator types it.</summary>
public sealed class StartTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("entryguard-");

    public void Dispose() => folder.Delete(true);

    [Fact]
    public async Task A_refusal_to_start_is_its_message_alone_and_code_1()
    {
        var (code, _, error) = await RunAsync("--EntryGuard:Session:MinimumSeconds=5", "--EntryGuard:RateLimits:PerKeyPerMinute=many", "--EntryGuard:MasterKeyFile=/nonexistent/key");
        code.ShouldBe(1);
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(4);
        lines[0].ShouldBe("EntryGuard does not start with this configuration:");
        lines[1].ShouldContain("EntryGuard:RateLimits:PerKeyPerMinute is 'many'");
        lines[2].ShouldContain("did you mean EntryGuard:Sessions:MinimumSeconds?");
        lines[3].ShouldContain("EntryGuard:MasterKeyFile (/nonexistent/key) cannot be read");
        Directory.Exists(DataDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_refused_leaves_no_master_key_behind()
    {
        (await RunAsync("--EntryGuard:RateLimits:PerKeyPerMinute=many")).Code.ShouldBe(1);
        foreach (var verb in new[] { new[] { "close", "--all" }, ["rewrap", "--to", NewKey("new.key")] })
        {
            var (code, _, error) = await RunAsync(verb);
            code.ShouldBe(1);
            error.ShouldContain($"There is no database {Path.Combine(DataDirectory, "entryguard.db")}. Say in which directory it is: entryguard {verb[0]} --data DIR");
        }

        Directory.Exists(DataDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task E28_E31_close_and_rewrap_work_from_the_database_and_the_key_alone()
    {
        var (old, @new) = (NewKey("old.key"), NewKey("new.key"));
        Directory.CreateDirectory(DataDirectory);
        await using (var database = Databases.Sqlite($"Data Source={Path.Combine(DataDirectory, "entryguard.db")}"))
            await database.MigrateAsync(TimeProvider.System, CancellationToken.None);
        var (code, output, _) = await RunAsync("close", "--all", $"--EntryGuard:MasterKeyFile={old}");
        code.ShouldBe(0);
        output.ShouldContain("Nothing is left open that should be closed.");

        (await RunAsync("close", $"--EntryGuard:MasterKeyFile={old}")).Code.ShouldBe(1);
        (await RunAsync("rewrap", "--to", @new, $"--EntryGuard:MasterKeyFile={old}")).Code.ShouldBe(0);
        var refused = await RunAsync("close", "--overdue", $"--EntryGuard:MasterKeyFile={old}");
        refused.Code.ShouldBe(1);
        refused.Error.ShouldStartWith("The master key is not the one this database was set up with");
        (await RunAsync("close", "--overdue", $"--EntryGuard:MasterKeyFile={@new}")).Code.ShouldBe(0);
    }

    [Fact]
    public async Task An_unknown_verb_is_told_which_there_are()
    {
        var (code, _, error) = await RunAsync("open");
        code.ShouldBe(2);
        error.ShouldContain("--overdue | --all");
    }

    private string DataDirectory => Path.Combine(folder.FullName, "data");

    private string NewKey(string name)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.FullName,
        };
        start.Environment.Remove("ENTRYGUARD_MASTER_KEY");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
