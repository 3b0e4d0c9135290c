using System.Collections.Concurrent;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.SignIns;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Testing.Providers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Testing;

/// <summary>
/// The whole server in a test: real pipeline, real sign-in, real database; but the clock moves only when told, the cloud is scripted, and
/// the engine runs only in <see cref="RunUntilQuiet"/> and <see cref="Advance"/>. Nothing sleeps, nothing polls.
/// </summary>
public sealed class TestApp : IAsyncDisposable
{
    // What Advance may need at most: far more than any test has claims and tries.
    private const int MostStops = 10_000;
    private const int MostRounds = 1_000;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(60);

    private readonly WebApplicationFactory<Program> factory;
    private readonly InlineEngine engine = new();
    private readonly ErrorLog errors = new();
    private readonly CountingHasher hasher = new();
    private readonly TestDatabase database;
    private readonly Databases opened;
    private readonly ConcurrentDictionary<(string Name, string Organization), TestUser> users = new();
    private DateTimeOffset sweptAt;

    private TestApp(TestDatabase database, IReadOnlyDictionary<string, string>? settings, ProviderCapabilities? capabilities, TestLog? log, Databases? opened)
    {
        this.database = database;
        this.opened = opened ?? database.Databases;
        Provider = new ScriptedProvider(Time, capabilities);
        Seed = new TestSeed(database.Databases, Provider, Time);
        sweptAt = Time.GetUtcNow();
        factory = new Factory(host =>
        {
            host.UseEnvironment("Test");
            host.UseSetting(database.IsPostgres ? "EntryGuard:Postgres" : "EntryGuard:DataDirectory", database.IsPostgres ? database.ConnectionString : database.Directory);
            host.UseSetting("EntryGuard:RateLimits:PerAddressPerMinute", "0");
            host.UseSetting("EntryGuard:RateLimits:PerKeyPerMinute", "0");
            host.UseSetting("EntryGuard:RateLimits:SignIn", "false");
            host.UseSetting("EntryGuard:Console", "false");   // its pages take as long to set up as all the rest
            foreach (var (key, value) in settings ?? new Dictionary<string, string>())
                host.UseSetting(key, value);
            host.ConfigureLogging(logs => logs.ClearProviders().AddProvider(errors));
            if (log is not null)
                host.ConfigureLogging(logs => logs.AddProvider(log).AddFilter<TestLog>(null, LogLevel.Trace));
            host.ConfigureTestServices(Replace);
        });
    }

    /// <summary>Moves only by <see cref="Advance"/>, or by hand.</summary>
    public TestTime Time { get; } = new(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));

    /// <summary>The one kind of allow-list there is: <c>SCRIPTED/LIST</c>.</summary>
    public ScriptedProvider Provider { get; }

    /// <summary>How often a password was compared with a hash so far: what a sign-in costs, whatever comes of it.</summary>
    public int PasswordChecks => hasher.Checks;

    /// <summary>Rows a test needs that no request makes.</summary>
    public TestSeed Seed { get; }

    public Databases Databases => database.Databases;

    /// <summary>What the server logged as an error: defects, mostly.</summary>
    public IReadOnlyList<string> Errors => errors.Lines;

    internal IServiceProvider Services => factory.Services;

    // The same for every server of a test run, given as an operator gives it.
    static TestApp() => Environment.SetEnvironmentVariable(MasterKey.Variable, Convert.ToBase64String("the same thirty-two bytes always"u8));

    /// <summary>A running server on this database.</summary>
    /// <param name="database">The caller's; it outlives the server.</param>
    /// <param name="settings">Configuration, for instance "EntryGuard:Proxies:0".</param>
    /// <param name="capabilities">Of the scripted provider; null: its own.</param>
    /// <param name="log">Hears everything the server logs; null: nobody does.</param>
    /// <param name="opened">How the server has the database open; null: as the test has.</param>
    public static Task<TestApp> StartAsync(
        TestDatabase database, IReadOnlyDictionary<string, string>? settings = null, ProviderCapabilities? capabilities = null, TestLog? log = null,
        Databases? opened = null)
    {
        var app = new TestApp(database, settings, capabilities, log, opened);
        _ = app.factory.Server;   // starts it
        return Task.FromResult(app);
    }

    /// <summary>A user of an organization; both come into being with the first request.</summary>
    public TestUser As(string name, string organization = "acme", bool isAdmin = false) =>
        users.GetOrAdd((name, organization), _ => new TestUser(this, name, organization, isAdmin));

    /// <summary>An admin of the organization.</summary>
    public TestUser AsAdmin(string organization = "acme") => As("admin", organization, true);

    /// <summary>Speaks HTTP from an address.</summary>
    public HttpClient Client(string address = "198.51.100.1") => new(Handler(address)) { BaseAddress = factory.Server.BaseAddress };

    /// <summary>Speaks HTTPS from an address and keeps cookies, as a browser does.</summary>
    public Browser Browser(string address = "198.51.100.1", string host = "https://entryguard.example") => new(Handler(address), new Uri(host));

    private HttpMessageHandler Handler(string address)
    {
        var peer = Domain.Net.Cidr.Parse(address).FirstAddress;
        return factory.Server.CreateHandler(context => context.Connection.RemoteIpAddress = peer);
    }

    /// <summary>A new credential of the scripted provider, encrypted as the server does it.</summary>
    public async Task<CredentialId> Credential(OrganizationId organization, string name)
    {
        var now = Time.GetUtcNow();
        var id = new CredentialId(Guid.CreateVersion7(now));
        var secret = Services.GetRequiredService<SecretBox>().Protect(organization, id, """{"token":"t"}""");
        await Seed.Change(db =>
        {
            db.Credentials.Add(new Credential
            {
                Id = id,
                OrganizationId = organization,
                Name = name,
                Provider = "SCRIPTED",
                CredentialType = "TOKEN",
                Secret = secret,
                CreatedAt = now,
                UpdatedAt = now,
            });
            return Task.CompletedTask;
        });
        return id;
    }

    /// <summary>What really stands on the allow-list of a Resource the kit made.</summary>
    public ScriptedCloud Cloud(string resource) => Provider.Cloud(resource);

    /// <summary>As its owner is told.</summary>
    public async Task<string> Status(SessionResponse session) => (await Session(session)).Status;

    /// <summary>As its owner is told.</summary>
    public async Task<SessionResponse> Session(SessionResponse session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var owner = users.Values.First(u => u.Email == session.UserEmail && u.OrganizationName == session.OrganizationName);
        return await owner.Get(session.Id);
    }

    /// <summary>What was written down about a session, oldest first: "SESSION_START", "RULE_APPLIED", ...</summary>
    public Task<IReadOnlyList<string>> Audit(SessionResponse session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return AuditOf(new SessionId(session.Id));
    }

    /// <summary>What was written down about a static rule, oldest first: "STATIC_IP_RULE_CREATE", "RULE_APPLIED", ...</summary>
    public Task<IReadOnlyList<string>> Audit(StaticRuleResponse rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return AuditOf(new SessionId(rule.Id));
    }

    /// <summary>The Resource is reached with a credential of this name from now on; it is made with the first mention.</summary>
    public async Task UseCredential(string resource, string credential, string organization = "acme")
    {
        var owner = await Seed.Organization(organization);
        var box = Services.GetRequiredService<SecretBox>();
        var id = await Seed.Credential(owner, credential, made => box.Protect(owner, made, $"token of {credential}"));
        var reached = await Seed.Resource(owner, resource);
        await Seed.Change(db => db.Resources.Where(r => r.Id == reached).ExecuteUpdateAsync(set => set.SetProperty(r => r.CredentialId, id)));
    }

    /// <summary>Every ring since the last run is lost, as if the node it went to had died.</summary>
    public void LoseWakes() => engine.Take();

    /// <summary>Runs the engine on everything that was rung for, until nothing rings any more. Time stands still.</summary>
    public async Task RunUntilQuiet()
    {
        await Services.GetRequiredService<ApiKeyUse>().FlushAsync(CancellationToken.None);
        await Services.GetRequiredService<SignInUse>().FlushAsync(CancellationToken.None);
        await Services.GetRequiredService<ForgottenPasswords>().FlushAsync(CancellationToken.None);
        var worker = Services.GetRequiredService<AllowListWorker>();
        for (var round = 0; round < MostRounds; round++)
        {
            var keys = engine.Take();
            if (keys.Count == 0)
                return;
            foreach (var key in keys)
                await worker.RunOnce(key, CancellationToken.None);
        }

        throw new InvalidOperationException("The engine does not come to rest.");
    }

    /// <summary>Moves the clock on, stopping wherever something is due, and runs the engine until quiet at each stop.</summary>
    public async Task Advance(TimeSpan by)
    {
        var target = Time.GetUtcNow() + by;
        var due = Services.GetRequiredService<DueClaims>();
        await Act();
        for (var stop = 0; await due.NextAsync(CancellationToken.None) is { } next && next <= target; stop++)
        {
            if (stop == MostStops)
                throw new InvalidOperationException($"More than {MostStops} things were due within {by}.");
            if (next > Time.GetUtcNow())
                Time.SetUtcNow(next);
            await Act();
        }

        Time.SetUtcNow(target);
        await Act();

        async Task Act()
        {
            engine.Wake(await due.ActAsync(CancellationToken.None));
            await Services.GetRequiredService<VerificationRounds>().QuietAsync();
            if (Time.GetUtcNow() - sweptAt >= SweepEvery)
                await Sweep();
            await RunUntilQuiet();
        }
    }

    /// <summary>One sweep, and what follows from it. Time stands still.</summary>
    public async Task Sweep()
    {
        sweptAt = Time.GetUtcNow();
        await Services.GetRequiredService<Sweep>().RunOnce(CancellationToken.None);
        await Services.GetRequiredService<HealthReview>().CountAsync(CancellationToken.None);
        await Services.GetRequiredService<HealthReview>().HealAsync(CancellationToken.None);
        await Services.GetRequiredService<MailOccasions>().StoreAsync(CancellationToken.None);
        var verifications = Services.GetRequiredService<VerificationRounds>();
        await verifications.RunAsync(CancellationToken.None);
        await verifications.QuietAsync();
        await RunUntilQuiet();
    }

    public async ValueTask DisposeAsync() => await factory.DisposeAsync();

    private async Task<IReadOnlyList<string>> AuditOf(SessionId id)
    {
        await using var db = Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.Audit.Where(a => a.SessionId == id).OrderBy(a => a.Id).Select(a => a.EventType).ToListAsync();
    }

    private void Replace(IServiceCollection services)
    {
        // Nothing runs by itself but the web server.
        foreach (var background in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Namespace != "Microsoft.AspNetCore.Hosting").ToList())
            services.Remove(background);
        services.RemoveAll<IResourceProvider>();
        services.AddSingleton<IResourceProvider>(Provider);
        services.RemoveAll<IEngine>();
        services.AddSingleton<IEngine>(engine);
        services.RemoveAll<TimeProvider>();
        services.AddSingleton<TimeProvider>(Time);
        services.RemoveAll<Databases>();
        services.AddSingleton(opened);   // an instance: it outlives the server
        services.RemoveAll<IPasswordHasher<User>>();
        services.AddSingleton<IPasswordHasher<User>>(hasher);
        services.PostConfigure<PasswordHasherOptions>(options => options.IterationCount = CountingHasher.Iterations);
        services.RemoveAll<DatabaseClock>();
        services.AddSingleton(new DatabaseClock(Time, _ => Task.FromResult(Time.GetUtcNow())));
    }

    private sealed class Factory(Action<IWebHostBuilder> configure) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder) => configure(builder);
    }
}
