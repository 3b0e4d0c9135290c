using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.Watch;

/// <summary>Looks at everything the overview shows, in bounded steps.</summary>
internal sealed class Look
{
    private const int PageRows = 200;

    // Beyond that an overview counts no more: its lists do.
    private const int MostRows = 2000;

    private const string DriftEvents = "RULE_LOST,RULE_PUT_BACK,RULE_FOUND_AGAIN,RULE_STRAY,RULE_ALTERED,RULE_FOREIGN";

    // What comparisons found is told of a week: seconds do not matter, and its rows are many.
    private static readonly TimeSpan KeepDrift = TimeSpan.FromSeconds(10);

    private IReadOnlyList<Found> drift = [];
    private DateTimeOffset? driftAt;

    /// <param name="now">Of the server.</param>
    /// <returns>The picture, the sessions that are not over, and the longest that one may last; or what the API refused.</returns>
    public async Task<(Picture? Picture, IReadOnlyList<SessionResponse> Running, TimeSpan Longest, Problem? Problem)> AtAllAsync(ApiClient client, DateTimeOffset now)
    {
        var none = CancellationToken.None;
        var settings = await client.GetOrganizationSettingsAsync(none);
        var running = await AllAsync(page => client.ListSessionsAsync($"status=PENDING,ACTIVE,PARTIAL,EXPIRING&{page}", true, none));
        var rules = await AllAsync(page => client.ListStaticRulesAsync(page, none));
        var resources = await AllAsync(page => client.ListResourcesAsync(page, none));
        var events = await AllAsync(page => client.ListHealthEventsAsync($"open=true&{page}", none));
        var failing = events.Rows.Where(e => e.Category == "REMOVAL_FAILING").ToList();
        var overdue = failing.Count > 0 || events.IsCut ? await AllAsync(page => client.ListSessionsAsync($"overdue=true&{page}", true, none))   // of those that are over as well
            : ([], false, null);
        var users = await AllAsync(page => client.ListUsersAsync($"isFrozen=true&{page}", none));
        var accounts = await AllAsync(page => client.ListServiceAccountsAsync($"isFrozen=true&{page}", none));
        var problem = settings.Problem ?? running.Problem ?? overdue.Problem ?? rules.Problem ?? resources.Problem ?? events.Problem ?? users.Problem ?? accounts.Problem ?? await FindDriftAsync(client, now);
        if (problem is not null || settings.Body is not { } organization)
            return (null, [], default, problem);

        var known = running.Rows.Concat(overdue.Rows).DistinctBy(s => s.Id).SelectMany(Trouble.Of).Concat(rules.Rows.SelectMany(Trouble.Of))
            .ToList();
        var troubles = known.Concat(failing.Where(e => !known.Any(t => t.IsOverdue && t.ResourceId == e.ResourceId)).Select(Trouble.Of))
            .OrderByDescending(t => t.IsOverdue).ThenBy(t => t.Since).ToList();
        var open = running.Rows.SelectMany(s => s.ResourceIps.Where(c => c.Status == "APPLIED").Select(c => (c.ResourceId, c.IpAddress)))
            .Concat(rules.Rows.SelectMany(r => r.Resources.Where(c => c.Status == "APPLIED").Select(c => (c.ResourceId, c.IpAddress))))
            .Distinct().CountBy(c => c.ResourceId).ToDictionary();
        var letIn = rules.Rows.ToLookup(r => r.Resources.Any(c => c.Status == "APPLIED"));
        var sessions = running.Rows.SelectMany(s => s.ResourceIps.Where(c => c.Status == "APPLIED").Select(c => c.ResourceId).Distinct()).CountBy(id => id).ToDictionary();
        List<Frozen> frozen =
        [
            .. organization.FrozenAt is { } since ? [new Frozen(null, null, organization.Name, since)] : Array.Empty<Frozen>(),
            .. users.Rows.Select(u => new Frozen(u.Id, null, u.Email, u.FrozenAt!.Value)),
            .. accounts.Rows.Select(a => new Frozen(a.Id, null, a.Email, a.FrozenAt!.Value)),
            .. resources.Rows.Where(r => r.FrozenAt is not null).Select(r => new Frozen(null, r.Id, r.Name, r.FrozenAt!.Value)),
        ];
        var picture = new Picture
        {
            OrganizationName = organization.Name,
            OrganizationSlug = organization.Slug,
            Troubles = [.. troubles.Take(Picture.MostTroubles)],
            TroubleCount = troubles.Count,
            Sessions = running.Rows.CountBy(s => s.Status).ToDictionary(),
            MayMissTroubles = running.IsCut || overdue.IsCut || rules.IsCut || events.IsCut,
            StaticRules = letIn[true].Count(),
            StaticRulesShut = letIn[false].CountBy(r => r.Status).ToDictionary(),
            Open = open.Values.Sum(),
            IsCut = running.IsCut || rules.IsCut || resources.IsCut,
            Doors = [.. resources.Rows.Select(r => Door.Of(r, sessions.GetValueOrDefault(r.Id), open.GetValueOrDefault(r.Id)))
                .OrderBy(d => d.Health != "INVALID").ThenByDescending(d => d.Open).ThenBy(d => d.Name, StringComparer.OrdinalIgnoreCase)],
            Events = events.Rows,
            Drift = drift,
            Frozen = frozen,
        };
        return (picture, running.Rows, TimeSpan.FromMinutes(organization.MaxSessionMinutes), null);
    }

    private async Task<Problem?> FindDriftAsync(ApiClient client, DateTimeOffset now)
    {
        if (now - driftAt < KeepDrift)
            return null;
        var answer = await client.ListAuditAsync($"eventType={DriftEvents}&from={now.AddDays(-7):yyyy-MM-dd}&size={PageRows}", CancellationToken.None);
        if (answer.Body is { } rows)
            (drift, driftAt) = (Found.Of(rows.Content), now);
        return answer.Problem;
    }

    /// <summary>Page after page, as far as is reasonable.</summary>
    /// <param name="page">Asks for one, with this as the end of its query.</param>
    public static async Task<(IReadOnlyList<T> Rows, bool IsCut, Problem? Problem)> AllAsync<T>(Func<string, Task<ApiAnswer<IReadOnlyList<T>>>> page)
    {
        var rows = new List<T>();
        string? next = null;
        do
        {
            var answer = await page($"limit={PageRows}{(next is null ? "" : $"&cursor={next}")}");
            if (answer.Body is null)
                return (rows, true, answer.Problem);
            rows.AddRange(answer.Body);
            next = answer.NextCursor;
        }
        while (next is not null && rows.Count < MostRows);
        return (rows, next is not null, null);
    }
}
