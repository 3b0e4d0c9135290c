using Microsoft.Playwright;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>The one browser of these tests: Debian's Chromium. Each visitor has a profile of their own in it.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>Null: there is none on this machine, and the tests that need it are skipped.</summary>
    public static string? Program { get; } = Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_CHROMIUM") is { Length: > 0 } path ? path
        : File.Exists("/usr/bin/chromium") ? "/usr/bin/chromium" : null;

    public async ValueTask InitializeAsync()
    {
        if (Program is null)
            return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP ipv4.entryguard.test 127.0.0.1, MAP ipv6.entryguard.test [::1]"],
        });
    }

    /// <summary>Somebody with a browser of their own.</summary>
    /// <param name="zone">Of their clock: "Asia/Kolkata"; null: this machine's.</param>
    public async Task<Visitor> VisitorAsync(string url, int width = 1440, int height = 900, bool isDark = false, string? state = null, bool hasTouch = false, string? zone = null)
    {
        Assert.SkipWhen(browser is null, "there is no Chromium; on Debian: apt-get install chromium");
        var context = await browser.NewContextAsync(new()
        {
            BaseURL = url,
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            StorageState = state,
            HasTouch = hasTouch,
            TimezoneId = zone,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(20_000);
        return new Visitor(context, await context.NewPageAsync(), url);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }
}

/// <summary>Somebody at a browser, and what their browser complained of.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext context;

    internal Visitor(IBrowserContext context, IPage page, string url)
    {
        (this.context, Page) = (context, page);
        page.Console += (_, said) =>
        {
            if (said.Type is "error" or "warning")
                Complaints.Add($"{page.Url}: {said.Text}");
        };
        page.PageError += (_, error) => Complaints.Add($"{page.Url}: {error}");
        page.Request += (_, asked) =>
        {
            if (!asked.Url.StartsWith(url, StringComparison.Ordinal) && !asked.Url.StartsWith("data:", StringComparison.Ordinal) && !asked.Url.StartsWith("blob:", StringComparison.Ordinal))
                Complaints.Add($"{page.Url} asked elsewhere: {asked.Url}");
        };
    }

    public IPage Page { get; }

    public IBrowserContext Context => context;

    /// <summary>Errors and warnings of the console, errors of scripts, and requests to elsewhere.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Cookies and storage, for another window of the same person.</summary>
    public Task<string> StateAsync() => context.StorageStateAsync();

    /// <summary>Goes there, and waits until the page is alive.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await AliveAsync();
    }

    /// <summary>The connection stands: what is pressed is heard.</summary>
    public Task AliveAsync() => Page.Locator("html[data-alive]").WaitForAsync(new() { State = WaitForSelectorState.Attached });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ValueTask DisposeAsync() => context.DisposeAsync();
}
