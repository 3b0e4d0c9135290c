namespace EntryGuard.Gate;

/// <summary>What a gate promises to the table it reads.</summary>
internal interface IAllowTableObserver
{
    /// <summary>The next end came nearer: sleep no longer than the table now says. Does not block.</summary>
    void Nudge();

    /// <summary>Some address may no longer be covered: re-check every connection. Does not block.</summary>
    /// <param name="dueAt">Timestamp of the table's clock from which the latency of the cuts counts.</param>
    /// <param name="cause">For the metrics.</param>
    void Shrunk(long dueAt, CutCause cause);

    /// <summary>Blocks until every connection was re-checked against the table as of <paramref name="version"/> or later.</summary>
    /// <exception cref="TimeoutException">It did not happen within 5 s.</exception>
    void AwaitCuts(long version);
}
