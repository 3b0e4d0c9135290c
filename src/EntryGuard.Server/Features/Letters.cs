using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features;

/// <summary>
/// What people are written about signing in, in the transaction of what it is about. Each says whether it will be sent; a server without
/// mail sends none.
/// </summary>
public sealed class Letters
{
    /// <summary>False: whoever waits for a letter waits in vain.</summary>
    public bool CanSend => false;

    /// <summary>To set the first password with this token.</summary>
    public bool Invite(EntryGuardDb db, User user, string token, DateTimeOffset expiresAt) => CanSend;

    /// <summary>To set another password with this token.</summary>
    public bool ResetPassword(EntryGuardDb db, User user, string token, DateTimeOffset expiresAt) => CanSend;

    /// <summary>Somebody signed in from an address that was not seen with this user before.</summary>
    public bool NewSignIn(EntryGuardDb db, User user, SignIn signIn) => CanSend;

    public bool PasswordChanged(EntryGuardDb db, User user, DateTimeOffset at) => CanSend;

    /// <summary>An admin took the second factor away.</summary>
    public bool MfaReset(EntryGuardDb db, User user, DateTimeOffset at) => CanSend;
}
