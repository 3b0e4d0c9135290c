using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Mail;

/// <summary>What a mail says, as it is stored (encrypted: a link may open an account). Its words are made when it is sent.</summary>
public abstract record Letter
{
    [JsonIgnore]
    public abstract MailKind Kind { get; }

    [JsonIgnore]
    internal abstract LetterText Text { get; }

    /// <summary>The kind alone, so that no log can hold a link.</summary>
    public sealed override string ToString() => Names.Wire(Kind);

    internal string ToJson() => JsonSerializer.Serialize(this, GetType());

    /// <exception cref="JsonException">It is none of this kind.</exception>
    internal static Letter FromJson(MailKind kind, string json) => (Letter?)JsonSerializer.Deserialize(json, TypeOf(kind)) ?? throw new JsonException("It is empty.");

    private protected static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static Type TypeOf(MailKind kind) => kind switch
    {
        MailKind.Invitation => typeof(Invitation),
        MailKind.PasswordReset => typeof(PasswordReset),
        MailKind.PasswordChanged => typeof(PasswordChanged),
        MailKind.MfaReset => typeof(MfaReset),
        MailKind.NewSignIn => typeof(NewSignIn),
        MailKind.SessionEnding => typeof(SessionEnding),
        MailKind.RemovalFailing => typeof(RemovalFailing),
    };
}

/// <param name="Link">Where the user chooses a password.</param>
/// <param name="InvitedBy">E-mail address of whoever made the user.</param>
/// <param name="Organization">Its name.</param>
/// <param name="ExpiresAt">From then on the link does nothing.</param>
public sealed record Invitation(string Link, string InvitedBy, string Organization, DateTimeOffset ExpiresAt) : Letter
{
    public override MailKind Kind => MailKind.Invitation;

    internal override LetterText Text => new(
        $"You are invited to {Organization}",
        $"{InvitedBy} made you a user of {Organization} in EntryGuard, which opens access to systems for a while and closes it again.",
        [], ("Accept the invitation and choose a password", Link),
        $"The link works once, until {At(ExpiresAt)}. If you do not know why you were invited, do nothing.");
}

/// <param name="Link">Where the user chooses another password.</param>
/// <param name="RequestedFrom">Address of whoever asked.</param>
/// <param name="ExpiresAt">From then on the link does nothing.</param>
public sealed record PasswordReset(string Link, string RequestedFrom, DateTimeOffset ExpiresAt) : Letter
{
    public override MailKind Kind => MailKind.PasswordReset;

    internal override LetterText Text => new(
        "Choose a new password",
        "Somebody asked for a new password for your EntryGuard account.",
        [("Asked from", RequestedFrom)], ("Choose a new password", Link),
        $"The link works once, until {At(ExpiresAt)}. If it was not you, do nothing: your password stays as it is.");
}

/// <param name="ChangedAt">When.</param>
/// <param name="Address">From where.</param>
public sealed record PasswordChanged(DateTimeOffset ChangedAt, string Address) : Letter
{
    public override MailKind Kind => MailKind.PasswordChanged;

    internal override LetterText Text => new(
        "Your password was changed",
        "The password of your EntryGuard account was changed.",
        [("When", At(ChangedAt)), ("From", Address)], null,
        "If it was not you, tell an administrator of your organization at once.");
}

/// <param name="ResetAt">When.</param>
/// <param name="ResetBy">E-mail address of whoever did it.</param>
public sealed record MfaReset(DateTimeOffset ResetAt, string ResetBy) : Letter
{
    public override MailKind Kind => MailKind.MfaReset;

    internal override LetterText Text => new(
        "Your second factor was reset",
        "The second factor of your EntryGuard account was taken off; you set up a new one when you next sign in.",
        [("When", At(ResetAt)), ("By", ResetBy)], null,
        "If you did not ask for that, tell an administrator of your organization at once.");
}

/// <param name="SignedInAt">When.</param>
/// <param name="Address">From where.</param>
/// <param name="Browser">As it calls itself.</param>
public sealed record NewSignIn(DateTimeOffset SignedInAt, string Address, string Browser) : Letter
{
    public override MailKind Kind => MailKind.NewSignIn;

    internal override LetterText Text => new(
        "New sign-in to your account",
        "Your EntryGuard account was signed in to from an address or a browser that is new.",
        [("When", At(SignedInAt)), ("From", Address), ("Browser", Browser)], null,
        "If it was not you, change your password and tell an administrator of your organization at once.");
}

/// <param name="Link">The session.</param>
/// <param name="Resources">Names of what it has open.</param>
/// <param name="Addresses">What it is open for.</param>
/// <param name="EndsAt">When.</param>
public sealed record SessionEnding(string Link, IReadOnlyList<string> Resources, IReadOnlyList<string> Addresses, DateTimeOffset EndsAt) : Letter
{
    public override MailKind Kind => MailKind.SessionEnding;

    internal override LetterText Text => new(
        $"Your session ends at {At(EndsAt)}",
        "Your session is about to end, and the access it opened with it.",
        [("Ends at", At(EndsAt)), ("Resources", string.Join(", ", Resources)), ("Address", string.Join(", ", Addresses))], ("See or extend the session", Link),
        "If you need it no longer, do nothing. What is extended gets a mail of its own before its new end.");
}

/// <param name="Resource">Name of the Resource.</param>
/// <param name="Addresses">What should be off it, oldest first; not necessarily all of them.</param>
/// <param name="More">How many others there are.</param>
/// <param name="Since">Since when the oldest is overdue.</param>
/// <param name="Error">What the provider said last about the oldest; null: nothing.</param>
public sealed record RemovalFailing(string Resource, IReadOnlyList<string> Addresses, int More, DateTimeOffset Since, string? Error) : Letter
{
    public override MailKind Kind => MailKind.RemovalFailing;

    internal override LetterText Text => new(
        $"A door may still be open: {Resource}",
        $"Access to {Resource} should be closed by now and may still be open. It is tried again every 5 minutes.",
        [
            ("Resource", Resource), ("Address", string.Join(", ", Addresses) + (More > 0 ? $" and {More} more" : "")), ("Overdue since", At(Since)),
            ("Error", Error ?? "none was told: the removal could not be confirmed"),
        ],
        null, "Repair the cause, usually a credential or a permission, then verify the Resource: that tries at once.");
}
