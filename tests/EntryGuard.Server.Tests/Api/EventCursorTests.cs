using EntryGuard.Server.Features.Events;

namespace EntryGuard.Server.Tests.Api;

public sealed class EventCursorTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1050")]
    [InlineData("0")]
    [InlineData("1050-980")]
    [InlineData("1050-980-1049-1041")]
    public void A_cursor_is_read_as_it_is_written(string text) => EventCursor.Parse(text)!.ToString().ShouldBe(text);

    [Fact]
    public void The_floor_waits_for_every_transaction_that_ran_during_the_look()
    {
        var cursor = new EventCursor(10, [12]);
        cursor.Looked(oldest: 500, next: 510, Now);
        cursor.Looked(oldest: 509, next: 520, Now + EventCursor.Settle);
        cursor.Floor.ShouldBe(10, "509 ran during the first look and has not ended");
        cursor.Looked(oldest: 510, next: 520, Now + EventCursor.Settle);
        (cursor.Floor, cursor.Sent.Count, cursor.ToString()).ShouldBe((12, 0, "12"));
    }

    [Fact]
    public void The_floor_waits_for_an_id_that_was_taken_before_its_transaction_had_a_number()
    {
        var cursor = new EventCursor(10, [12]);
        cursor.Looked(500, 500, Now);
        cursor.Looked(500, 500, Now + EventCursor.Settle - TimeSpan.FromTicks(1));
        cursor.Floor.ShouldBe(10);
        cursor.Looked(500, 500, Now + EventCursor.Settle);
        cursor.Floor.ShouldBe(12);
    }

    [Fact]
    public void What_one_look_saw_does_not_settle_what_a_later_one_saw()
    {
        var cursor = new EventCursor(0, [5]);
        cursor.Looked(1, 2, Now);
        cursor.Add(9);
        cursor.Looked(1, 3, Now + EventCursor.Settle);
        cursor.Looked(2, 4, Now + EventCursor.Settle);
        (cursor.Floor, cursor.ToString()).ShouldBe((5, "9-5"));
    }

    [Fact]
    public void A_cursor_stays_short_and_names_no_row_as_sent_that_was_not()
    {
        var cursor = new EventCursor(0, Enumerable.Range(1, 1000).Select(i => (long)i * 2));
        var text = cursor.ToString();
        text.Length.ShouldBeLessThan(500);
        var read = EventCursor.Parse(text)!;
        read.Floor.ShouldBe(0);
        read.Sent.ShouldBeSubsetOf(cursor.Sent);
    }
}
