using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>A server that has a name for each address family: here they lead to the two loopback addresses.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class BothFamiliesTests : IAsyncLifetime
{
    private readonly ConsoleServer server = new(port =>
    [
        "--urls", $"http://127.0.0.1:{port};http://[::1]:{port}", "--EntryGuard:PublicUrl", $"http://localhost:{port}",
        "--EntryGuard:Detect:Ipv4Url", $"http://ipv4.entryguard.test:{port}", "--EntryGuard:Detect:Ipv6Url", $"http://ipv6.entryguard.test:{port}",
    ]);

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_page_sees_both_addresses_and_a_start_opens_both()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/");
        await Expect(ann.Page.GetByTestId("address")).ToHaveTextAsync(["127.0.0.1", "::1"]);
        await ann.Button("Start session").ClickAsync();
        await Until.TrueAsync(TimeSpan.FromSeconds(20), async () => (await server.Api.ListSessionsAsync("status=ACTIVE", false, CancellationToken.None)).Value is [{ Ipv4Address: "127.0.0.1", Ipv6Address: "::1" }]);
        await Expect(ann.Page.GetByRole(AriaRole.Timer)).ToBeVisibleAsync();
        ann.Complaints.ShouldAllBe(c => c.Contains("asked elsewhere", StringComparison.Ordinal) && c.EndsWith("/api/v1/detect-ip", StringComparison.Ordinal));
    }
}
