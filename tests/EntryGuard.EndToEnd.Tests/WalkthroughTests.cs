namespace EntryGuard.EndToEnd.Tests;

/// <summary>The story that <c>script/run --walkthrough</c> plays, against the real process.</summary>
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class WalkthroughTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_step_of_the_walkthrough_holds()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using var process = RunningServer.Launch("walkthrough");
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var told = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            output.WriteLine(told);
            process.ExitCode.ShouldBe(0, told + await errors);
            told.ShouldContain("All 15 steps held");
            told.ShouldNotContain("FAIL");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
