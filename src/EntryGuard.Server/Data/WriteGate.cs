namespace EntryGuard.Server.Data;

/// <summary>Who goes first when several wait to write.</summary>
public enum WritePriority
{
    /// <summary>Ends and removals: nothing stands before them.</summary>
    Closing,

    /// <summary>Everything else.</summary>
    Other,
}

/// <summary>
/// SQLite has one writer. It is chosen here, awaited, before BEGIN: closings first, then in order of arrival (E25). Without it a second
/// writer would block a thread inside SQLite until its busy time-out.
/// </summary>
public sealed class WriteGate
{
    private readonly Lock guard = new();
    private readonly LinkedList<TaskCompletionSource> closings = [];
    private readonly LinkedList<TaskCompletionSource> others = [];
    private readonly AsyncLocal<Flow?> current = new();
    private bool taken;

    /// <summary>Marks this flow as a writer. Not async, so that the mark stays with the caller and a nested entry is noticed instead of waiting for itself.</summary>
    internal Flow Mark()
    {
        if (current.Value is { IsInside: true })
            throw new InvalidOperationException("The write gate is not re-entrant: finish the outer transaction first.");
        return current.Value = new Flow { IsInside = true };
    }

    /// <summary>Waits for the turn; dispose to leave.</summary>
    internal async Task<IDisposable> EnterAsync(Flow flow, WritePriority priority, CancellationToken ct)
    {
        TaskCompletionSource? turn = null;
        lock (guard)
        {
            if (!taken)
                taken = true;
            else
                (priority == WritePriority.Closing ? closings : others).AddLast(turn = new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            if (turn is not null)
                await WaitAsync(turn, ct);
        }
        catch
        {
            flow.IsInside = false;
            throw;
        }

        return new Pass(this, flow);
    }

    private async Task WaitAsync(TaskCompletionSource turn, CancellationToken ct)
    {
        await using var cancellation = ct.Register(() =>
        {
            lock (guard)
            {
                if (closings.Remove(turn) || others.Remove(turn))
                    turn.SetCanceled(ct);
            }
        });
        await turn.Task;
    }

    private void Leave()
    {
        lock (guard)
        {
            var queue = closings.Count > 0 ? closings : others;
            if (queue.First is not { } next)
            {
                taken = false;
                return;
            }

            queue.RemoveFirst();
            next.Value.SetResult();
        }
    }

    internal sealed class Flow
    {
        public bool IsInside { get; set; }
    }

    private sealed class Pass(WriteGate gate, Flow flow) : IDisposable
    {
        private WriteGate? owner = gate;

        public void Dispose()
        {
            flow.IsInside = false;
            Interlocked.Exchange(ref owner, null)?.Leave();
        }
    }
}
