using EntryGuard.Domain;

namespace EntryGuard.Server.Mail;

/// <summary>Pages of this server, as people reach them: below <c>EntryGuard:PublicUrl</c>, or as paths if it is not set.</summary>
public sealed class Links(MailSettings settings)
{
    /// <summary>Where an invited user chooses a password.</summary>
    public string AcceptInvitation(string token) => To($"/accept-invitation?token={Uri.EscapeDataString(token)}");

    /// <summary>Where a user chooses another password.</summary>
    public string ResetPassword(string token) => To($"/reset-password?token={Uri.EscapeDataString(token)}");

    public string Session(SessionId session) => To($"/sessions/{session.Value}");

    private string To(string path) => settings.PublicUrl + path;
}
