using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What a mail is about.</summary>
public enum MailKind
{
    /// <summary>Somebody was made a user, and is to choose a password.</summary>
    Invitation,

    /// <summary>Somebody asked for a new password.</summary>
    PasswordReset,

    /// <summary>The password was changed.</summary>
    PasswordChanged,

    /// <summary>The second factor was taken off.</summary>
    MfaReset,

    /// <summary>Somebody signed in where the user had not before.</summary>
    NewSignIn,

    /// <summary>A session is about to end.</summary>
    SessionEnding,

    /// <summary>Closings on a Resource are overdue; to its admins.</summary>
    RemovalFailing,
}

/// <summary>A mail that is to be sent, or was: stored in the transaction of what it is about, sent after it.</summary>
public sealed class OutboxMail
{
    /// <summary>Also the mail's Message-ID, so that one that was delivered twice can be recognised.</summary>
    public Guid Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public MailKind Kind { get; set; }

    /// <summary>One e-mail address.</summary>
    public required string To { get; set; }

    /// <summary>The session or the Resource it is about; null: a user alone.</summary>
    public Guid? AboutId { get; set; }

    /// <summary>Unique within the organization: the same thing is not said twice.</summary>
    public required string IdempotencyKey { get; set; }

    /// <summary>What it says, encrypted: there may be a link in it that opens an account. Null once it was sent or given up.</summary>
    public byte[]? Letter { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Tries that were begun.</summary>
    public int Attempts { get; set; }

    /// <summary>When it is tried next; while a node is at it, when another may take it over. Null: sent or given up.</summary>
    public DateTimeOffset? NextAttemptAt { get; set; }

    /// <summary>When the mail server took it; null: not yet.</summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>Null: it was not.</summary>
    public DateTimeOffset? GaveUpAt { get; set; }

    /// <summary>What the last try failed with; null: none did. Never a secret.</summary>
    public string? Error { get; set; }
}
