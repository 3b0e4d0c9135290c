namespace EntryGuard.Domain.Providers;

/// <summary>A provider whose allow-lists live in the process that works on them.</summary>
public interface IHoldsAllowLists
{
    /// <summary>This process holds it now.</summary>
    bool Holds(AllowListKey key);

    /// <summary>This process does not serve the allow-list any more: let go of what it holds for it. Idempotent.</summary>
    ValueTask ReleaseAsync(AllowListKey key);
}
