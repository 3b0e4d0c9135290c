using EntryGuard.Domain;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>What lived in the last process is put back before the server answers (E26).</summary>
public sealed class RebuildTests
{
    [Theory, SqliteOnly]
    public async Task E26_one_door_that_cannot_be_put_back_keeps_no_other_shut(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { DiesWithProcess = true, HoldsEndTime = true });
        await app.Open("ann", "attic");
        await app.Open("ann", "cellar");
        foreach (var door in new[] { "attic", "cellar" })
        {
            app.Cloud(door).TakeAway(Address);   // as if the process had died
            app.Services.GetRequiredService<AllowListWorker>().Forget(new AllowListKey($"scripted:tester:{door}"));
        }

        await app.Seed.Change(db => db.Resources.Where(r => r.Name == "attic").ExecuteUpdateAsync(set => set.SetProperty(r => r.Config, "not JSON any more")));
        await ActivatorUtilities.CreateInstance<Rebuild>(app.Services).StartAsync(CancellationToken.None);
        app.Cloud("attic").Rules.ShouldBeEmpty();
        app.Cloud("cellar").Rules.ShouldBe([Standing]);
    }
}
