using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>A list as far as it is shown: asked for again, it comes as long as it was.</summary>
/// <param name="Rows">From its beginning.</param>
/// <param name="Next">Where more of it begins; null: this is all.</param>
public sealed record Listing<T>(List<T> Rows, string? Next);

/// <summary>Reads lists page by page, and writes what narrows them into an address.</summary>
internal static class Listings
{
    /// <summary>Rows of a page of the API.</summary>
    public const int PageSize = 50;

    /// <param name="list">Asks for a page, with a query.</param>
    /// <param name="filter">Names and values of the query; what is empty is left out.</param>
    /// <param name="least">Whole pages are read until there are so many, or no more.</param>
    public static Task<(Listing<T>? Listing, Problem? Problem)> ReadAsync<T>(
        Func<string, Task<ApiAnswer<IReadOnlyList<T>>>> list, IEnumerable<(string Name, string? Value)> filter, int least) => ReadAsync(list, Query(filter), least);

    /// <param name="list">Asks for a page, with a query.</param>
    /// <param name="filter">As a query: "search=db"; empty: nothing narrows it.</param>
    /// <param name="least">Whole pages are read until there are so many, or no more.</param>
    public static async Task<(Listing<T>? Listing, Problem? Problem)> ReadAsync<T>(Func<string, Task<ApiAnswer<IReadOnlyList<T>>>> list, string filter, int least)
    {
        var query = $"{filter}&limit={PageSize}".TrimStart('&');
        var rows = new List<T>();
        string? cursor = null;
        do
        {
            var page = await list(cursor is null ? query : $"{query}&cursor={Uri.EscapeDataString(cursor)}");
            if (page.Body is null)
                return (null, page.Problem);
            rows.AddRange(page.Body);
            cursor = page.NextCursor;
        }
        while (cursor is not null && rows.Count < least);
        return (new Listing<T>(rows, cursor), null);
    }

    /// <summary>"search=db&amp;health=VALID"; empty: nothing narrows it.</summary>
    public static string Query(IEnumerable<(string Name, string? Value)> filter) =>
        string.Join('&', filter.Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value!)}"));

    /// <summary>A page's address with what narrows it.</summary>
    public static string Address(string path, params IEnumerable<(string Name, string? Value)> filter) => Query(filter) is { Length: > 0 } query ? $"{path}?{query}" : path;
}
