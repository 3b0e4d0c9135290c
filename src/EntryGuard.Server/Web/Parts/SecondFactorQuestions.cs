using EntryGuard.Contracts;
using MudBlazor;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What is only done for whoever showed their second factor lately.</summary>
internal static class SecondFactorQuestions
{
    /// <summary>Does it; where the second factor was shown too long ago, asks for it and does it then.</summary>
    public static async Task<ApiAnswer<T>> WithSecondFactorAsync<T>(this IDialogService dialogs, ApiClient client, Func<Task<ApiAnswer<T>>> act)
        where T : class
    {
        var answer = await act();
        return answer.Problem?.Error is ErrorCodes.MfaOutdated or ErrorCodes.MfaRequired && await dialogs.VerifyAgainAsync(client) ? await act() : answer;
    }

    /// <summary>Asks for the second factor again.</summary>
    /// <returns>True: it was shown. False: it was not, or there is none.</returns>
    public static async Task<bool> VerifyAgainAsync(this IDialogService dialogs, ApiClient client)
    {
        if ((await client.GetMeAsync(CancellationToken.None)).Body is not { MfaEnabled: true } me)
            return false;
        var passkeys = await client.ListPasskeysAsync(CancellationToken.None);
        var parameters = new DialogParameters<VerifyAgain>
        {
            { d => d.Client, client },
            { d => d.HasCodes, me.TotpEnabled },
            { d => d.HasPasskeys, passkeys.Body is { Count: > 0 } },
        };
        var dialog = await dialogs.ShowAsync<VerifyAgain>("Show your second factor again", parameters);
        return await dialog.Result is { Canceled: false };
    }
}
