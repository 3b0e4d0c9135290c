using System.Globalization;
using System.Net;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Engine.Clustering;
using EntryGuard.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;

namespace EntryGuard.Server.Tests.Cluster;

/// <summary>What Orleans expects of a membership table, on ours (E25). Every test is a cluster of its own.</summary>
public sealed class MembershipTableTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static int lastPort = 20_000;

    [Theory, PostgresOnly]
    public async Task E25_a_new_table_is_empty_at_version_0_and_making_it_again_changes_nothing(TestDatabase database)
    {
        var table = await OpenAsync(database);
        await table.InitializeMembershipTable(true);
        var all = await table.ReadAll();
        (all.Members.Count, all.Version.Version).ShouldBe((0, 0));
        all.Version.VersionEtag.ShouldNotBeNull();
    }

    [Theory, PostgresOnly]
    public async Task E25_a_node_is_added_once_and_only_onto_the_version_it_saw(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var (first, seen) = (NewNode(), (await table.ReadAll()).Version);
        (await table.InsertRow(first, seen.Next())).ShouldBeTrue();
        var after = await table.ReadAll();
        (after.Members.Count, after.Version.Version).ShouldBe((1, 1));

        (await table.InsertRow(NewNode(), seen.Next())).ShouldBeFalse();          // somebody was faster
        (await table.InsertRow(first, after.Version.Next())).ShouldBeFalse();     // it is there
        var still = await table.ReadAll();
        (still.Members.Count, still.Version.Version).ShouldBe((1, 1));            // a refusal takes no version
        (await table.InsertRow(NewNode(), still.Version.Next())).ShouldBeTrue();
        (await table.ReadAll()).Members.Count.ShouldBe(2);
    }

    [Theory, PostgresOnly]
    public async Task E25_a_node_reads_back_as_it_was_written(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var written = NewNode();
        written.SuspectTimes = [Tuple.Create(NewNode().SiloAddress, Now.AddSeconds(-3)), Tuple.Create(NewNode().SiloAddress, Now.AddSeconds(-2))];
        await table.InsertRow(written, (await table.ReadAll()).Version.Next());
        foreach (var data in new[] { await table.ReadAll(), await table.ReadRow(written.SiloAddress) })
        {
            var read = data.Members.ShouldHaveSingleItem().Item1;
            (read.SiloAddress, read.Status, read.HostName, read.SiloName, read.StartTime, read.IAmAliveTime)
                .ShouldBe((written.SiloAddress, written.Status, written.HostName, written.SiloName, written.StartTime, written.IAmAliveTime));
            read.SuspectTimes.ShouldBe(written.SuspectTimes);
        }

        var other = await table.ReadRow(NewNode().SiloAddress);
        (other.Members.Count, other.Version.Version).ShouldBe((0, 1));   // no such node, and yet the cluster's version
    }

    [Theory, PostgresOnly]
    public async Task E25_a_node_changes_only_from_the_row_and_the_version_that_were_read(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var node = NewNode();
        await table.InsertRow(node, (await table.ReadAll()).Version.Next());
        await table.InsertRow(NewNode(), (await table.ReadAll()).Version.Next());
        var (read, etag) = await RowAsync(table, node);
        var version = (await table.ReadAll()).Version;
        read.Status = SiloStatus.Dead;

        (await table.UpdateRow(read, "17", version.Next())).ShouldBeFalse();                        // another row than the one that is there
        (await table.UpdateRow(read, "nonsense", version.Next())).ShouldBeFalse();
        (await table.UpdateRow(read, etag, new TableVersion(2, "1"))).ShouldBeFalse();              // the cluster has moved on
        (await table.UpdateRow(NewNode(), etag, version.Next())).ShouldBeFalse();                   // no such node
        (await table.ReadAll()).Version.Version.ShouldBe(2);
        (await RowAsync(table, node)).Entry.Status.ShouldBe(SiloStatus.Active);

        (await table.UpdateRow(read, etag, version.Next())).ShouldBeTrue();
        (await RowAsync(table, node)).Entry.Status.ShouldBe(SiloStatus.Dead);
        (await table.UpdateRow(read, etag, (await table.ReadAll()).Version.Next())).ShouldBeFalse();   // its etag is used up
        (await table.ReadAll()).Version.Version.ShouldBe(3);
    }

    [Theory, PostgresOnly]
    public async Task E25_of_many_that_change_the_cluster_at_once_exactly_one_wins_each_version(TestDatabase database)
    {
        const int Writers = 8;
        const int Each = 5;
        var table = await OpenAsync(database);
        var node = NewNode();
        await table.InsertRow(node, (await table.ReadAll()).Version.Next());
        var (wins, tries) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var mine = 0; mine < Each;)
            {
                Interlocked.Increment(ref tries);
                var all = await table.ReadAll();
                var (entry, etag) = all.Members.Single(m => m.Item1.SiloAddress.Equals(node.SiloAddress));
                entry.SuspectTimes = [.. entry.SuspectTimes ?? [], Tuple.Create(node.SiloAddress, Now.AddSeconds((writer * Each) + mine))];
                if (!await table.UpdateRow(entry, etag, all.Version.Next()))
                    continue;
                mine++;
                Interlocked.Increment(ref wins);
            }
        })));
        var after = await table.ReadAll();
        after.Version.Version.ShouldBe(1 + (Writers * Each));
        wins.ShouldBe(Writers * Each);
        tries.ShouldBeGreaterThan(wins);   // they did meet
        after.Members.Single().Item1.SuspectTimes!.Select(s => s.Item2).Distinct().Count().ShouldBe(Writers * Each);   // nobody's change was lost
    }

    [Theory, PostgresOnly]
    public async Task E25_of_many_nodes_that_join_at_once_one_takes_each_version(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var seen = (await table.ReadAll()).Version;
        var joined = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => table.InsertRow(NewNode(), seen.Next()))));
        joined.Count(won => won).ShouldBe(1);
        var after = await table.ReadAll();
        (after.Members.Count, after.Version.Version).ShouldBe((1, 1));
    }

    [Theory, PostgresOnly]
    public async Task E25_a_sign_of_life_changes_neither_version_nor_etag(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var node = NewNode();
        await table.InsertRow(node, (await table.ReadAll()).Version.Next());
        var (before, etag) = await RowAsync(table, node);
        before.IAmAliveTime = Now.AddSeconds(1);
        before.Status = SiloStatus.Dead;   // it says that it is alive, and nothing else
        await table.UpdateIAmAlive(before);
        var (after, same) = await RowAsync(table, node);
        (after.IAmAliveTime, after.Status, same).ShouldBe((Now.AddSeconds(1), SiloStatus.Active, etag));
        (await table.ReadAll()).Version.Version.ShouldBe(1);
        (await table.UpdateRow(after, etag, (await table.ReadAll()).Version.Next())).ShouldBeTrue();
    }

    [Theory, PostgresOnly]
    public async Task E25_rows_of_nodes_long_dead_are_swept_and_no_others(TestDatabase database)
    {
        var table = await OpenAsync(database);
        var kept = new List<SiloAddress>();
        foreach (var (status, age) in new[]
        {
            (SiloStatus.Active, 10), (SiloStatus.Joining, 10), (SiloStatus.Dead, 0), (SiloStatus.Active, 0), (SiloStatus.Dead, 10), (SiloStatus.Dead, 10),
        })
        {
            var node = NewNode(status);
            (node.StartTime, node.IAmAliveTime) = (Now.AddDays(-age), Now.AddDays(-age));
            await table.InsertRow(node, (await table.ReadAll()).Version.Next());
            if (status != SiloStatus.Dead || age == 0)
                kept.Add(node.SiloAddress);
        }

        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Now.AddDays(-7)));
        (await table.ReadAll()).Members.Select(m => m.Item1.SiloAddress.ToParsableString()).Order().ShouldBe(kept.Select(k => k.ToParsableString()).Order());
    }

    [Theory, PostgresOnly]
    public async Task E25_two_clusters_in_one_database_do_not_see_each_other(TestDatabase database)
    {
        var (one, two) = (await OpenAsync(database, "one"), await OpenAsync(database, "two"));
        await one.InsertRow(NewNode(), (await one.ReadAll()).Version.Next());
        (await two.ReadAll()).Members.ShouldBeEmpty();
        (await two.ReadAll()).Version.Version.ShouldBe(0);
        await two.DeleteMembershipTableEntries("two");
        (await one.ReadAll()).Members.Count.ShouldBe(1);
        await one.DeleteMembershipTableEntries("one");
        (await one.ReadAll()).Members.ShouldBeEmpty();
    }

    // Orleans compares with its own wall clock; nodes whose clocks differ must not take each other for dead (E24).
    [Theory, PostgresOnly]
    public async Task E24_a_node_whose_clock_is_wrong_reads_the_others_as_alive(TestDatabase database)
    {
        var right = await OpenAsync(database);
        var wrong = await OpenAsync(database, clockIsAhead: TimeSpan.FromMinutes(7));
        var node = NewNode();
        await right.InsertRow(node, (await right.ReadAll()).Version.Next());
        (await RowAsync(wrong, node)).Entry.IAmAliveTime.ShouldBe(Now.AddMinutes(7));   // its own now
        (await RowAsync(right, node)).Entry.IAmAliveTime.ShouldBe(Now);
    }

    private static async Task<EfMembershipTable> OpenAsync(TestDatabase database, string cluster = "one", TimeSpan clockIsAhead = default)
    {
        var clock = new DatabaseClock(new FakeTimeProvider(new DateTimeOffset(Now + clockIsAhead)), _ => Task.FromResult(new DateTimeOffset(Now)));
        await clock.MeasureAsync(CancellationToken.None);
        var table = new EfMembershipTable(database.Databases, clock, Options.Create(new ClusterOptions { ClusterId = cluster, ServiceId = "entryguard" }));
        await table.InitializeMembershipTable(true);
        return table;
    }

    private static MembershipEntry NewNode(SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, Interlocked.Increment(ref lastPort)), 1),
        Status = status,
        HostName = "host",
        SiloName = string.Create(CultureInfo.InvariantCulture, $"node {lastPort}"),
        StartTime = Now,
        IAmAliveTime = Now,
        SuspectTimes = [],
    };

    private static async Task<(MembershipEntry Entry, string Etag)> RowAsync(EfMembershipTable table, MembershipEntry node)
    {
        var row = (await table.ReadRow(node.SiloAddress)).Members.ShouldHaveSingleItem();
        return (row.Item1, row.Item2);
    }
}
