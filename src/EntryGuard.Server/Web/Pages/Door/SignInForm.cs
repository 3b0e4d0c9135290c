namespace EntryGuard.Server.Web.Pages.Door;

/// <summary>What the sign-in page sends: the question's answers, and at which question it is.</summary>
public sealed class SignInForm
{
    public string? OrganizationSlug { get; set; }
    public string? Email { get; set; }
    public string? Password { get; set; }
    public string? NewPassword { get; set; }
    public string? Code { get; set; }
    public string? ReturnUrl { get; set; }
    public string? MfaChallengeToken { get; set; }

    /// <summary>A passkey would do instead of the code; null: there is none.</summary>
    public string? HasPasskey { get; set; }
    public string? PasswordChangeToken { get; set; }
    public string? SetupToken { get; set; }
    public string? Qr { get; set; }
    public string? Secret { get; set; }

    /// <summary>Without what is secret.</summary>
    public override string ToString() => $"{nameof(SignInForm)} {OrganizationSlug} {Email}";
}
