using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>What tests beyond the contract share: a group of their own, and short words for what is done to it.</summary>
public abstract class OpenStackTests(TimeProvider? clock = null) : IAsyncLifetime
{
    protected const string Ann = "203.0.113.11";
    protected const string Bob = "203.0.113.12";
    protected const string Mark = "eg:abcdefgh:aaaaaaaaaa";
    private static readonly DateTimeOffset Evening = new(2090, 6, 1, 20, 0, 0, TimeSpan.Zero);

    protected OpenStackHarness Stack { get; } = new(clock);

    protected static OpenStackCloud Cloud => OpenStackCloud.Here;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Stack.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static RuleAddition Addition(string address, string mark = Mark, Scope? scope = null) => new(Rule(address, scope), mark, Evening);

    protected static RuleRemoval Removal(string address, string mark = Mark, params RuleEntry[] entries) => new(Rule(address), mark, entries);

    protected Task<ApplyResult> ApplyAsync(IEnumerable<RuleRemoval>? removals = null, IEnumerable<RuleAddition>? additions = null, ProviderContext? context = null) =>
        Stack.Provider.ApplyAsync(context ?? Stack.Context(), new RuleChanges([.. removals ?? []], [.. additions ?? []]), Ct);

    protected async Task<RuleOutcome> AddAsync(RuleAddition addition, ProviderContext? context = null) =>
        (await ApplyAsync(additions: [addition], context: context)).Additions.ShouldHaveSingleItem();

    protected async Task<IReadOnlyList<ObservedRule>> ListAsync(ProviderContext? context = null)
    {
        var result = await Stack.Provider.ListAsync(context ?? Stack.Context(), Ct);
        result.Snapshot.ShouldNotBeNull(result.Fault?.ToString()).IsComplete.ShouldBeTrue();
        return result.Snapshot.Rules;
    }

    protected async Task<RuleFault> ListFaultAsync(ProviderContext context) => (await Stack.Provider.ListAsync(context, Ct)).Fault.ShouldNotBeNull();

    private static RuleKey Rule(string address, Scope? scope = null) => new(scope ?? Scope.Tcp(OpenStackHarness.Port), Cidr.Parse(address));
}
