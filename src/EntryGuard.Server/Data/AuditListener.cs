using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace EntryGuard.Server.Data;

/// <summary>Carries rings of the audit bell from the other nodes to this one: one LISTEN connection per node. On SQLite there are no other nodes.</summary>
internal sealed class AuditListener(Databases databases, TimeProvider time, ILogger<AuditListener> log) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    // A connection that died without a word is noticed by asking; until then its rings are lost, and streams look with their heartbeat.
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (databases.IsShared && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                log.ListenFailed(e);
                await Task.Delay(Again, time, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await db.Database.OpenConnectionAsync(ct);
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        connection.Notification += OnNotification;
        try
        {
            await db.Database.ExecuteSqlRawAsync($"LISTEN {AuditBell.Channel}", ct);
            databases.AuditBell.RingAll();   // whatever was committed while nobody listened
            while (true)
            {
                if (!await connection.WaitAsync(AskEvery, ct))
                    await db.Database.ExecuteSqlRawAsync("SELECT 1", ct);
            }
        }
        finally
        {
            connection.Notification -= OnNotification;
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs notification)
    {
        if (Guid.TryParseExact(notification.Payload, "D", out var organization))
            databases.AuditBell.Ring(new OrganizationId(organization));
    }
}

internal static partial class AuditListenerLog
{
    [LoggerMessage(2201, LogLevel.Warning, "The connection that hears of other nodes' audit rows was lost; it is opened again in a second")]
    public static partial void ListenFailed(this ILogger log, Exception e);
}
