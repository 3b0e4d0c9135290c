using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>The parts of the engine that know nothing of who runs them.</summary>
internal static class EngineParts
{
    public static IServiceCollection AddEngineParts(this IServiceCollection services)
    {
        services.AddSingleton(s => DatabaseClock.Of(s.GetRequiredService<Databases>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ProviderSet(s.GetServices<IResourceProvider>()));
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<CallBudget>();
        services.AddSingleton<DueClaims>();
        services.AddSingleton<AllowListWorker>();
        services.AddSingleton<Sweep>();
        services.AddSingleton<Clock>();
        return services;
    }
}
