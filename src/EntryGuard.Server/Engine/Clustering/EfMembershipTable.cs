using System.Globalization;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace EntryGuard.Server.Engine.Clustering;

/// <summary>
/// The cluster's members, in the database the nodes share. A change takes the next version of the cluster: the update of the version names
/// the one it leaves, and locks it, so of several that try at once exactly one wins, and the others read again.
/// </summary>
/// <remarks>
/// Orleans compares the times in here with its own wall clock, and takes a node for stale after 2 s. So they are stored as database time
/// and given back as the reader's wall time: a node whose clock is wrong by minutes is neither taken for dead nor takes others for it.
/// </remarks>
internal sealed class EfMembershipTable(Databases databases, DatabaseClock clock, IOptions<ClusterOptions> options) : IMembershipTable
{
    private string ClusterId => options.Value.ClusterId;

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        if (!tryInitTableVersion)
            return;
        await using var db = databases.OpenEngine();
        await db.Database.ExecuteSqlAsync($"INSERT INTO cluster_versions (cluster_id, version) VALUES ({ClusterId}, 0) ON CONFLICT DO NOTHING");
    }

    public async Task<MembershipTableData> ReadAll()
    {
        // One statement, so version and members are of one moment.
        await using var db = databases.OpenEngine();
        return Read(await Versions(db).AsNoTracking().Include(v => v.Nodes).AsSingleQuery().SingleOrDefaultAsync());
    }

    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        var address = key.ToParsableString();
        await using var db = databases.OpenEngine();
        return Read(await Versions(db).AsNoTracking().Include(v => v.Nodes.Where(m => m.Address == address)).AsSingleQuery().SingleOrDefaultAsync());
    }

    public async Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, CancellationToken.None);
        var address = entry.SiloAddress.ToParsableString();
        if (!await TakeAsync(db, tableVersion) || await Nodes(db).AnyAsync(m => m.Address == address))
            return false;
        db.Add(new ClusterNode
        {
            ClusterId = ClusterId,
            Address = address,
            Version = tableVersion.Version,
            Status = Names.Wire(entry.Status),
            HostName = entry.HostName ?? "",
            NodeName = entry.SiloName ?? "",
            ProxyPort = entry.ProxyPort,
            Suspects = WriteSuspects(entry),
            StartedAt = ToDatabase(entry.StartTime),
            AliveAt = ToDatabase(entry.IAmAliveTime),
        });
        await work.CommitAsync(CancellationToken.None);
        return true;
    }

    public async Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, CancellationToken.None);
        if (!int.TryParse(etag, CultureInfo.InvariantCulture, out var expected) || !await TakeAsync(db, tableVersion))
            return false;
        var address = entry.SiloAddress.ToParsableString();
        var changed = await Nodes(db).Where(m => m.Address == address && m.Version == expected).ExecuteUpdateAsync(set => set
            .SetProperty(m => m.Version, tableVersion.Version)
            .SetProperty(m => m.Status, Names.Wire(entry.Status))
            .SetProperty(m => m.HostName, entry.HostName ?? "")
            .SetProperty(m => m.NodeName, entry.SiloName ?? "")
            .SetProperty(m => m.ProxyPort, entry.ProxyPort)
            .SetProperty(m => m.Suspects, WriteSuspects(entry))
            .SetProperty(m => m.StartedAt, ToDatabase(entry.StartTime))
            .SetProperty(m => m.AliveAt, ToDatabase(entry.IAmAliveTime)));
        if (changed == 0)
            return false;
        await work.CommitAsync(CancellationToken.None);
        return true;
    }

    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        var address = entry.SiloAddress.ToParsableString();
        await using var db = databases.OpenEngine();
        await Nodes(db).Where(m => m.Address == address)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.AliveAt, ToDatabase(entry.IAmAliveTime)));
    }

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        // Suspicions are never later than the last change; a row that says DEAD says so from within two seconds of its last sign of life.
        var before = beforeDate + clock.Offset;
        var dead = Names.Wire(SiloStatus.Dead);
        await using var db = databases.OpenEngine();
        await Nodes(db).Where(m => m.Status == dead && m.AliveAt < before && m.StartedAt < before).ExecuteDeleteAsync();
    }

    public async Task DeleteMembershipTableEntries(string clusterId)
    {
        await using var db = databases.OpenEngine();
        await db.Set<ClusterVersion>().Where(v => v.ClusterId == clusterId).ExecuteDeleteAsync();
    }

    private IQueryable<ClusterVersion> Versions(EntryGuardDb db) => db.Set<ClusterVersion>().Where(v => v.ClusterId == ClusterId);

    private IQueryable<ClusterNode> Nodes(EntryGuardDb db) => db.Set<ClusterNode>().Where(m => m.ClusterId == ClusterId);

    // The etag that comes with the next version is the version it leaves.
    private async Task<bool> TakeAsync(EntryGuardDb db, TableVersion next) =>
        int.TryParse(next.VersionEtag, CultureInfo.InvariantCulture, out var expected)
        && await Versions(db).Where(v => v.Version == expected).ExecuteUpdateAsync(set => set.SetProperty(v => v.Version, next.Version)) == 1;

    private MembershipTableData Read(ClusterVersion? version) => new(
        [.. (version?.Nodes ?? []).Select(m => Tuple.Create(ToEntry(m), m.Version.ToString(CultureInfo.InvariantCulture)))],
        new TableVersion(version?.Version ?? 0, (version?.Version ?? 0).ToString(CultureInfo.InvariantCulture)));

    private MembershipEntry ToEntry(ClusterNode member) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(member.Address),
        Status = Names.FromWire<SiloStatus>(member.Status) ?? SiloStatus.None,
        HostName = member.HostName,
        SiloName = member.NodeName,
        ProxyPort = member.ProxyPort,
        SuspectTimes = ReadSuspects(member.Suspects),
        StartTime = ToWall(member.StartedAt),
        IAmAliveTime = ToWall(member.AliveAt),
    };

    private string WriteSuspects(MembershipEntry entry) =>
        string.Join(' ', (entry.SuspectTimes ?? []).Select(s => $"{s.Item1.ToParsableString()}={ToDatabase(s.Item2):O}"));

    private List<Tuple<SiloAddress, DateTime>> ReadSuspects(string suspects) =>
        [.. suspects.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split('=')).Select(s => Tuple.Create(
            SiloAddress.FromParsableString(s[0]), ToWall(DateTimeOffset.Parse(s[1], CultureInfo.InvariantCulture))))];

    private DateTimeOffset ToDatabase(DateTime wall) =>
        wall == default ? DateTimeOffset.UnixEpoch : new DateTimeOffset(DateTime.SpecifyKind(wall, DateTimeKind.Utc)) + clock.Offset;

    private DateTime ToWall(DateTimeOffset database) => (database - clock.Offset).UtcDateTime;
}
