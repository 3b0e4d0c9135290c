using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Metadata;

namespace EntryGuard.Server.Hosting;

/// <summary>
/// One page of a list: a plain array. If there is more, <c>X-Next-Cursor</c> holds the <c>cursor</c> of the next page, and <c>Link</c> its address.
/// </summary>
public sealed class Page<T> : IResult, IEndpointMetadataProvider
{
    private readonly string? nextCursor;

    private Page(IReadOnlyList<T> items, string? nextCursor) => (Items, this.nextCursor) = (items, nextCursor);

    /// <summary>In order.</summary>
    public IReadOnlyList<T> Items { get; }

    /// <summary>From rows of which one more was asked for than the page may hold.</summary>
    /// <param name="rows">At most <paramref name="most"/> and one.</param>
    /// <param name="most">Rows of a page.</param>
    /// <param name="at">Where a row stands in the list.</param>
    /// <param name="show">What the page shows of it.</param>
    public static Page<T> Of<TRow>(IReadOnlyList<TRow> rows, int most, Func<TRow, Cursor> at, Func<TRow, T> show)
    {
        ArgumentNullException.ThrowIfNull(at);
        return Of(rows, most, row => at(row).ToString(), show);
    }

    /// <inheritdoc cref="Of{TRow}(IReadOnlyList{TRow}, int, Func{TRow, Cursor}, Func{TRow, T})"/>
    public static Page<T> Of<TRow>(IReadOnlyList<TRow> rows, int most, Func<TRow, string> at, Func<TRow, T> show)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(at);
        return new Page<T>([.. rows.Take(most).Select(show)], rows.Count > most ? at(rows[most - 1]) : null);
    }

    /// <inheritdoc/>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(IReadOnlyList<T>), ["application/json"]));
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        if (nextCursor is not null)
        {
            var query = new QueryBuilder(httpContext.Request.Query.Where(q => q.Key != "cursor").Select(q => KeyValuePair.Create(q.Key, q.Value)))
            {
                { "cursor", nextCursor },
            };
            httpContext.Response.Headers["X-Next-Cursor"] = nextCursor;
            httpContext.Response.Headers.Link = $"<{httpContext.Request.PathBase}{httpContext.Request.Path}{query}>; rel=\"next\"";
        }

        return httpContext.Response.WriteAsJsonAsync(Items, httpContext.RequestAborted);
    }
}

/// <summary>Where in a list a page begins: after the row with this instant and id.</summary>
public readonly record struct Cursor(DateTimeOffset At, Guid Id)
{
    /// <summary>Rows of a page whose request names no limit, and the most it may name.</summary>
    public const int DefaultLimit = 50;

    /// <inheritdoc cref="DefaultLimit"/>
    public const int MostRows = 200;

    /// <summary>Reads <c>limit</c> and <c>cursor</c>; faults are added to <paramref name="errors"/>.</summary>
    public static (int Limit, Cursor? After) Read(int? limit, string? cursor, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (limit is < 1 or > MostRows)
            errors["limit"] = $"must be a number from 1 to {MostRows}";
        if (cursor is null)
            return (limit ?? DefaultLimit, null);
        if (!TryParse(cursor, out var after))
            errors["cursor"] = "is not one this server gave; take it from X-Next-Cursor, or leave it out";
        return (limit ?? DefaultLimit, after);
    }

    /// <summary>As it is handed out: opaque.</summary>
    public override string ToString() => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks}.{Id:N}")));

    private static bool TryParse(string text, [NotNullWhen(true)] out Cursor? cursor)
    {
        cursor = null;
        if (text.Length > 100 || !Base64Url.IsValid(text))
            return false;
        var parts = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split('.');
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            || ticks > DateTimeOffset.MaxValue.UtcTicks || !Guid.TryParseExact(parts[1], "N", out var id))
            return false;
        cursor = new Cursor(new DateTimeOffset(ticks, TimeSpan.Zero), id);
        return true;
    }
}
