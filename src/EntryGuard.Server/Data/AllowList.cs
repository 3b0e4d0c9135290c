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
}
