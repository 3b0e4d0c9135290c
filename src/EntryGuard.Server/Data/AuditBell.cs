using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>
/// Rings when audit rows were committed, so that whoever waits for them need not look all the time. Many rings are one, and a ring may be
/// lost with a connection: who listens looks now and then anyway.
/// </summary>
public sealed class AuditBell
{
    /// <summary>Between the nodes of a PostgreSQL database; the payload is the organization's id.</summary>
    internal const string Channel = "entryguard_audit";

    private readonly Lock guard = new();
    private readonly Dictionary<OrganizationId, HashSet<Ear>> ears = [];

    /// <summary>Hears about one organization from now on; dispose to leave.</summary>
    public Ear Listen(OrganizationId organization)
    {
        var ear = new Ear(this, organization);
        lock (guard)
        {
            if (!ears.TryGetValue(organization, out var list))
                ears[organization] = list = [];
            list.Add(ear);
        }

        return ear;
    }

    /// <summary>Rows of this organization were committed.</summary>
    public void Ring(OrganizationId organization)
    {
        lock (guard)
        {
            foreach (var ear in ears.GetValueOrDefault(organization) ?? [])
                ear.Ring();
        }
    }

    /// <summary>Rings may have been missed: everybody looks.</summary>
    public void RingAll()
    {
        lock (guard)
        {
            foreach (var ear in ears.Values.SelectMany(list => list))
                ear.Ring();
        }
    }

    private void Leave(Ear ear)
    {
        lock (guard)
        {
            if (ears.TryGetValue(ear.Organization, out var list) && list.Remove(ear) && list.Count == 0)
                ears.Remove(ear.Organization);
        }
    }

    /// <summary>One listener. Rings while it is not waiting are remembered as one.</summary>
    public sealed class Ear : IDisposable
    {
        private readonly AuditBell bell;
        private readonly SemaphoreSlim rung = new(0, 1);

        internal Ear(AuditBell bell, OrganizationId organization) => (this.bell, Organization) = (bell, organization);

        internal OrganizationId Organization { get; }

        /// <summary>True if it rang before the time was up.</summary>
        public async Task<bool> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken ct)
        {
            using var alarm = new CancellationTokenSource(limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(alarm.Token, ct);
            try
            {
                await rung.WaitAsync(either.Token);
                return true;
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return false;
            }
        }

        public void Dispose()
        {
            bell.Leave(this);
            rung.Dispose();
        }

        // Called under the bell's lock, so never after Leave.
        internal void Ring()
        {
            if (rung.CurrentCount == 0)
                rung.Release();
        }
    }
}
