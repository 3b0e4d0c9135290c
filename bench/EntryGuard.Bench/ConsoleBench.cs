using System.Diagnostics;
using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Bench;

/// <summary>
/// What the first load of Start transfers; and two hundred open consoles on one node: what they cost in memory, and how long until a change is drawn
/// on the last of them. One in ten is an administrator's Overview, the others are Start, each of a user of its own. Aims, not limits of correctness: a missed one makes the exit code 1.
/// </summary>
internal static class ConsoleBench
{
    private const int Consoles = 200;
    private const int Overviews = 20;
    private const int Rounds = 7;
    private const int SignInsAtOnce = 4;
    private const double MoreMiB = 300;
    private const double FirstLoadKiB = 400;
    private static readonly TimeSpan ReachesAll = TimeSpan.FromSeconds(1);
    // One change at a time: what stands around a page looks a second later.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(8);

    /// <param name="program">Path of the published server, <c>artifacts/server/entryguard</c>: a build does not compress what it sends.</param>
    public static async Task<int> RunAsync(string program)
    {
        var folder = Directory.CreateTempSubdirectory("entryguard-bench-").FullName;
        var consoles = new List<OpenConsole>();
        try
        {
            var env = Path.Combine(folder, "env");
            await using var server = await BenchServer.StartAsync(program, folder, "--demo", "--env-file", env, "--EntryGuard:RateLimits:SignIn=false");
            using var http = new HttpClient { BaseAddress = server.Url };
            var api = new ApiClient(http);
            api.UseKey(await KeyAsync(env));
            var (resource, users) = await PeopleAsync(api);
            consoles.AddRange(users.Select(_ => new OpenConsole(server.Url)));
            await Parallel.ForEachAsync(Enumerable.Range(0, Consoles), new ParallelOptions { MaxDegreeOfParallelism = SignInsAtOnce },
                async (i, _) => await consoles[i].SignInAsync(users[i].Invitation!.Token!));
            var weight = await consoles[^1].WeighAsync("/");
            Console.WriteLine($"  the first load of Start: {string.Join(", ", weight.Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Path} {w.Bytes / 1024.0:0.0} KiB")))}");
            await consoles[0].OpenAsync("/overview");   // what the first page costs is not theirs alone
            await Task.Delay(Settle, TimeProvider.System);
            var before = server.Resident;
            var openedAt = Stopwatch.GetTimestamp();
            for (var i = 1; i < Consoles; i++)
                await consoles[i].OpenAsync(i < Overviews ? "/overview" : "/");
            var opening = Stopwatch.GetElapsedTime(openedAt);
            await Task.Delay(Settle, TimeProvider.System);
            var more = server.Resident - before;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {Consoles} consoles opened in {opening.TotalSeconds:0.0} s; {before:0} MiB before, {before + more:0} MiB with them"));

            var last = new List<double>();
            for (var round = 1; round <= Rounds; round++)
            {
                var reached = await RenameAsync(api, consoles, resource, $"renamed {round}");
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  a new name is on the first after {reached[0]:0} ms, on half of them after {reached[Consoles / 2]:0} ms, on the last after {reached[^1]:0} ms"));
                last.Add(reached[^1] / 1000);
                await Task.Delay(Between, TimeProvider.System);
            }

            last.Sort();
            return (Aim.Judge("first load of Start", weight.Sum(w => w.Bytes) / 1024.0, FirstLoadKiB, "KiB") & Aim.Judge("more memory", more, MoreMiB, "MiB") & Aim.Judge("reaches all (median round)", last[Rounds / 2], ReachesAll.TotalSeconds, "s")) ? 0 : 1;
        }
        finally
        {
            foreach (var console in consoles)
                await console.DisposeAsync();
            Directory.Delete(folder, true);
        }
    }

    // A role for all of them, and a session, so that every page shows the Resource.
    private static async Task<(ResourceResponse Resource, IReadOnlyList<UserResponse> Users)> PeopleAsync(ApiClient api)
    {
        var none = CancellationToken.None;
        var resource = (await api.ListResourcesAsync(null, none)).Value[0];
        var users = (await api.CreateUsersAsync(new CreateUsersRequest
        {
            Users = [.. Enumerable.Range(0, Consoles).Select(i => new CreateUserRequest
            {
                Email = $"user{i:000}@bench.example", Authority = i < Overviews ? "ADMIN" : "MEMBER",
            })],
        }, none)).Value;
        _ = (await api.CreateRoleAsync(new CreateRoleRequest { Name = "everybody", ResourceIds = [$"{resource.Id}"], UserIds = [.. users.Select(u => $"{u.Id}")] }, none)).Value;
        _ = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 60 }, null, none)).Value;
        return (resource, users);
    }

    // Milliseconds from just before the request until each console was sent the new name, in order.
    private static async Task<List<double>> RenameAsync(ApiClient api, List<OpenConsole> consoles, ResourceResponse resource, string name)
    {
        var seen = consoles.ConvertAll(console => console.SeesAsync(name));
        var at = Stopwatch.GetTimestamp();
        _ = (await api.UpdateResourceAsync(resource.Id, new UpdateResourceRequest { Name = name }, null, CancellationToken.None)).Value;
        var all = await Task.WhenAll(seen);
        return [.. all.Select(then => Stopwatch.GetElapsedTime(at, then).TotalMilliseconds).Order()];
    }

    private static async Task<string> KeyAsync(string file)
    {
        while (!File.Exists(file))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        return (await File.ReadAllLinesAsync(file)).First(line => line.StartsWith("EG_API_KEY=", StringComparison.Ordinal)).Split('=', 2)[1];
    }
}
