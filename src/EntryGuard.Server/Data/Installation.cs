namespace EntryGuard.Server.Data;

/// <summary>The one row about this installation; born with the database.</summary>
public sealed class Installation
{
    /// <summary>Always 1.</summary>
    public int Id { get; set; } = 1;

    /// <summary>8 characters; part of every owner mark.</summary>
    public required string Code { get; set; }

    /// <summary>PostgreSQL system identifier, or id of the SQLite file; another value means a copy of the database (E27).</summary>
    public string? DatabaseIdentity { get; set; }

    /// <summary>Says whether a master key is the one the key ring is encrypted with, and nothing about the key; null until the first start with one.</summary>
    public byte[]? MasterKeyCheck { get; set; }

    /// <summary>Null until somebody was told one.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>When the first organization was made; null before. Registration is closed from then on unless configured open.</summary>
    public DateTimeOffset? BootstrappedAt { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>One key of the Data Protection ring, itself encrypted with the installation's master key.</summary>
public sealed class DataProtectionKey
{
    public int Id { get; set; }
    public string? FriendlyName { get; set; }
    public required string Xml { get; set; }
}
