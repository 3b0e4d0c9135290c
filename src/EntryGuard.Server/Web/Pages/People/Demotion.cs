using EntryGuard.Server.Web.Parts;
using MudBlazor;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>What is asked before an administrator is none any more.</summary>
internal static class Demotion
{
    /// <param name="name">Null: whoever looks.</param>
    /// <param name="from">Authority as it is.</param>
    /// <param name="to">As it is to be.</param>
    /// <returns>True: it takes nothing away, or it is wanted.</returns>
    public static async Task<bool> MayDemoteAsync(this IDialogService dialogs, string? name, string from, string to)
    {
        if (from != "ADMIN" || to == "ADMIN")
            return true;
        return await dialogs.AskAsync(
            name is null ? "No longer be an administrator?" : $"Take administration away from {name}?",
            name is null ? $"You change nothing of the organization any more, from the next press on{(to == "AUDITOR" ? "; you can still read it" : "")}. Only another administrator can give it back."
                : $"{name} changes nothing of the organization any more, from the next request on{(to == "AUDITOR" ? "; it can still be read" : "")}. That holds for API keys as well.",
            "Take it away");
    }
}
