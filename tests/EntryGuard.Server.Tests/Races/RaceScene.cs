using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Races;

/// <summary>
/// Ann's session, PARTIAL, a second before its end: "web" stands, "db" was given up, "mail" and "log" answered 503 twice and are due again.
/// From here on every call succeeds.
/// </summary>
internal sealed class RaceScene : IAsyncDisposable
{
    private const string Address = "203.0.113.7";
    private const int Seconds = 100;
    private static readonly string[] Lists = ["web", "db", "mail", "log"];
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TestDatabase database;
    private readonly Dictionary<string, ResourceId> resources = [];
    private readonly Dictionary<string, ParkedCall> parked = [];
    private readonly List<SessionResponse> later = [];
    private readonly DateTimeOffset end;
    private bool isReady;
    private SessionResponse session = null!;

    private RaceScene(TestDatabase database, TestApp app) => (this.database, App, end) = (database, app, app.Time.GetUtcNow().AddSeconds(Seconds));

    public TestApp App { get; }
    public required Laws Laws { get; init; }

    public static async Task<RaceScene> SetAsync(TestDatabase database)
    {
        var app = await TestApp.StartAsync(database);
        var scene = new RaceScene(database, app) { Laws = await Laws.WatchAsync(database, app) };
        app.Provider.OnApply = (context, _) => scene.Answer(context.Config.Identifier);
        await app.UseCredential("web", "key");   // an edit verifies it, and must find it valid
        await app.AsAdmin().SignIn();            // nothing is written during the race but what races
        foreach (var list in Lists)
            scene.resources[list] = (await app.As("ann").Reach(list))[0];
        scene.session = (await scene.StartAsync(Seconds)).Value;
        await app.RunUntilQuiet();
        await app.Advance(TimeSpan.FromSeconds(30));
        scene.isReady = true;
        app.Time.SetUtcNow(scene.end.AddSeconds(-1));
        (await scene.StatusesAsync(), scene.Rules()).ShouldBe(("PARTIAL", "web"));
        return scene;
    }

    /// <summary>Holds the first just before its commit and runs the second. Says what the second did meanwhile, and how both were answered.</summary>
    public async Task<(Meanwhile Meanwhile, string Answers)> RaceAsync(Act first, Act second)
    {
        var outcomes = new Queue<ParkedCall>();
        foreach (var list in new[] { "mail", "log" }.Take(new[] { first, second }.Count(a => a == Act.Outcome)))
            outcomes.Enqueue(await ParkAsync(list));
        if (first == Act.Expire)
            App.Time.SetUtcNow(end);
        var held = first == Act.Outcome ? outcomes.Peek().HoldRecord(database.Commits) : database.Commits.HoldNext();
        var one = DoAsync(first, outcomes, 8443);
        (await Task.WhenAny(held.Reached, one)).ShouldBe(held.Reached, "the first did not come to its commit");
        if (second == Act.Expire)
            App.Time.SetUtcNow(end);
        var two = DoAsync(second, outcomes, 9443);
        var meanwhile = await LockWait.OfAsync(database, two) ? Meanwhile.Waits : Meanwhile.Passes;
        held.Release();
        return (meanwhile, $"{await one}, {await two}");
    }

    /// <summary>"PARTIAL", or "CANCELLED MANUAL"; then the sessions that were started in the race, each after a +.</summary>
    public async Task<string> StatusesAsync()
    {
        var all = new List<string>();
        foreach (var one in later.Prepend(session))
        {
            var now = await App.Session(one);
            all.Add(now.EndedReason is null ? now.Status : $"{now.Status} {now.EndedReason}");
        }

        return string.Join(" + ", all);
    }

    /// <summary>Which lists let ann in, with the port where it is not the first: "web:8443 mail log".</summary>
    public string Rules() => string.Join(' ', Lists.SelectMany(list => App.Cloud(list).Standing
        .Select(rule => rule.Rule.Scope == Scope.Tcp(443) ? list : $"{list}:{rule.Rule.Scope.FromPort}").Order()));

    public ValueTask DisposeAsync() => App.DisposeAsync();

    private async Task<string> DoAsync(Act act, Queue<ParkedCall> outcomes, int port)
    {
        var (ann, admin) = (App.As("ann"), new Admin(App));
        switch (act)
        {
            case Act.Start:
                var started = await StartAsync(3600);
                if (started.Body is not null)
                    later.Add(started.Body);
                return Words(started);
            case Act.Stop:
                return Words(await ann.TryStop(session));
            case Act.Extend:
                return Words(await ann.TryExtend(session, 1));
            case Act.Expire:
                await App.Services.GetRequiredService<DueClaims>().ActAsync(None);
                return "done";
            case Act.Outcome:
                await outcomes.Dequeue().GoAsync();
                return "done";
            case Act.Retry:
                return Words(await ann.TryRetry(session.ResourceIps.Single(c => c.ResourceName == "db")));
            case Act.AccessLost:
                return await admin.Unassign(resources["web"], (await ann.SignIn()).User);
            default:
                return await admin.MovePort(resources["web"], port);
        }
    }

    private async Task<ApiAnswer<SessionResponse>> StartAsync(int seconds) =>
        await (await App.As("ann").Api()).StartSessionAsync(new StartSessionRequest
        {
            DurationSeconds = seconds,
            Ipv4Address = Address,
            ResourceIds = [.. Lists.Select(list => resources[list].Value.ToString())],
        }, null, None);

    private Script? Answer(string list)
    {
        if (!isReady)
        {
            return list switch
            {
                "web" => null,
                "db" => new Script(Refuse: new RuleFault("REFUSED", "Not this one.", true)),
                _ => Script.Unavailable,
            };
        }

        return parked.Remove(list, out var call) ? new Script(Before: _ => call.WaitAsync()) : null;
    }

    private async Task<ParkedCall> ParkAsync(string list)
    {
        var call = parked[list] = new ParkedCall();
        await call.RunAsync(App.Services.GetRequiredService<AllowListWorker>(), list);
        return call;
    }

    private static string Words<T>(ApiAnswer<T> answer)
        where T : class => answer.Problem is { } problem ? $"{(int)answer.Status} {problem.Error}" : $"{(int)answer.Status}";
}
