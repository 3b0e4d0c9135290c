using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Engine.Clustering;
using Microsoft.AspNetCore.Connections;

namespace EntryGuard.Server.Hosting.Start;

/// <summary>What the program does once it is put together. Each answers with the exit code.</summary>
internal static class Verbs
{
    /// <summary>The server, until it is told to stop.</summary>
    /// <exception cref="RefusedToStartException">Among others: somebody else listens there.</exception>
    public static async Task<int> ServeAsync(this WebApplication app)
    {
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new RefusedToStartException($"{e.Message} Stop what listens there, or give another --urls.", e);
        }
    }

    /// <summary><c>close --overdue | --all</c>. 0 only if nothing is left open that should be closed.</summary>
    public static async Task<int> CloseAsync(this WebApplication app)
    {
        var (services, ct) = (app.Services, app.Lifetime.ApplicationStopping);
        var (all, overdue) = (app.Configuration.GetValue<bool>("EntryGuard:Close:All"), app.Configuration.GetValue<bool>("EntryGuard:Close:Overdue"));
        if (all == overdue)
            throw new RefusedToStartException("Say what to close: entryguard close --overdue (what should be closed by now), or --all (every session is ended first).");
        await PrepareAsync(app, "close", ct);
        await KeyRing.PrepareAsync(services, ct);
        await services.GetRequiredService<IdentityCheck>().RunAsync(Console.WriteLine, ct);
        if (services.GetRequiredService<WriteRight>().WhyNot is { } why)
            throw new RefusedToStartException(why);
        return await services.GetRequiredService<Closing>().RunAsync(all, Console.WriteLine, ct) == 0 ? 0 : 1;
    }

    /// <summary><c>rewrap --to FILE</c>.</summary>
    public static async Task<int> RewrapAsync(this WebApplication app)
    {
        var (services, ct) = (app.Services, app.Lifetime.ApplicationStopping);
        if (app.Configuration["EntryGuard:Rewrap:To"] is not { Length: > 0 } file)
            throw new RefusedToStartException("Say which key is the new one: entryguard rewrap --to FILE. Make one with: head -c 32 /dev/urandom | base64");
        var key = MasterKey.ReadFile(file);
        await PrepareAsync(app, "rewrap", ct);
        await KeyRing.RewrapAsync(services.GetRequiredService<Databases>(), services.GetRequiredService<MasterKey>(), key, ct);
        Console.WriteLine($"The key ring is sealed with the key in {file} now. Start the server with that one; keep the old one as long as there are backups made under it.");
        return 0;
    }

    private static async Task PrepareAsync(WebApplication app, string verb, CancellationToken ct)
    {
        DataSetup.RefuseMissingDatabase(app.Configuration, verb);
        var services = app.Services;
        var (databases, clock) = (services.GetRequiredService<Databases>(), services.GetRequiredService<DatabaseClock>());
        await DataSetup.MigrateAsync(services, ct);
        await clock.MeasureAsync(ct);
        await LivingNodes.RefuseAsync(databases, clock, verb, ct);
    }
}
