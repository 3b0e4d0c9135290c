using System.Diagnostics;
using System.Globalization;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Bench;

/// <summary>
/// The engine on SQLite against ten security groups of a fake EC2 whose every answer takes 50 ms: how many calls it needs, that no closing
/// waits behind an opening, and that a comparison without drift writes nothing. Counts, not times, so any machine may run it.
/// </summary>
internal static class CloudBench
{
    private const int Groups = 10;
    private const int Sessions = 1_000;
    private const int Compared = 100_000;
    private const int MostCalls = 60;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Changes = ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"];

    public static async Task<int> RunAsync()
    {
        var held = await ComparedAsync();
        held &= await OneAddressAsync();
        held &= await ManyAddressesAsync();
        return held ? 0 : 1;
    }

    private static async Task<bool> ManyAddressesAsync()
    {
        await using var cloud = await CloudWorld.StartAsync(Groups, Latency);
        var first = await cloud.StartSessionsAsync(Sessions, i => Cidr.Parse($"10.0.{i / 250}.{(i % 250) + 1}"), TimeSpan.FromHours(1));
        await cloud.WorkAsync();
        var held = Judge($"{Sessions} sessions, as many addresses: calls per group", cloud.MostCallsPerGroup(), MostCalls);
        held &= Judge("... not ACTIVE", await cloud.CountAsync(s => s.Status != SessionStatus.Active), 0);

        // All of them end in one second, and as many others start in it.
        cloud.Ec2.ForgetJournal();
        await cloud.EndAtOnceAsync(first);
        await cloud.StartSessionsAsync(Sessions, i => Cidr.Parse($"10.1.{i / 250}.{(i % 250) + 1}"), TimeSpan.FromHours(1));
        await cloud.WorkAsync();
        held &= Judge($"{Sessions} end while {Sessions} start: calls per group", cloud.MostCallsPerGroup(), MostCalls);
        held &= Judge("... not EXPIRED", await cloud.CountAsync(s => s.EndedAt == null && s.ExpiresAt < cloud.Now), 0);
        held &= Judge("... not ACTIVE of the others", Sessions - await cloud.CountAsync(s => s.Status == SessionStatus.Active), 0);
        var behind = cloud.Ec2.Journal.GroupBy(CloudWorld.GroupOf).Sum(group =>
            group.Where(c => Changes.Contains(c.Action)).Select(c => c.Action).SkipWhile(a => a == Changes[1]).Count(a => a == Changes[1]));
        return held & Judge("... removals behind an addition", behind, 0);
    }

    private static async Task<bool> OneAddressAsync()
    {
        await using var cloud = await CloudWorld.StartAsync(Groups, Latency);
        await cloud.StartSessionsAsync(Sessions, _ => Cidr.Parse("10.0.0.1"), TimeSpan.FromHours(1));
        await cloud.WorkAsync();
        var held = Judge($"{Sessions} sessions, one address: additions per group", cloud.Ec2.Journal.Where(c => c.Action == Changes[0]).GroupBy(CloudWorld.GroupOf).Max(g => g.Count()), 1);
        return held & Judge("... not ACTIVE", await cloud.CountAsync(s => s.Status != SessionStatus.Active), 0);
    }

    private static async Task<bool> ComparedAsync()
    {
        await using var cloud = await CloudWorld.StartAsync(Groups, TimeSpan.Zero);
        await cloud.FillAsync(Compared / Groups);
        await cloud.CompareAsync();   // the first one notes how full the groups are
        cloud.Ec2.ForgetJournal();
        var (writes, started) = (cloud.Writes, Stopwatch.GetTimestamp());
        await cloud.CompareAsync();
        if (!cloud.Ec2.Journal.Any(c => c.Action == "DescribeSecurityGroupRules"))
            throw new InvalidOperationException("Nothing was compared.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a comparison of {Compared} claims on {Groups} groups took {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, {cloud.Ec2.Journal.Count} calls"));
        var held = Judge("... writes to the database", cloud.Writes - writes, 0);
        return held & Judge("... changes at the provider", cloud.Ec2.Journal.Count(c => Changes.Contains(c.Action)), 0);
    }

    private static bool Judge(string what, int figure, int limit)
    {
        var held = figure <= limit;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-56} {figure,6}  limit {limit,4}{(limit > 0 ? $"  ratio {(double)figure / limit:0.00}" : ""),-14}  {(held ? "HELD" : "MISSED")}"));
        return held;
    }
}
