using System.Collections.Concurrent;
using System.Globalization;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>So many of a kind within a time, per name; this node's count. All may come at once; then they drip.</summary>
/// <remarks>
/// Kept is the instant at which an allowance is whole again (GCRA): what is whole is forgotten, so memory is bounded by what really came.
/// </remarks>
public sealed class Allowances(TimeProvider time)
{
    private const int MostNames = 50_000;
    private readonly ConcurrentDictionary<string, DateTimeOffset> wholeAt = new();

    /// <returns>How long to wait; null: it is granted.</returns>
    public TimeSpan? Take(string name, int most, TimeSpan within)
    {
        var (now, each) = (time.GetUtcNow(), within / most);
        if (wholeAt.Count > MostNames)
            Forget(now);
        while (true)
        {
            var isThere = wholeAt.TryGetValue(name, out var before);
            var next = (isThere && before > now ? before : now) + each;
            if (next - now > within)
                return next - now - within;
            if (isThere ? wholeAt.TryUpdate(name, next, before) : wholeAt.TryAdd(name, next))
                return null;
        }
    }

    // Should whole ones not be enough, somebody has tens of thousands of addresses: everybody begins anew, and accounts are still guarded.
    private void Forget(DateTimeOffset now)
    {
        foreach (var whole in wholeAt.Where(a => a.Value <= now))
            wholeAt.TryRemove(whole);
        if (wholeAt.Count > MostNames)
            wholeAt.Clear();
    }
}

/// <summary>How routes declare what one client address may ask of them.</summary>
public static class AllowanceDeclarations
{
    /// <summary>Refused before the handler runs, whatever it is asked; a body that cannot be read is refused for that, and not counted.</summary>
    /// <param name="what">Endpoints with the same word share the allowance.</param>
    /// <param name="most">Times; an office behind one address shares them.</param>
    /// <param name="within">In which.</param>
    public static RouteHandlerBuilder LimitPerAddress(this RouteHandlerBuilder builder, string what, int most, TimeSpan within) =>
        builder.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (!http.RequestServices.GetRequiredService<IOptions<RateSettings>>().Value.SignIn)
                return await next(context);
            var wait = http.RequestServices.GetRequiredService<Allowances>().Take($"{what} {RateLimits.Network(ClientAddress.Of(http))}", most, within);
            return wait is { } left ? TooMany(left) : await next(context);
        });

    /// <summary>429, with <c>Retry-After</c>.</summary>
    public static RefusalResult TooMany(TimeSpan wait)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
        var words = string.Create(CultureInfo.InvariantCulture, $"Too many tries; the next one is heard in {seconds} s.");
        return new RefusalResult(new Refusal(ErrorCodes.RateLimited, RefusalKind.TooMany, words))
        {
            RetryAfter = TimeSpan.FromSeconds(seconds),
        };
    }
}
