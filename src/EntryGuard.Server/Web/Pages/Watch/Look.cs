using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.Watch;

/// <summary>Looks at everything the overview shows: what is so now each time, what changes slowly now and then.</summary>
internal sealed class Look
{
    private const int DriftRows = 200;
    private const string DriftEvents = "RULE_LOST,RULE_PUT_BACK,RULE_FOUND_AGAIN,RULE_STRAY,RULE_ALTERED,RULE_FOREIGN";

    // What comparisons found is told of a week: seconds do not matter, and its rows are many.
    private static readonly TimeSpan KeepDrift = TimeSpan.FromSeconds(10);

    // Of the week only its last hour still changes, and of that the figure of now is known.
    private static readonly TimeSpan KeepWeek = TimeSpan.FromMinutes(5);

    private IReadOnlyList<Found> drift = [];
    private DateTimeOffset? driftAt;
    private WeekResponse? week;
    private DateTimeOffset weekAt;

    /// <param name="client">As whoever looks.</param>
    /// <param name="now">Of the server.</param>
    /// <returns>The picture, or what the API refused.</returns>
    public async Task<(Picture? Picture, Problem? Problem)> AtAllAsync(ApiClient client, DateTimeOffset now)
    {
        var overview = await client.GetOverviewAsync(CancellationToken.None);
        var problem = overview.Problem ?? await FindDriftAsync(client, now);
        return (problem is null && overview.Body is { } seen ? new Picture(seen, drift) : null, problem);
    }

    /// <summary>The last seven days.</summary>
    /// <param name="client">As whoever looks.</param>
    /// <param name="sessions">That are not over now.</param>
    /// <param name="now">Of the server.</param>
    /// <returns>Null: the API gave no answer yet.</returns>
    public async Task<WeekResponse?> AtTheWeekAsync(ApiClient client, int sessions, DateTimeOffset now)
    {
        if (week is null || now - weekAt > KeepWeek || now >= week.From.AddHours(week.Most.Count))
            (week, weekAt) = ((await client.GetWeekAsync(CancellationToken.None)).Body ?? week, now);
        if (week is not null && sessions > week.Most[^1])
            week = week with { Most = [.. week.Most.SkipLast(1), sessions], Days = [.. week.Days.SkipLast(1), week.Days[^1] with { Most = Math.Max(week.Days[^1].Most, sessions) }] };
        return week;
    }

    private async Task<Problem?> FindDriftAsync(ApiClient client, DateTimeOffset now)
    {
        if (now - driftAt < KeepDrift)
            return null;
        var answer = await client.ListAuditAsync($"eventType={DriftEvents}&from={now.AddDays(-7):yyyy-MM-dd}&size={DriftRows}", CancellationToken.None);
        if (answer.Body is { } rows)
            (drift, driftAt) = (Found.Of(rows.Content), now);
        return answer.Problem;
    }
}
