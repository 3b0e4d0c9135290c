using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine.Clustering;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace EntryGuard.Server.Engine;

/// <summary>Puts the engine together.</summary>
public static class EngineSetup
{
    private const int AliveMisses = 2;
    private const int ProbeMisses = 2;
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskedInVain = TimeSpan.FromSeconds(2);

    /// <summary>Silence after which a node's row counts for nothing: what the first node back after all died has to wait for (E25).</summary>
    internal static TimeSpan StaleAfter => AliveEvery * AliveMisses;

    /// <summary>
    /// Registers the engine. Needs as services: <see cref="Databases"/>, SecretBox, mail, the providers; and <see cref="PrepareAsync"/> between
    /// the migrations and the start.
    /// </summary>
    /// <param name="builder">The server's.</param>
    /// <param name="isShared">PostgreSQL, with as many nodes as there are; else SQLite, with this one.</param>
    public static IHostApplicationBuilder AddEngine(this IHostApplicationBuilder builder, bool isShared)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<ClusterSettings>(builder.Configuration.GetSection("EntryGuard:Cluster"));
        services.AddSingleton(s => DatabaseClock.Of(s.GetRequiredService<Databases>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ClusterIdentity>();
        services.AddSingleton<ProviderSet>();
        services.AddSingleton<CallBudget>();
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<WriteRight>();
        services.AddSingleton<Restore>();
        services.AddSingleton<IdentityCheck>();
        services.Configure<IdentitySettings>(builder.Configuration.GetSection("EntryGuard"));
        services.AddSingleton<OverdueClosings>();
        services.AddSingleton<HealthReview>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<NodeMetrics>();
        services.Configure<RetentionSettings>(builder.Configuration.GetSection("EntryGuard:Retention"));
        services.AddSingleton<Retention>();
        services.AddSingleton<MailOccasions>();
        services.AddSingleton<MailSender>();
        services.AddSingleton<Housekeeping>();
        services.AddSingleton(_ => builder.Configuration.GetSection("EntryGuard:Reconciliation") is var brake
            ? new DriftBrake(brake.GetValue("MostRemovals", DriftBrake.Default.MostRules), brake.GetValue("MostPercent", DriftBrake.Default.MostPercent)) : DriftBrake.Default);
        services.AddSingleton<Reconciliation>();
        services.AddSingleton<AllowListWorker>();
        services.AddSingleton<Closing>();
        services.AddSingleton<DueClaims>();
        services.TryAddSingleton<Verification>();
        services.AddSingleton<VerificationRounds>();
        services.AddSingleton<Inspection>();
        services.AddSingleton<IEngine, OrleansEngine>();
        services.AddSingleton<Clock>();
        services.AddSingleton<Sweep>();
        services.AddSingleton<SweepLoop>();
        services.AddSingleton(s => new Lazy<Clock>(s.GetRequiredService<Clock>));   // the clock rings at the engine, the engine at the clock
        services.AddSingleton(s => new Lazy<SweepLoop>(s.GetRequiredService<SweepLoop>));
        services.AddSingleton(s => new Lazy<IGrainFactory>(s.GetRequiredService<IGrainFactory>));

        // The order of starting; they stop in the opposite one, so nobody rings at grains that are gone.
        builder.UseOrleans(silo => Configure(silo, isShared));
        if (isShared)
            services.AddHostedService<MembershipWatch>();
        else
            services.AddHostedService<Rebuild>();
        services.AddHostedService(s => s.GetRequiredService<SweepLoop>());
        services.AddHostedService(s => s.GetRequiredService<Clock>());
        services.AddHostedService(s => s.GetRequiredService<MailSender>());

        // Calls in flight have a time-out of 15 s; the rest is for writing down what they answered.
        services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(25));
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);   // its first look says that it waited since the machine was started
        builder.Logging.AddFilter("Polly", LogLevel.Error);                      // Orleans tries placements again while nodes come and go
        return builder;
    }

    /// <summary>After the migrations, before the start: measures the database's clock and finds out which cluster this is.</summary>
    /// <exception cref="RefusedToStartException">The cluster's settings are wrong.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(services);
        await services.GetRequiredService<DatabaseClock>().MeasureAsync(ct);
        await services.GetRequiredService<ClusterIdentity>().SettleAsync(ct);
    }

    private static void Configure(ISiloBuilder silo, bool isShared)
    {
        silo.Services.AddOptions<ClusterOptions>().Configure<ClusterIdentity>((cluster, identity) =>
            (cluster.ClusterId, cluster.ServiceId) = (identity.Cluster, "entryguard"));
        silo.Services.AddOptions<EndpointOptions>().Configure<ClusterIdentity>((endpoint, identity) =>
        {
            (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.SiloListeningEndpoint) = (identity.Endpoint.Address, identity.Endpoint.Port, identity.Endpoint);
            endpoint.GatewayPort = 0;   // nobody from outside speaks to grains
        });
        if (isShared)
            UseCluster(silo);
        else
            silo.UseLoneNode();
    }

    private static void UseCluster(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<IMembershipTable, EfMembershipTable>();
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = ProbeEvery;
            membership.MaxProbeTimeout = ProbeEvery;
            membership.NumMissedProbesLimit = ProbeMisses;
            membership.IAmAliveTablePublishTimeout = AliveEvery;
            membership.NumMissedTableIAmAliveLimit = AliveMisses;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);   // what gossip failed to tell
        });

        // Whoever asked a node that died waits for the time-out before asking another: rings at grains, and the directory's own questions.
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = AskedInVain;
            messaging.SystemResponseTimeout = AskedInVain;
        });

        // The default directory forgets a part of itself with each node that goes, and the nodes that stay deactivate the grains in it: their
        // gates would cut everybody's connections because some other node was restarted. This one rebuilds the part from those who know.
#pragma warning disable ORLEANSEXP003 // Experimental by name; part of Orleans since 9.0.
        silo.AddDistributedGrainDirectory();

        // After a node died it would let nobody take over that node's grains for 30 s, in case it still lives. Ours may be doubled (E11, E12).
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
#pragma warning restore ORLEANSEXP003
    }
}
