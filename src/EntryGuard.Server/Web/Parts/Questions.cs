using MudBlazor;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Questions before something is done that cannot be undone.</summary>
internal static class Questions
{
    /// <param name="title">The question.</param>
    /// <param name="text">What will happen.</param>
    /// <param name="action">The button that does it, as a verb.</param>
    /// <param name="word">What must be typed first; null: nothing.</param>
    /// <returns>True: do it.</returns>
    public static async Task<bool> AskAsync(this IDialogService dialogs, string title, string text, string action, string? word = null, bool isHarmful = true)
    {
        var parameters = new DialogParameters<Confirm>
        {
            { c => c.Text, text },
            { c => c.Action, action },
            { c => c.Word, word },
            { c => c.IsHarmful, isHarmful },
        };
        var dialog = await dialogs.ShowAsync<Confirm>(title, parameters);
        return await dialog.Result is { Canceled: false };
    }
}
