using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

public class WriteGateTests
{
    private readonly WriteGate gate = new();
    private readonly List<string> order = [];

    [Fact]
    public async Task E25_closings_go_first_then_in_order_of_arrival()
    {
        var first = await EnterAsync(WritePriority.Other);
        Task[] waiting =
        [
            Writer("other 1", WritePriority.Other), Writer("other 2", WritePriority.Other), Writer("closing 1", WritePriority.Closing), Writer("closing 2", WritePriority.Closing),
        ];
        first.Dispose();
        await Task.WhenAll(waiting);
        order.ShouldBe(["closing 1", "closing 2", "other 1", "other 2"]);
    }

    [Fact]
    public async Task E25_a_nested_entry_throws_instead_of_waiting_for_itself()
    {
        using var outer = await gate.EnterAsync(gate.Mark(), WritePriority.Other, default);
        Should.Throw<InvalidOperationException>(() => gate.Mark());
        outer.Dispose();
        using var next = await gate.EnterAsync(gate.Mark(), WritePriority.Other, default);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_queue_and_may_come_again()
    {
        var first = await EnterAsync(WritePriority.Other);
        using var patience = new CancellationTokenSource();
        var second = EnterAsync(WritePriority.Other, patience.Token);
        var third = EnterAsync(WritePriority.Other);
        await patience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        third.IsCompleted.ShouldBeFalse();
        first.Dispose();
        (await third).Dispose();
        (await EnterAsync(WritePriority.Closing)).Dispose();
    }

    [Fact]
    public async Task A_cancelled_wait_does_not_leave_its_flow_marked()
    {
        var first = await EnterAsync(WritePriority.Other);
        await Should.ThrowAsync<OperationCanceledException>(() => gate.EnterAsync(gate.Mark(), WritePriority.Other, new CancellationToken(true)));
        first.Dispose();
        (await gate.EnterAsync(gate.Mark(), WritePriority.Other, default)).Dispose();
    }

    [Fact]
    public async Task Leaving_twice_lets_one_in()
    {
        var first = await EnterAsync(WritePriority.Other);
        var (second, third) = (EnterAsync(WritePriority.Other), EnterAsync(WritePriority.Other));
        first.Dispose();
        first.Dispose();
        var held = await second;
        third.IsCompleted.ShouldBeFalse();
        held.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task However_many_cancel_the_gate_is_free_in_the_end()
    {
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () =>
        {
            using var patience = new CancellationTokenSource();
            var entering = gate.EnterAsync(gate.Mark(), i % 3 == 0 ? WritePriority.Closing : WritePriority.Other, patience.Token);
            if (i % 2 == 0)
                await patience.CancelAsync();
            try
            {
                using var turn = await entering;
                Interlocked.Increment(ref inside).ShouldBe(1);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
            catch (OperationCanceledException)
            {
            }
        })));
        (await EnterAsync(WritePriority.Other)).Dispose();
    }

    [Theory, SqliteOnly]
    public async Task Whatever_goes_wrong_the_next_writer_gets_in(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using (var db = database.Databases.OpenEngine())
        {
            await Should.ThrowAsync<OperationCanceledException>(() => db.BeginWriteAsync(WritePriority.Other, new CancellationToken(true)));
            await using (var work = await db.BeginWriteAsync(WritePriority.Other, default))
            {
                db.Add(Tenancy.NewSession(one.Id, new(Tenancy.Next())));
                await Should.ThrowAsync<DbUpdateException>(() => work.CommitAsync(default));
            }
        }

        await Tenancy.MakeAsync(database.Databases, "two").WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory, SqliteOnly]
    public async Task E25_a_nested_transaction_is_noticed(TestDatabase database)
    {
        await using var outer = database.Databases.OpenEngine();
        await using var inner = database.Databases.OpenEngine();
        await using var work = await outer.BeginWriteAsync(WritePriority.Other, default);
        await Should.ThrowAsync<InvalidOperationException>(async () => await inner.BeginWriteAsync(WritePriority.Other, default));
    }

    [Theory, EveryDatabase]
    public async Task After_the_commit_the_next_one_may_write_at_once(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        await work.CommitAsync(default);
        await Tenancy.MakeAsync(database.Databases, "one");
    }

    [Theory, EveryDatabase]
    public async Task A_read_commits_nothing(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        await Should.ThrowAsync<InvalidOperationException>(() => read.CommitAsync(default));
    }

    [Theory, EveryDatabase]
    public async Task Without_a_commit_nothing_is_written(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenEngine();
        await using (await db.BeginWriteAsync(WritePriority.Other, default))
        {
            db.Add(Tenancy.NewAudit(one.Id));
            await db.SaveChangesAsync();
        }

        (await db.Audit.AsNoTracking().CountAsync()).ShouldBe(1);
    }

    private async Task<IDisposable> EnterAsync(WritePriority priority, CancellationToken ct = default) => await gate.EnterAsync(gate.Mark(), priority, ct);

    private async Task Writer(string name, WritePriority priority)
    {
        using var turn = await EnterAsync(priority);
        order.Add(name);
    }
}
