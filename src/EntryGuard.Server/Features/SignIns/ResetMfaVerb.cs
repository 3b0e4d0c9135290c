using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>reset-mfa --organization SLUG --email ADDRESS</c>: what an admin does for others, for the last admin. Whoever may run it has the database
/// anyway. On PostgreSQL nodes may be running; SQLite's folder has one user at a time.
/// </summary>
internal static class ResetMfaVerb
{
    /// <exception cref="RefusedToStartException">There is nobody of that name, or nothing to take away.</exception>
    public static async Task<int> RunAsync(WebApplication app)
    {
        var (services, ct) = (app.Services, app.Lifetime.ApplicationStopping);
        if (app.Configuration["EntryGuard:ResetMfa:Organization"] is not { Length: > 0 } slug || app.Configuration["EntryGuard:ResetMfa:Email"] is not { Length: > 0 } email)
            throw new RefusedToStartException("Say whose: entryguard reset-mfa --organization SLUG --email ADDRESS");
        DataSetup.RefuseMissingDatabase(app.Configuration, "reset-mfa");
        await DataSetup.MigrateAsync(services, ct);
        await services.GetRequiredService<DatabaseClock>().MeasureAsync(ct);
        await ResetAsync(services, slug, email, ct);
        Console.WriteLine($"{email} signs in with the password, and sets up another second factor before anything else. All their sign-ins have ended.");
        return 0;
    }

    internal static async Task ResetAsync(IServiceProvider services, string slug, string email, CancellationToken ct)
    {
        var (databases, clock, address) = (services.GetRequiredService<Databases>(), services.GetRequiredService<DatabaseClock>(), email.ToLowerInvariant());
        await using var db = databases.OpenTenant(await Slugs.FindAsync(databases, slug.ToLowerInvariant(), ct));
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var id = await db.Users.Where(u => u.Email == address && u.DeletedAt == null).Select(u => (UserId?)u.Id).SingleOrDefaultAsync(ct);
        if (id is null || await Account.HoldAsync(db, id.Value, ct) is not { } account)
            throw new RefusedToStartException($"There is no active user {email} in the organization {slug}.");
        if (!account.HasSecondFactor)
            throw new RefusedToStartException($"{email} has no second factor; nothing was changed.");
        await account.ResetMfaAsync(db, Actor.System, clock.Now, ct);
        await work.CommitAsync(ct);
    }
}
