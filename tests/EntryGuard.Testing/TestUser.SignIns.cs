using EntryGuard.Contracts;

namespace EntryGuard.Testing;

/// <content>How a person signs in who has a password.</content>
public sealed partial class TestUser
{
    /// <summary>What users of the kit have unless a test says otherwise.</summary>
    public const string Password = "correct horse battery staple";

    /// <summary>An admin invites, the user takes the invitation.</summary>
    public async Task<LoginResponse> Join(string password = Password)
    {
        var me = await SignIn();
        var invitation = await (await app.AsAdmin(organization).Api()).ResendInvitationAsync(me.User.Value, None);
        return (await Anonymous().SetPasswordAsync(new SetPasswordRequest { InviteToken = invitation.Value.Token, Password = password }, None)).Value;
    }

    public async Task<LoginResponse> Login(string password = Password, string from = "198.51.100.1") => (await TryLogin(password, from)).Value;

    public Task<ApiAnswer<LoginResponse>> TryLogin(string password = Password, string from = "198.51.100.1") =>
        Anonymous(from).LoginAsync(new LoginRequest { OrganizationSlug = organization, Email = Email, Password = password }, None);

    /// <summary>Joined, and signed in by password: the API with the access token.</summary>
    public async Task<ApiClient> JoinedApi() => With((await Join()).AccessToken!);

    /// <summary>Sets up one-time codes.</summary>
    /// <returns>The secret as the app has it, and the recovery codes.</returns>
    public async Task<(string Secret, IReadOnlyList<string> Recovery)> SetUpCodes(ApiClient api)
    {
        ArgumentNullException.ThrowIfNull(api);
        var setup = (await api.SetUpMfaAsync(None)).Value;
        var done = (await api.ConfirmMfaAsync(new ConfirmTotpRequest { Code = CodeApp.Code(setup.Secret, app.Time.GetUtcNow()) }, None)).Value;
        app.Time.Advance(TimeSpan.FromSeconds(30));   // the code that was just taken is not taken again
        return (setup.Secret, done.RecoveryCodes);
    }

    /// <summary>What the app shows now.</summary>
    public string Code(string secret) => CodeApp.Code(secret, app.Time.GetUtcNow());

    /// <summary>The API before anybody signs in.</summary>
    public ApiClient Anonymous(string from = "198.51.100.1") => new(app.Client(from));
}
