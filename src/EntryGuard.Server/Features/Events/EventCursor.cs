using System.Globalization;

namespace EntryGuard.Server.Features.Events;

/// <summary>
/// Where a stream of audit rows stands. Ids come from a sequence, and on PostgreSQL a transaction with a smaller id may commit after one
/// with a larger id. So a stream looks again at everything above its <see cref="Floor"/>, and leaves out what it sent. The floor follows
/// to what a look had seen once every transaction that ran then has ended, <see cref="Settle"/> later at the earliest.
/// </summary>
public sealed class EventCursor
{
    /// <summary>Between taking an id and having a transaction number lie microseconds; this is far more.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    // A client that comes back with a cursor gets what it names no more than once; of a longer list the rest again.
    private const int MostNamed = 50;

    // A transaction that hangs for so long that so much happens is not waited for.
    private const int MostRemembered = 10_000;

    private readonly SortedSet<long> sent = [];
    private readonly Queue<Look> looks = new();

    /// <param name="floor">Nothing up to this id is looked at again.</param>
    /// <param name="sent">Above the floor; not to be sent again.</param>
    public EventCursor(long floor, IEnumerable<long> sent)
    {
        Floor = floor;
        this.sent.UnionWith(sent);
    }

    /// <summary>Rows with larger ids are still to be looked at.</summary>
    public long Floor { get; private set; }

    /// <summary>Of them, those that were sent.</summary>
    public IReadOnlyCollection<long> Sent => sent;

    /// <summary>A row was sent.</summary>
    public void Add(long id) => sent.Add(id);

    /// <summary>A look came to its end.</summary>
    /// <param name="oldest">Transactions below this number had ended before the look began.</param>
    /// <param name="next">Transactions that begin after the look have this number or a larger one.</param>
    /// <param name="now">Of the stream's clock.</param>
    public void Looked(long oldest, long next, DateTimeOffset now)
    {
        while (looks.TryPeek(out var look) && ((look.Next <= oldest && now - look.At >= Settle) || sent.Count > MostRemembered))
            Raise(looks.Dequeue().Last);
        if (sent.Count > 0 && (looks.Count == 0 || looks.Last().Last < sent.Max))
            looks.Enqueue(new Look(sent.Max, next, now));
    }

    /// <summary>There is one writer at a time: nothing smaller can come any more.</summary>
    public void LookedAlone()
    {
        if (sent.Count > 0)
            Raise(sent.Max);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote, or the bare id of an audit row.</summary>
    public static EventCursor? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > 20 * (MostNamed + 2))
            return null;
        var ids = new List<long>();
        foreach (var part in text.Split('-'))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                return null;
            ids.Add(id);
        }

        if (ids.Count == 1)
            return new EventCursor(ids[0], []);
        var (last, floor, others) = (ids[0], ids[1], ids[2..]);
        return ids.Count <= MostNamed + 2 && floor < last && others.TrueForAll(id => id > floor && id < last) ? new EventCursor(floor, [last, .. others]) : null;
    }

    /// <summary>"1050": up to there. "1050-980-1049-1041": 1050, 1049 and 1041 were sent, and above 980 nothing else.</summary>
    public override string ToString() => sent.Count == 0
        ? Floor.ToString(CultureInfo.InvariantCulture)
        : string.Join('-', new[] { sent.Max, Floor }.Concat(sent.Reverse().Skip(1).Take(MostNamed)).Select(id => id.ToString(CultureInfo.InvariantCulture)));

    private void Raise(long floor)
    {
        Floor = Math.Max(Floor, floor);
        sent.RemoveWhere(id => id <= Floor);
    }

    private sealed record Look(long Last, long Next, DateTimeOffset At);
}
