using EntryGuard.Domain;
using EntryGuard.Server.Engine;

namespace EntryGuard.Testing;

/// <summary>Instead of a cluster: remembers whose bell was rung, until the test lets the engine run.</summary>
internal sealed class InlineEngine : IEngine
{
    private readonly Lock guard = new();
    private readonly HashSet<AllowListKey> rung = [];

    public void Wake(IEnumerable<AllowListKey> keys)
    {
        lock (guard)
            rung.UnionWith(keys);
    }

    /// <summary>What was rung since it was last asked, in a stable order.</summary>
    public IReadOnlyList<AllowListKey> Take()
    {
        lock (guard)
        {
            var keys = rung.OrderBy(k => k.Value, StringComparer.Ordinal).ToList();
            rung.Clear();
            return keys;
        }
    }
}
