using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>The one thing asked across tenants before anybody is signed in: whose slug this is.</summary>
public static class Slugs
{
    /// <summary>Most characters.</summary>
    public const int Longest = 63;

    /// <summary>"Acme Inc." becomes "acme-inc"; empty if nothing is left.</summary>
    public static string From(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var words = new string([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var slug = string.Join('-', words);
        return slug[..Math.Min(slug.Length, Longest)].TrimEnd('-');
    }

    /// <summary>A tenant without rows if nobody's: whoever asks goes on as if it were one.</summary>
    public static async Task<OrganizationId> FindAsync(Databases databases, string slug, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.Organizations.Where(o => o.Slug == slug).Select(o => o.Id).SingleOrDefaultAsync(ct);
    }
}
