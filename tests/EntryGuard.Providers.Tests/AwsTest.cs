using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Providers.Tests;

/// <summary>A provider in front of a fake of its own, under a clock that moves only when told.</summary>
public abstract class AwsTest : IAsyncLifetime
{
    protected const string Authorize = "AuthorizeSecurityGroupIngress";
    protected const string Revoke = "RevokeSecurityGroupIngress";
    private static readonly Scope Postgres = Scope.Tcp(5432);

    protected AwsTest()
    {
        Clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        Aws = new AwsHarness { Time = Clock };
    }

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected FakeTimeProvider Clock { get; }

    protected AwsHarness Aws { get; }

    public async ValueTask InitializeAsync() => await Aws.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Aws.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static RuleAddition Addition(string address) => new(Rule(address), Mark(address), default);

    protected static RuleRemoval Removal(string address) => new(Rule(address), Mark(address), []);

    protected Task<ApplyResult> AddAsync(string address, ProviderCredential? credential = null) => ApplyAsync(new RuleChanges([], [Addition(address)]), credential);

    protected Task<ApplyResult> RemoveAsync(string address, ProviderCredential? credential = null) => ApplyAsync(new RuleChanges([Removal(address)], []), credential);

    protected Task<ApplyResult> ApplyAsync(RuleChanges changes, ProviderCredential? credential = null) =>
        Aws.Aws.ApplyAsync(Context(credential), changes, Ct);

    protected ProviderContext Context(ProviderCredential? credential = null) => Aws.Context() with { Credential = credential ?? Aws.Credential() };

    private static RuleKey Rule(string address) => new(Postgres, Cidr.Parse(address));

    private static string Mark(string address) => Rule(address).OwnerMark("abcdefgh", new AllowListKey("x"));
}
