using EntryGuard.Contracts;
using Microsoft.AspNetCore.Components;

namespace EntryGuard.Server.Web.Parts;

/// <summary>A link for somebody else, as it is shown to the administrator who asked for it.</summary>
/// <param name="Email">Whose it is.</param>
/// <param name="IsInvitation">Else it lets them choose another password.</param>
/// <param name="Link">Null: it was sent.</param>
/// <param name="Until">So long it works.</param>
public sealed record HandedOver(string Email, bool IsInvitation, string? Link, DateTimeOffset Until)
{
    /// <summary>Where the server does not know its own address, it has the one it is looked at by.</summary>
    internal static HandedOver Of(string email, bool isInvitation, HandOverResponse answer, NavigationManager navigation) => new(
        email, isInvitation,
        answer.Link ?? (answer.Token is { } token ? $"{navigation.BaseUri}{(isInvitation ? "accept-invitation" : "reset-password")}?token={Uri.EscapeDataString(token)}" : null),
        answer.ExpiresAt);

    public string Title => (IsInvitation, Link) switch
    {
        (true, null) => $"An invitation is on its way to {Email}",
        (true, _) => $"Invitation of {Email}",
        (false, null) => $"A link is on its way to {Email}",
        (false, _) => $"Another password for {Email}",
    };

    /// <summary>Without the link, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(HandedOver)} {Email}";
}
