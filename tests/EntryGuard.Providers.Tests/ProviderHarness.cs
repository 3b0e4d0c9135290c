using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.Tests;

/// <summary>What the contract suite needs to know of one kind of allow-list, and may do to it behind the provider's back.</summary>
public abstract class ProviderHarness : IAsyncDisposable
{
    /// <summary>The one under test.</summary>
    public abstract IResourceProvider Provider { get; }

    /// <summary>Where rules for an address of this family are to be put; the same answer every time.</summary>
    public abstract ProviderContext Context(int ipVersion = 4);

    /// <summary>Configurations that must be refused, each with every field that is wrong with it.</summary>
    public abstract IReadOnlyList<(string Identifier, string Settings, string[] Fields)> Refused { get; }

    /// <summary>The truth, not what the provider says of itself: would somebody with this address come in?</summary>
    public abstract Task<bool> LetsInAsync(string address);

    /// <summary>Somebody else puts an entry there by hand. Only where <see cref="ProviderCapabilities.IsOursAlone"/> is false.</summary>
    public virtual void AddForeign(string address) => throw new NotSupportedException("Nobody else can put an entry there.");

    /// <summary>From now on it holds no more than so many entries. False: this kind has no limit.</summary>
    public virtual bool LimitTo(int entries) => false;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
