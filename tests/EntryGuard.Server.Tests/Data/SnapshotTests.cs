using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

public class SnapshotTests
{
    [Theory, EveryDatabase]
    public async Task A_snapshot_is_of_one_moment_of_one_tenant_and_keeps_nobody_from_writing(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await Tenancy.MakeAsync(database.Databases, "two");
        await using var db = database.Databases.OpenTenant(one.Id);
        await using (await db.BeginSnapshotAsync(default))
        {
            (await db.Users.CountAsync()).ShouldBe(1);
            await using (var other = database.Databases.OpenTenant(one.Id))
            await using (var work = await other.BeginWriteAsync(WritePriority.Other, default))
            {
                other.Resources.Add(Tenancy.NewResource(one.Id, "db"));
                await work.CommitAsync(default);
            }

            (await db.Resources.CountAsync()).ShouldBe(1);
        }

        await using var read = await db.BeginReadAsync(default);
        (await db.Resources.CountAsync()).ShouldBe(2);
    }
}
