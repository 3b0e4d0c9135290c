using System.Text.Json;
using EntryGuard.Contracts;
using Microsoft.JSInterop;

namespace EntryGuard.Server.Web;

/// <summary>What only the browser knows or does; see <c>wwwroot/console.js</c>. Where it cannot, nothing happens.</summary>
/// <remarks>Nothing is given back at the end: the module goes with its page, and to wait for a page that was left would hold up its farewell.</remarks>
internal sealed class Browser(IJSRuntime js)
{
    // Longer than the server waits for what a passkey says.
    private static readonly TimeSpan Ceremony = TimeSpan.FromMinutes(6);

    // An answer that was on its way when the line was lost never comes; whatever waits for one goes on without it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Fields come as the page is drawn, for five seconds; see console.js.
    private static readonly TimeSpan Restoring = TimeSpan.FromSeconds(15);

    private Task<IJSObjectReference>? module;

    /// <summary>Address of the script, the very one the page loaded: under another it would be loaded, and listen, once more. Set by the layout.</summary>
    public string Script { get; set; } = "/console.js";

    /// <summary>What a page stored in this browser; null: nothing.</summary>
    public Task<string?> RecallAsync(string key) => AskAsync<string?>("recall", key);

    /// <param name="text">Null: it is forgotten.</param>
    public Task RememberAsync(string key, string? text) => AskAsync<object?>("remember", key, text);

    /// <summary>"granted", "denied", "default"; null: it has no notifications.</summary>
    public Task<string?> MayNotifyAsync() => AskAsync<string?>("mayNotify");

    public Task<string?> AskToNotifyAsync() => AskAsync<string?>("askToNotify");

    /// <summary>Only where the user allowed it.</summary>
    public Task NotifyAsync(string title, string text) => AskAsync<object?>("notify", title, text);

    public Task FocusAsync(string selector) => AskAsync<object?>("focus", selector);

    /// <summary>Asks this server under another of its names what address it sees; null: it cannot be reached there, so the browser has none of that family.</summary>
    /// <param name="url">Scheme and host.</param>
    public Task<DetectIpResponse?> DetectAsync(string url) => AskAsync<DetectIpResponse?>("detect", url);

    /// <summary>The user's time zone: "Europe/Berlin".</summary>
    public Task<string?> ZoneAsync() => AskAsync<string?>("zone");

    /// <summary>What was typed before the page had to be loaded anew comes back, if the same user typed it.</summary>
    /// <returns>Title of a dialog that was open; it gets its text once it is open again. Null: none was.</returns>
    public Task<string?> RestoreTypedAsync() => AskAsync<string?>("restoreTyped", Restoring);

    /// <summary>The page is about to be loaded anew: what was typed is kept for when it is back.</summary>
    public Task KeepTypedAsync() => AskAsync<object?>("keepTyped");

    /// <summary>A form, for when its page is shown again.</summary>
    /// <param name="at">Path of the page.</param>
    /// <param name="name">Of the form, within it.</param>
    /// <param name="text">Without secrets; null: it was sent, or given up.</param>
    public Task KeepDraftAsync(Guid user, string at, string name, string? text) => AskAsync<object?>("keepDraft", user.ToString(), at, name, text);

    /// <summary>What was kept of a form, only for who typed it; null: nothing.</summary>
    /// <inheritdoc cref="KeepDraftAsync"/>
    public Task<string?> TakeUpDraftAsync(Guid user, string at, string name) => AskAsync<string?>("takeUpDraft", user.ToString(), at, name);

    /// <summary>A press of a button waits for <c>Hear</c> of it: it is called after the press was.</summary>
    /// <param name="ears">Hears it.</param>
    /// <param name="user">Whoever looks; null: nobody knows yet.</param>
    public Task ListenAsync<T>(DotNetObjectReference<T> ears, Guid? user)
        where T : class => AskAsync<object?>("listen", ears, user?.ToString());

    /// <summary>Ctrl-K calls <c>Open</c> of it.</summary>
    public Task OnPaletteAsync<T>(DotNetObjectReference<T> palette)
        where T : class => AskAsync<object?>("onPalette", palette);

    /// <param name="options">As the API gave them.</param>
    public Task<PasskeyAnswer?> MakePasskeyAsync(string options) => PasskeyAsync("makePasskey", options);

    /// <inheritdoc cref="MakePasskeyAsync"/>
    public Task<PasskeyAnswer?> ShowPasskeyAsync(string options) => PasskeyAsync("showPasskey", options);

    /// <summary>The credential of an answer, as the API takes it.</summary>
    public static JsonElement? Credential(PasskeyAnswer answer)
    {
        if (answer.Credential is not { } text)
            return null;
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    /// <summary>Shows a dialog of the page, or closes it; where the focus was, it is then again.</summary>
    public Task ShowDialogAsync(string id, bool isShown) => AskAsync<object?>("showDialog", id, isShown);

    public Task ScrollToAsync(string id) => AskAsync<object?>("scrollTo", id);

    private async Task<PasskeyAnswer?> PasskeyAsync(string what, string options)
    {
        try
        {
            return await (await ModuleAsync()).InvokeAsync<PasskeyAnswer>(what, Ceremony, options);
        }
        catch (JSDisconnectedException)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            return new PasskeyAnswer(null, "The browser took too long over it. Try again.");
        }
    }

    private Task<T?> AskAsync<T>(string what, params object?[] with) => AskAsync<T>(what, Patience, with);

    private async Task<T?> AskAsync<T>(string what, TimeSpan patience, params object?[] with)
    {
        try
        {
            return await (await ModuleAsync()).InvokeAsync<T>(what, patience, with);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            return default;   // it left, or its line is lost for longer than anything waits
        }
    }

    private Task<IJSObjectReference> ModuleAsync()
    {
        if (module is not { IsFaulted: false, IsCanceled: false })
            module = js.InvokeAsync<IJSObjectReference>("import", Patience, Script).AsTask();
        return module;
    }

    /// <summary>What came of a passkey.</summary>
    /// <param name="Credential">As the API takes it; null: it did not work.</param>
    /// <param name="Error">Why, in words.</param>
    internal sealed record PasskeyAnswer(string? Credential, string? Error);
}
