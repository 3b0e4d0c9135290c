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

    /// <summary>Before the first test step: servers that must run, an empty allow-list that must exist.</summary>
    public virtual Task StartAsync() => Task.CompletedTask;

    /// <summary>What happens to the next call that changes something. False: this kind has no connection that could do so.</summary>
    public virtual bool Next(CallFault fault) => false;

    /// <summary>Done once the call that never gets an answer (<see cref="CallFault.Hang"/>) has made its change.</summary>
    public virtual Task HangingAsync() => throw new NotSupportedException("Nothing hangs here.");

    /// <summary>From now on this address, and no other, is refused as a value. Null: this kind refuses none that it could be asked for.</summary>
    public virtual string? Poison() => null;

    /// <summary>Every entry with all its fields as the provider itself shows them, by id; null: nobody else can have one there.</summary>
    public virtual Task<IReadOnlyDictionary<string, string>?> RawEntriesAsync() => Task.FromResult<IReadOnlyDictionary<string, string>?>(null);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What goes wrong on the way to a provider and back.</summary>
public enum CallFault
{
    /// <summary>Refused because of the rate of calls; nothing is done, and no time to wait is named.</summary>
    Throttled,

    /// <summary>The same, and the provider asks for 17 s.</summary>
    ThrottledFor17Seconds,

    /// <summary>The connection is lost before the request arrived.</summary>
    LostBefore,

    /// <summary>The change is made, and the connection is lost before the answer arrives.</summary>
    LostAfter,

    /// <summary>Nobody listens.</summary>
    Refused,

    /// <summary>An answer of a server error; nothing is done.</summary>
    Unavailable,

    /// <summary>An answer that is a web page, with a status of success; nothing is done.</summary>
    Garbage,

    /// <summary>The change is made, and no answer ever comes.</summary>
    Hang,
}
