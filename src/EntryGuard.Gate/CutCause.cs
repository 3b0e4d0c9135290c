namespace EntryGuard.Gate;

/// <summary>Why a live connection was ended by us.</summary>
internal enum CutCause
{
    /// <summary>Its entry was taken away.</summary>
    Removed,

    /// <summary>Its entry came to its end.</summary>
    Lapsed,

    /// <summary>The gate itself was closed.</summary>
    Closed,
}
