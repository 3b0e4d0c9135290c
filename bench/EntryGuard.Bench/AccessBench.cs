using System.Diagnostics;
using System.Globalization;
using EntryGuard.Domain.Access;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Engine;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Bench;

/// <summary>
/// What deciding costs beside the bare query, written by hand and read into nothing, in the same run; and how soon the first removal starts
/// when a role goes that a thousand live sessions rest on.
/// </summary>
internal static class AccessBench
{
    private const int Roles = 20;
    private const int Resources = 2_000;
    private const int Sessions = 1_000;
    private const int Rounds = 60;
    private const int WarmUps = 2;
    private const double MostTimesTheQuery = 1.5;
    private static readonly TimeSpan FirstRemoval = TimeSpan.FromMilliseconds(250);

    // By hand: the same answer, in the words of SQL.
    private const string ByHand = """
        SELECT r.id,
               o.id, o.name, o.max_session, o.is_reason_required, o.reason_pattern, o.networks, o.hours, o.time_zone, o.mfa_within
        FROM (SELECT resource_id, NULL AS role_id FROM user_resources WHERE user_id = @user
              UNION ALL
              SELECT h.resource_id, h.role_id FROM role_users u JOIN role_resources h ON h.role_id = u.role_id WHERE u.user_id = @user) g
        JOIN resources r ON r.id = g.resource_id
        LEFT JOIN roles o ON o.id = g.role_id
        WHERE r.deleted_at IS NULL
        """;

    public static async Task<int> RunAsync()
    {
        var held = await DecidingAsync();
        held &= await RemovalAsync();
        return held ? 0 : 1;
    }

    private static async Task<bool> DecidingAsync()
    {
        await using var world = await CloudWorld.StartAsync(0, TimeSpan.Zero);
        await world.GrantAsync(Roles, Resources);
        await using var db = world.OpenTenant();
        await using var hand = world.OpenTenant();
        var (decided, byHand) = (new List<TimeSpan>(), new List<TimeSpan>());
        var asked = world.Statements;
        if (await DecideAsync(db, world) != Resources || world.Statements - asked != 1)
            throw new InvalidOperationException($"{world.Statements - asked} queries, or not {Resources} Resources.");
        for (var round = 0; round < Rounds; round++)
        {
            var at = Stopwatch.GetTimestamp();
            await ReadAsync(hand, world);
            byHand.Add(Stopwatch.GetElapsedTime(at));
            at = Stopwatch.GetTimestamp();
            await DecideAsync(db, world);
            decided.Add(Stopwatch.GetElapsedTime(at));
        }

        var (one, other) = (Median(decided), Median(byHand));
        return Judge($"{Roles} roles, {Resources} Resources: deciding {one.TotalMilliseconds:0.0} ms, by hand {other.TotalMilliseconds:0.0} ms", one / other, MostTimesTheQuery);
    }

    private static async Task<int> DecideAsync(Server.Data.EntryGuardDb db, CloudWorld world)
    {
        var request = new AccessRequest(Cidr.Parse("203.0.113.7"), null, null, world.Now, world.Now, world.Now);
        var reachable = await Entitlements.ReachAsync(db, world.User, default);
        return reachable.Count(r => Entitlements.Best(r.Ways, request, TimeSpan.FromHours(24)) is not null);
    }

    private static async Task<int> ReadAsync(Server.Data.EntryGuardDb db, CloudWorld world)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = ByHand;
        var user = command.CreateParameter();
        (user.ParameterName, user.Value) = ("@user", world.User.Value.ToString().ToUpperInvariant());
        command.Parameters.Add(user);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new object[reader.FieldCount];
        var rows = 0;
        for (; await reader.ReadAsync(); rows++)
            reader.GetValues(values);
        return rows < Resources ? throw new InvalidOperationException($"{rows} rows by hand") : rows;
    }

    private static async Task<bool> RemovalAsync()
    {
        await using var world = await CloudWorld.StartAsync(1, TimeSpan.Zero);

        // The same before, so that what is measured is a server that has been running, and not the compiler.
        for (var round = 0; round < WarmUps; round++)
        {
            var before = await world.GrantToManyAsync($"round {round}", Sessions);
            await world.WorkAsync();
            await world.DeleteRoleAsync(before);
            await world.WorkAsync();
        }

        var role = await world.GrantToManyAsync("everybody", Sessions);
        await world.WorkAsync();
        if (await world.CountAsync(s => s.Status == SessionStatus.Active) != Sessions)
            throw new InvalidOperationException("Not all sessions are ACTIVE.");
        world.Ec2.ForgetJournal();
        var working = world.WorkAtOnceAsync();
        var at = Stopwatch.GetTimestamp();
        await world.DeleteRoleAsync(role);
        var committed = Stopwatch.GetTimestamp();
        await working;
        await world.WorkAsync();
        var first = world.FirstRemovalAt ?? throw new InvalidOperationException("Nothing was removed.");
        var left = await world.CountAsync(s => s.EndReason != EndReason.AccessRevoked || s.Status != SessionStatus.Cancelled);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"a role of {Sessions} users with {Sessions} live sessions: one transaction of {Stopwatch.GetElapsedTime(at, committed).TotalMilliseconds:0} ms, first list after {Stopwatch.GetElapsedTime(committed, world.FirstListAt!.Value).TotalMilliseconds:0} ms; sessions not CANCELLED: {left}"));
        return left == 0 & Judge("... first removal call after its commit, in parts of 250 ms", Stopwatch.GetElapsedTime(committed, first) / FirstRemoval, 1);
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static bool Judge(string what, double ratio, double limit)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-80} {ratio:0.00}  limit {limit:0.00}  {(ratio <= limit ? "HELD" : "MISSED")}"));
        return ratio <= limit;
    }
}
