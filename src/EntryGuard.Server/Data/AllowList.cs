using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What is really edited at the provider; several Resources, even of several organizations, may share one. Engine scope only.</summary>
public sealed class AllowList
{
    public AllowListKey Key { get; set; }

    /// <summary>"GATE/TCP_GATE".</summary>
    public required string Type { get; set; }
    public required string Identity { get; set; }

    /// <summary>Latest deadline of any call that went without an answer (E12). Never goes back; null: there was none.</summary>
    public DateTimeOffset? QuietAfter { get; set; }

    /// <summary>An admin asked for a reconciliation now; null: nobody does, or it was made.</summary>
    public DateTimeOffset? ReconcileAskedAt { get; set; }

    /// <summary>... and said that it may remove more than the brake lets pass.</summary>
    public bool ReconcileUnbraked { get; set; }
}
