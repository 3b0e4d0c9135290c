using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;
using MudBlazor;

namespace EntryGuard.Server.Web.Pages.Credentials;

/// <summary>Asks before a credential goes, and again where something rests on it.</summary>
internal static class CredentialDeletion
{
    /// <returns>True: it is gone.</returns>
    public static async Task<bool> AskAsync(IDialogService dialogs, ISnackbar snackbar, ApiClient client, CredentialResponse credential)
    {
        if (!await dialogs.AskAsync($"Delete {credential.Name}?", "The secret cannot be read again, so it cannot be brought back.", "Delete"))
            return false;
        var answer = await client.DeleteCredentialAsync(credential.Id, end: false, CancellationToken.None);
        if (answer.Problem?.Error == ErrorCodes.CredentialInUse)
        {
            var question = "Resources use it. Give them another one first; or end what is open through it, and delete it: they then open nothing until they have another one.";
            if (!await dialogs.AskAsync($"{credential.Name} is in use", question, "End and delete", credential.Name))
                return false;
            answer = await client.DeleteCredentialAsync(credential.Id, end: true, CancellationToken.None);
        }

        var isGone = answer.Status == HttpStatusCode.NoContent;
        if (isGone)
            snackbar.Add($"{credential.Name} is deleted.", Severity.Success);
        else
            snackbar.Add(answer.Problem?.Message ?? "The server gave no answer.", Severity.Error, options => options.RequireInteraction = true);
        return isGone;
    }
}
