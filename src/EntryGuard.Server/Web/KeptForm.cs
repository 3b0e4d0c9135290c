using System.Text.Json;

namespace EntryGuard.Server.Web;

/// <summary>
/// What is typed into a form, kept in its tab as it is typed: whatever takes the page (a reload, a crash, a server that begins anew, the end of a
/// sign-in), it has it back, for an hour. Secrets are never part of it.
/// </summary>
/// <typeparam name="T">As it is kept.</typeparam>
/// <param name="user">Whoever types: nobody else has it back.</param>
/// <param name="at">Path of its page, with the query where that says what it is about.</param>
/// <param name="name">Of the form, within its page.</param>
internal sealed class KeptForm<T>(Browser browser, Guid user, string at, string name = KeptForm<T>.OfThePage)
    where T : class
{
    /// <summary>The one that its page is about; what had not reached the server is put into it after it.</summary>
    private const string OfThePage = "form";

    private string? kept;
    private bool isTakenUp;

    /// <summary>What was kept, once; null: nothing, or nothing that this form can read.</summary>
    public async Task<T?> TakeUpAsync()
    {
        if (isTakenUp)
            return null;
        isTakenUp = true;
        kept = await browser.TakeUpDraftAsync(user, at, name);
        try
        {
            return kept is null ? null : JsonSerializer.Deserialize<T>(kept, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>From now on this; it costs nothing where it is the same as before.</summary>
    /// <param name="form">Null: nothing is typed, or it was sent.</param>
    public async Task KeepAsync(T? form)
    {
        var now = form is null ? null : JsonSerializer.Serialize(form, JsonSerializerOptions.Web);
        if (now == kept)
            return;
        kept = now;
        await browser.KeepDraftAsync(user, at, name, now);
    }
}
