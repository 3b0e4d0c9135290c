using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Bench;

/// <summary>
/// A page of the console as a browser holds it open, without the browser: signed in by cookie, loaded, and alive over a WebSocket. What the page
/// asks of its browser is answered as by one that knows nothing; what it draws is read for a text that is waited for.
/// </summary>
internal sealed partial class OpenConsole : IAsyncDisposable
{
    private const int ObjectReference = 1;   // of JSCallResultType
    private readonly CookieContainer jar = new();
    private readonly Uri url;
    private readonly HttpClient http;
    private readonly TaskCompletionSource alive = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HubConnection? line;
    private (byte[] Text, TaskCompletionSource<long> Seen)? wanted;
    private int objects;

    public OpenConsole(Uri url)
    {
        this.url = url;
        http = new HttpClient(new SocketsHttpHandler { CookieContainer = jar }) { BaseAddress = url };
    }

    /// <summary>With the token of an invitation.</summary>
    public async Task SignInAsync(string invitation) =>
        _ = (await new ApiClient(http).SetPasswordAsync(new SetPasswordRequest { InviteToken = invitation, Password = "correct horse battery staple", UseCookies = true }, CancellationToken.None)).Value;

    /// <summary>Bytes of the bodies that a browser with nothing in its cache is sent for this page: the page, its styles, scripts and icon, by name.</summary>
    /// <remarks>As over plain HTTP, where browsers take gzip and not Brotli.</remarks>
    public async Task<IReadOnlyList<(string Path, long Bytes)>> WeighAsync(string path)
    {
        var page = await http.GetStringAsync(new Uri(path, UriKind.Relative));
        var all = new List<(string, long)>();
        foreach (var name in Files().Matches(page).Select(file => file.Groups[1].Value).Prepend(path))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url, name));
            request.Headers.AcceptEncoding.ParseAdd("gzip");
            using var answer = await http.SendAsync(request);
            all.Add((name, (await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync()).LongLength));
        }

        return all;
    }

    /// <summary>Loads the page and waits until it is alive.</summary>
    public async Task OpenAsync(string path)
    {
        var page = await http.GetStringAsync(new Uri(path, UriKind.Relative));
        var operations = Roots().Matches(page).Select(root => JsonSerializer.Deserialize<JsonElement>(root.Groups[1].Value)).Where(root => root.TryGetProperty("descriptor", out _))
            .Select((marker, at) => new { type = "add", ssrComponentId = at + 1, marker }).ToList();
        if (operations.Count == 0)
            throw new InvalidOperationException($"{path} is not a page that comes alive: {page[..Math.Min(200, page.Length)]}");
        line = Line();
        await line.StartAsync();
        var circuit = await line.InvokeAsync<string?>("StartCircuit", url.ToString(), new Uri(url, path).ToString(), "[]", "");
        if (string.IsNullOrEmpty(circuit))
            throw new InvalidOperationException("The server began no circuit.");
        await line.SendAsync("UpdateRootComponents", JsonSerializer.Serialize(new { batchId = 1, operations }), State().Match(page).Groups[1].Value);
        await alive.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    /// <summary>The <see cref="Stopwatch.GetTimestamp"/> at which something was drawn that holds this text. Not at once: what was drawn before does not count.</summary>
    public Task<long> SeesAsync(string text)
    {
        var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        wanted = (Encoding.UTF8.GetBytes(text), seen);
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (line is not null)
            await line.DisposeAsync();
        http.Dispose();
    }

    private HubConnection Line()
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(url, "_blazor"), options =>
        {
            options.Cookies = jar;
            options.Transports = HttpTransportType.WebSockets;
            options.SkipNegotiation = true;
        });
        builder.Services.AddSingleton<IHubProtocol>(new BlazorPack());
        var made = builder.Build();
        made.On<int, byte[]>("JS.RenderBatch", Draw);
        made.On<long, string, string, int, long, int>("JS.BeginInvokeJS", Answer);
        made.On<string>("JS.Error", error => Fail($"The page failed: {error}"));
        made.Closed += e =>
        {
            Fail($"The line was closed: {e?.Message}");
            return Task.CompletedTask;
        };
        return made;
    }

    private async Task Draw(int batch, byte[] drawn)
    {
        if (wanted is { } look && drawn.AsSpan().IndexOf(look.Text) >= 0)
            look.Seen.TrySetResult(Stopwatch.GetTimestamp());
        await line!.SendAsync("OnRenderCompleted", (long)batch, null);
    }

    private async Task Answer(long call, string what, string with, int kind, long target, int how)
    {
        var result = kind == ObjectReference ? string.Create(CultureInfo.InvariantCulture, $$"""{"__jsObjectId":{{Interlocked.Increment(ref objects)}}}""") : "null";
        if (call > 0)
            await line!.SendAsync("EndInvokeJSFromDotNet", call, true, string.Create(CultureInfo.InvariantCulture, $"[{call},true,{result}]"));
        if (what == "restoreTyped")   // the last a layout asks for: from here on it hears
            alive.TrySetResult();
    }

    private void Fail(string why)
    {
        var error = new InvalidOperationException(why);
        alive.TrySetException(error);
        wanted?.Seen.TrySetException(error);
    }

    [GeneratedRegex("<(?:link|script)[^>]* (?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Files();

    [GeneratedRegex("<!--Blazor:(\\{.*?\\})-->", RegexOptions.Singleline)]
    private static partial Regex Roots();

    [GeneratedRegex("<!--Blazor-Server-Component-State:([a-zA-Z0-9+/=]+)-->")]
    private static partial Regex State();
}
