using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>How an organization comes into being through the API.</summary>
public static class Founding
{
    private const int MostTries = 5;

    /// <summary>Stores the organization under a slug that is free, its own or one with a number, and all that comes with it.</summary>
    /// <param name="isOpen">Anybody may; else only the first one of the installation, and the installation's row decides who that is.</param>
    /// <param name="organization">With the slug it would like; it has the one it got afterwards.</param>
    /// <param name="rows">Its first user, and what belongs to that.</param>
    /// <returns>False: closed.</returns>
    public static async Task<bool> TryAsync(
        Databases databases, bool isOpen, Organization organization, IReadOnlyList<object> rows, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(organization);
        ArgumentNullException.ThrowIfNull(rows);
        var wanted = organization.Slug;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var db = databases.OpenEngine();
                await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
                var isFirst = await db.Installations.Where(i => i.BootstrappedAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(i => i.BootstrappedAt, now), ct) == 1 && !await db.Organizations.AnyAsync(ct);
                if (!isFirst && !isOpen)
                    return false;
                organization.Slug = await FreeAsync(db, wanted, ct);
                db.AddRange([organization, .. rows]);
                await work.CommitAsync(ct);
                return true;
            }
            catch (DbUpdateException e) when (UniqueNames.Refused(e) && attempt < MostTries)
            {
                // Somebody took the slug at the same moment: the next one, then.
            }
        }
    }

    /// <summary>Whether somebody who comes now could.</summary>
    /// <param name="isOpen">Anybody may; else only the first one of the installation.</param>
    public static async Task<bool> IsOpenAsync(Databases databases, bool isOpen, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        if (isOpen)
            return true;
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.Installations.AnyAsync(i => i.BootstrappedAt == null, ct) && !await db.Organizations.AnyAsync(ct);
    }

    private static async Task<string> FreeAsync(EntryGuardDb db, string wanted, CancellationToken ct)
    {
        var slug = wanted;
        for (var number = 2; await db.Organizations.AnyAsync(o => o.Slug == slug, ct); number++)
            slug = $"{wanted[..Math.Min(wanted.Length, Slugs.Longest - 8)]}-{number}";
        return slug;
    }
}
