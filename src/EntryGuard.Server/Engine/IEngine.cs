using EntryGuard.Domain;

namespace EntryGuard.Server.Engine;

/// <summary>The bell between what people ask for and what is done about it. Everything else passes through the database.</summary>
public interface IEngine
{
    /// <summary>
    /// Something may be due on these allow-lists; with none, some date may have moved. One-way; many rings are one. A lost ring costs at most 5 s, since the clock reads the
    /// same rows (E22, E23). Ring after the commit, never inside a transaction.
    /// </summary>
    void Wake(IEnumerable<AllowListKey> keys);
}
