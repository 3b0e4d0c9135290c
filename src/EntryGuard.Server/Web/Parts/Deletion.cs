using EntryGuard.Contracts;
using MudBlazor;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Deleting whoever may have sessions that run.</summary>
internal static class Deletion
{
    /// <summary>Asks, and where what runs stands in the way, offers to end that first.</summary>
    /// <param name="dialogs">To ask with.</param>
    /// <param name="name">Who.</param>
    /// <param name="text">What will happen.</param>
    /// <param name="delete">True: end what runs. Null: it was not done.</param>
    /// <returns>True: it is deleted.</returns>
    public static async Task<bool> DeleteAsync<T>(this IDialogService dialogs, string name, string text, Func<bool, Task<ApiAnswer<T>?>> delete)
        where T : class
    {
        if (!await dialogs.AskAsync($"Delete {name}?", text, "Delete"))
            return false;
        var answer = await delete(false);
        if (IsQuestion(answer?.Problem))
        {
            answer = await dialogs.AskAsync($"{name} has sessions", "Something it opened is open or being closed. Shall that end, and it be deleted?", "End them and delete")
                ? await delete(true) : null;
        }

        return answer is { Problem: null };
    }

    /// <summary>It is asked about, and not shown: what runs may be ended first.</summary>
    public static bool IsQuestion(Problem? problem) => problem is { Error: ErrorCodes.UserInUse } && problem.Message.Contains("end=true", StringComparison.Ordinal);
}
