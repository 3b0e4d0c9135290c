using EntryGuard.Contracts;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;

namespace EntryGuard.Server.Tests.Operations;

internal static class OverdueApp
{
    /// <summary>The organization wants new doors opened even where an old one cannot be shut.</summary>
    public static async Task OpenWhileOverdue(this TestApp app) =>
        _ = (await (await app.AsAdmin().Api()).UpdateOrganizationSettingsAsync(
            new UpdateOrganizationSettingsRequest { OpensWhileClosingOverdue = true }, null, CancellationToken.None)).Value;

    /// <summary>A session over web, whose end the provider has refused to carry out until the closing was overdue.</summary>
    public static async Task<SessionResponse> MakeOverdue(this TestApp app)
    {
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        app.Provider.OnApply = (_, _) => Script.Unavailable;
        await app.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(4));
        return session;
    }
}
