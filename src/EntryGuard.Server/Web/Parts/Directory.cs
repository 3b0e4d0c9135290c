using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Pages.Resources;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Who and what there is, to choose from.</summary>
internal static class Directory
{
    // What a page reads at most: 2,000 rows.
    private const int MostPages = 10;

    /// <summary>Every Resource.</summary>
    public static Task<ApiAnswer<IReadOnlyList<ResourceResponse>>> ResourcesAsync(ApiClient client) => AllAsync(query => client.ListResourcesAsync(query, CancellationToken.None));

    /// <summary>The Resources that whoever looks knows by name: an administrator or an auditor all, a member those that are granted.</summary>
    public static async Task<ApiAnswer<IReadOnlyList<Member>>> NamesAsync(ApiClient client, bool seesAll)
    {
        if (seesAll)
            return (await ResourcesAsync(client)).To(all => all.Select(Of));
        var access = await client.GetAccessAsync(CancellationToken.None);
        return new(access.Status, access.Body?.Resources.Select(r => new Member(r.ResourceId, r.ResourceName, ResourceWords.Provider(r.Provider))).ToList(), access.Problem);
    }

    /// <summary>Those of the users and service accounts whose e-mail address, name or description holds the text; a few of them.</summary>
    public static async Task<IReadOnlyList<Member>> SearchUsersAsync(ApiClient client, string? text, CancellationToken ct)
    {
        var query = $"limit=30{(string.IsNullOrWhiteSpace(text) ? "" : $"&search={Uri.EscapeDataString(text)}")}";
        var users = (await client.ListUsersAsync(query, ct)).Body ?? [];
        var accounts = (await client.ListServiceAccountsAsync(query, ct)).Body ?? [];
        return [.. users.Select(Of), .. accounts.Select(Of)];
    }

    /// <summary>Who has a role.</summary>
    /// <param name="ids">Of them all.</param>
    public static async Task<ApiAnswer<IReadOnlyList<Member>>> UsersOfRoleAsync(ApiClient client, Guid role, IReadOnlySet<Guid> ids)
    {
        var users = (await AllAsync(query => client.ListUsersAsync($"{query}&roleId={role}", CancellationToken.None))).To(all => all.Select(Of));
        if (users.Body is null || users.Body.Count >= ids.Count)
            return users;
        var accounts = await AllAsync(query => client.ListServiceAccountsAsync(query, CancellationToken.None));
        return accounts.To(all => users.Body.Concat(all.Where(a => ids.Contains(a.Id)).Select(Of)));
    }

    /// <summary>A user or a service account; null: there is none, or not any more.</summary>
    public static async Task<Member?> FindUserAsync(ApiClient client, Guid id) =>
        (await client.GetUserAsync(id, CancellationToken.None)).Body is { } user ? Of(user)
        : (await client.GetServiceAccountAsync(id, CancellationToken.None)).Body is { } account ? Of(account) : null;

    public static Member Of(ResourceResponse resource) => new(resource.Id, resource.Name, ResourceWords.Provider(resource.Provider), $"/resources/{resource.Id}");

    public static Member Of(UserResponse user) => new(user.Id, user.Name ?? user.Email, user.Name is null ? null : user.Email, $"/users/{user.Id}");

    public static Member Of(ServiceAccountResponse account) => new(account.Id, account.Name, "service account", $"/service-accounts/{account.Id}");

    private static ApiAnswer<IReadOnlyList<Member>> To<T>(this ApiAnswer<IReadOnlyList<T>> answer, Func<IReadOnlyList<T>, IEnumerable<Member>> make) =>
        new(answer.Status, answer.Body is null ? null : [.. make(answer.Body)], answer.Problem);

    // A part of them is none: what is left out would look as if it were not there.
    private static async Task<ApiAnswer<IReadOnlyList<T>>> AllAsync<T>(Func<string, Task<ApiAnswer<IReadOnlyList<T>>>> ask)
    {
        var (all, cursor) = (new List<T>(), (string?)null);
        for (var page = 0; page < MostPages; page++)
        {
            var answer = await ask($"limit=200{(cursor is null ? "" : $"&cursor={cursor}")}");
            if (answer.Body is null)
                return answer;
            all.AddRange(answer.Body);
            cursor = answer.NextCursor;
            if (cursor is null)
                break;
        }

        return new(HttpStatusCode.OK, all, null);
    }
}
