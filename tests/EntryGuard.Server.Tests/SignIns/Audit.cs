using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.SignIns;

/// <summary>What was written down about signing in.</summary>
internal static class Audit
{
    /// <summary>About a user, oldest first.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(TestApp app, TestUser user)
    {
        var id = (await user.SignIn()).User.Value.ToString();
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.Audit.Where(a => a.ResourceId == id && a.EventType != "USER_UPDATE").OrderBy(a => a.Id).Select(a => a.EventType).ToListAsync();
    }

    public static async Task<int> CountAsync(TestApp app, string eventType)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.Audit.CountAsync(a => a.EventType == eventType);
    }
}
