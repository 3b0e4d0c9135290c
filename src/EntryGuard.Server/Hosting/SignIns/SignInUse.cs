using System.Threading.Channels;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>Remembers when sign-ins were last seen: at most once a minute each, and never while a request waits for it.</summary>
internal sealed class SignInUse(Databases databases, DatabaseClock clock, ILogger<SignInUse> log) : BackgroundService
{
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    // A full channel loses notes, never requests: the next request brings another.
    private readonly Channel<Use> uses = Channel.CreateBounded<Use>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>It was used now.</summary>
    public void Note(SignIn signIn)
    {
        ArgumentNullException.ThrowIfNull(signIn);
        var now = clock.Now;
        if (now - signIn.LastSeenAt >= Grain)
            uses.Writer.TryWrite(new Use(signIn.OrganizationId, signIn.Id, now));
    }

    /// <summary>Writes what was noted so far.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        var noted = new Dictionary<SignInId, Use>();
        while (uses.Reader.TryRead(out var use))
            noted.TryAdd(use.SignIn, use);
        foreach (var use in noted.Values)
        {
            var before = use.At - Grain;
            await using var db = databases.OpenTenant(use.Organization);
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            await db.SignIns.Where(s => s.Id == use.SignIn && s.LastSeenAt <= before).ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, use.At), ct);
            await work.CommitAsync(ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await uses.Reader.WaitToReadAsync(stoppingToken))
        {
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.NotRemembered(e);
            }
        }
    }

    private sealed record Use(OrganizationId Organization, SignInId SignIn, DateTimeOffset At);
}

internal static partial class SignInLog
{
    [LoggerMessage(2111, LogLevel.Warning, "When a sign-in was last seen could not be written")]
    public static partial void NotRemembered(this ILogger log, Exception e);
}
