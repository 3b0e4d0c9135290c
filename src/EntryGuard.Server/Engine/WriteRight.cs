namespace EntryGuard.Server.Engine;

/// <summary>
/// Whether this process may write to providers. Not while it runs on a database that may be a copy: two installations would undo each
/// other's work (E27, the one exception to E05).
/// </summary>
public sealed class WriteRight
{
    private readonly TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why it may not, in words for the operator; null if it may.</summary>
    public string? WhyNot { get; private set; } = "The database's identity was not checked yet.";

    /// <summary>It may.</summary>
    public bool IsGranted => WhyNot is null;

    /// <summary>From now on, for good.</summary>
    public void Grant()
    {
        WhyNot = null;
        granted.TrySetResult();
    }

    /// <summary>Not before an operator says so.</summary>
    public void Refuse(string why) => WhyNot = why;

    /// <summary>Returns when it may.</summary>
    internal Task WaitAsync(CancellationToken ct) => granted.Task.WaitAsync(ct);
}
