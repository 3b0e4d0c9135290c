using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using PersistentStateAttribute = Microsoft.AspNetCore.Components.PersistentStateAttribute;

namespace EntryGuard.Server.Web;

/// <summary>A page with a list: filters in its address, a page of rows more at a time, and all of it live.</summary>
public abstract class LiveTable<TRow> : LivePage
    where TRow : class
{
    private string? shown;
    private int wanted;
    private Problem? refused;
    private Problem? unread;

    [CascadingParameter]
    public SignedInUser? User { get; set; }

    /// <summary>As far as they were asked for; null: not yet.</summary>
    [PersistentState]
    public List<TRow>? Rows { get; set; }

    /// <summary>Where the next page begins; null: there is none.</summary>
    [PersistentState]
    public string? Next { get; set; }

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    [Inject]
    internal IDialogService Dialogs { get; set; } = null!;

    [Inject]
    internal ISnackbar Snackbar { get; set; } = null!;

    /// <summary>What was refused last, until something else is done, or why the list could not be read, until it can; null: nothing.</summary>
    protected Problem? Problem
    {
        get => refused ?? unread;
        set => refused = value;
    }

    /// <summary>Something is being done.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>The API lists it to whoever looks.</summary>
    protected virtual bool MayRead => User?.Authority is "ADMIN" or "AUDITOR";

    /// <summary>Whoever looks may change it.</summary>
    protected virtual bool MayChange => User is { IsOrgAdmin: true };

    /// <summary>What is chosen, as the API takes it: "&amp;search=ann"; empty: everything.</summary>
    protected abstract string Filter { get; }

    protected override bool IsLoaded => Rows is not null;

    /// <summary>One page of the list.</summary>
    /// <param name="query">Filter, limit and cursor.</param>
    protected abstract Task<ApiAnswer<IReadOnlyList<TRow>>> AskAsync(string query);

    protected override async Task LoadAsync()
    {
        if (!MayRead)
            return;
        var (filter, least) = (Filter, wanted);
        var (listing, problem) = await Listings.ReadAsync(AskAsync, filter.TrimStart('&'), least);
        if (filter != Filter || least != wanted)
            return;   // something else is asked for meanwhile
        unread = problem;
        if (listing is not null)
            (Rows, Next, shown) = (listing.Rows, listing.Next, filter);
    }

    protected override async Task OnInitializedAsync()
    {
        shown = Filter;
        await base.OnInitializedAsync();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (shown == Filter)
            return;
        (shown, wanted, refused, unread) = (Filter, 0, null, null);
        await LoadAsync();
    }

    /// <summary>A part of what the page shows beside the list could not be read: it stays as it was, and the next look may do better.</summary>
    protected void Unread(Problem? problem) => unread = problem;

    /// <summary>The next page as well.</summary>
    protected Task MoreAsync()
    {
        wanted = (Rows?.Count ?? 0) + 1;
        return LoadAsync();
    }

    /// <summary>Chooses, and says so in the address, so that a link or a reload shows the same.</summary>
    /// <param name="name">Of the query parameter.</param>
    /// <param name="value">Null or empty: all.</param>
    protected void Choose(string name, string? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, string.IsNullOrWhiteSpace(value) ? null : value.Trim()), replace: true);

    /// <summary>Does one thing at a time, says what came of it and shows the list anew.</summary>
    /// <returns>The answer; null: something else is being done.</returns>
    protected async Task<ApiAnswer<T>?> DoAsync<T>(Func<Task<ApiAnswer<T>>> act, string done)
        where T : class
    {
        if (IsBusy)
            return null;
        (IsBusy, Problem) = (true, null);
        StateHasChanged();
        ApiAnswer<T> answer;
        try
        {
            answer = await act();
        }
        finally
        {
            IsBusy = false;
        }

        Problem = Deletion.IsQuestion(answer.Problem) ? null : answer.Problem;
        if (answer.Problem is null)
            Snackbar.Add(done, Severity.Success);
        await LoadAsync();
        StateHasChanged();
        return answer;
    }
}
