namespace EntryGuard.Domain.Providers;

/// <summary>A provider that can say which rights its credentials need, and no more.</summary>
public interface ILeastPrivilege
{
    /// <summary>What a credential must be allowed to do for these Resources, without any call; null: none of them is this provider's.</summary>
    LeastPrivilege? For(IReadOnlyCollection<PrivilegedResource> resources);
}

/// <summary>A Resource that a credential is to reach.</summary>
/// <param name="Config">As its admin described it.</param>
/// <param name="Identity">What verification proved; null before its first good verification: the document then names any account.</param>
public sealed record PrivilegedResource(ResourceConfig Config, string? Identity);

/// <summary>The least a credential needs.</summary>
/// <param name="Words">Where the document goes.</param>
/// <param name="DocumentJson">Ready to be pasted there.</param>
public sealed record LeastPrivilege(string Words, string DocumentJson);
