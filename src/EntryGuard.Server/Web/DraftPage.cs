using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using PersistentStateAttribute = Microsoft.AspNetCore.Components.PersistentStateAttribute;

namespace EntryGuard.Server.Web;

/// <summary>
/// A page with a form. What is typed is a draft of its own: what changes meanwhile is put into the form only where nothing was typed, else it
/// is told, and the ETag of what was read keeps the one from going over the other.
/// </summary>
/// <typeparam name="TRow">As the API gives it.</typeparam>
/// <typeparam name="TDraft">As it is typed: equal means nothing was.</typeparam>
public abstract class DraftPage<TRow, TDraft> : LivePage
    where TRow : class
    where TDraft : class, IEquatable<TDraft>
{
    /// <summary>The first field that is wrong; where none is, what says so.</summary>
    protected static readonly string FirstFault = Faults.FirstIn("main");

    private Guid? shown;
    private Problem? refused;
    private Problem? unread;
    private TDraft? read;
    private string? readETag;
    private string? focus;
    private KeptForm<Kept>? kept;
    private bool isDone;
    private bool isBack;

    /// <summary>Null: it is to be made.</summary>
    [Parameter]
    public Guid? Id { get; set; }

    [CascadingParameter]
    public SignedInUser? User { get; set; }

    /// <summary>As it is now; null: not there.</summary>
    [PersistentState]
    public TRow? Row { get; set; }

    /// <summary>Of <see cref="Row"/>.</summary>
    [PersistentState]
    public string? ETag { get; set; }

    [Inject]
    internal Browser Browser { get; set; } = null!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    [Inject]
    internal IDialogService Dialogs { get; set; } = null!;

    [Inject]
    internal ISnackbar Snackbar { get; set; } = null!;

    /// <summary>What is typed; null: nothing is there yet.</summary>
    protected TDraft? Draft { get; private set; }

    /// <summary>What was refused last, until something else is done, or why the page could not be read, until it can; null: nothing.</summary>
    protected Problem? Problem
    {
        get => refused ?? unread;
        set => refused = value;
    }

    /// <summary>There was none when the page was asked for; null: there was, or nobody knows yet.</summary>
    protected Problem? Missing { get; private set; }

    /// <summary>It was there, and somebody deleted it: what was typed stays in sight.</summary>
    protected bool IsGone { get; private set; }

    /// <summary>What is chosen to go with what is made, beside the form.</summary>
    protected IReadOnlyList<Member> Chosen { get; set; } = [];

    /// <summary>Something is being done.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>What is typed was typed before the page was taken away.</summary>
    protected bool IsBack => isBack && IsTyped;

    /// <summary>Somebody else changed what is being typed about.</summary>
    protected bool IsOvertaken { get; private set; }

    /// <summary>Whoever looks may change it.</summary>
    protected virtual bool MayChange => User is { IsOrgAdmin: true } && !IsGone;

    /// <summary>The API shows it to whoever looks.</summary>
    protected virtual bool MayRead => User?.Authority is "ADMIN" or "AUDITOR";

    protected override bool IsLoaded => Row is not null || Id is null;

    private bool IsTyped => !isDone && !IsGone && Draft is not null && (!Draft.Equals(read) || Chosen.Count > 0);

    /// <summary>The version the draft was begun on.</summary>
    protected string? DraftETag => readETag;

    /// <summary>Asks for the row.</summary>
    protected abstract Task<ApiAnswer<TRow>> ReadAsync(Guid id);

    /// <summary>The form's fields.</summary>
    /// <param name="row">Null: of a new one.</param>
    protected abstract TDraft DraftOf(TRow? row);

    /// <summary>What else the page shows, beside the form.</summary>
    protected virtual Task LoadMoreAsync() => Task.CompletedTask;

    protected override async Task LoadAsync()
    {
        if (!MayRead)
            return;
        if (Id is { } id)
        {
            var answer = await ReadAsync(id);
            if (id != Id)
                return;
            var isThere = answer.Status != HttpStatusCode.NotFound;
            Missing = isThere || Row is not null ? null : answer.Problem;
            IsGone = !isThere && Row is not null && !IsBusy;   // not by this page
            unread = isThere ? answer.Problem : null;
            if (answer.Body is null)
                return;
            Take(answer.Body, answer.ETag);
        }

        await LoadMoreAsync();
    }

    protected override async Task OnInitializedAsync()
    {
        shown = Id;
        if (Row is null)
            (Draft, read) = Id is null ? (DraftOf(null), DraftOf(null)) : (null, null);
        else
            Take(Row, ETag);
        await base.OnInitializedAsync();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (shown == Id)
            return;
        (shown, Row, ETag, refused, unread, Missing, IsGone, IsOvertaken) = (Id, null, null, null, null, null, false, false);
        (Chosen, isDone, isBack, kept) = ([], false, false, null);
        (Draft, read) = Id is null ? (DraftOf(null), DraftOf(null)) : (null, null);
        await LoadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        await base.OnAfterRenderAsync(firstRender);
        await KeepAsync();
        if (focus is not { } place)
            return;
        focus = null;
        await Browser.FocusAsync(place);
    }

    /// <summary>A part of what the page shows beside the form could not be read: it stays as it was, and the next look may do better.</summary>
    /// <param name="problem">Null: all of it was.</param>
    protected void Unread(Problem? problem) => unread = problem;

    /// <summary>What was typed is given up.</summary>
    protected void Discard()
    {
        focus = "main form :is(input, textarea)";   // the button goes
        if (Id is null)
            Restart();
        else
            LoadTheirs();
    }

    /// <summary>What somebody else made of it, in place of what was typed.</summary>
    protected void LoadTheirs()
    {
        (Draft, refused, Chosen, isBack) = (null, null, [], false);
        if (Row is not null)
            Take(Row, ETag);
    }

    /// <summary>The form, empty, for another one.</summary>
    protected void Restart() => (Draft, read, refused, Chosen, isDone, isBack) = (DraftOf(null), DraftOf(null), null, [], false, false);

    /// <summary>Sends the form, once at a time. Refused: the first field that is wrong has the focus, and nothing that was typed is lost.</summary>
    /// <returns>What the API made of it; null: it was refused.</returns>
    protected async Task<T?> SendAsync<T>(Func<Task<ApiAnswer<T>>> send)
        where T : class
    {
        if (IsBusy)
            return null;
        (IsBusy, refused) = (true, null);
        StateHasChanged();
        ApiAnswer<T> answer;
        try
        {
            answer = await send();
        }
        finally
        {
            IsBusy = false;
        }

        refused = answer.Problem;
        isDone |= answer.Body is not null && Id is null;
        isBack &= answer.Body is null;
        if (isDone && kept is not null)
            await kept.KeepAsync(null);   // the page may be another by the time it is drawn
        if (answer.Body is TRow row && Id is not null)
        {
            Draft = null;
            Take(row, answer.ETag);
        }
        else if (refused?.Error == ErrorCodes.PreconditionFailed)
        {
            await LoadAsync();
            refused = IsOvertaken ? null : refused;   // which says it
        }

        if (answer.Problem is { } problem)
            focus = problem.ValidationErrors is { Count: > 0 } ? FirstFault : "main .overtaken, main .notice.bad";
        StateHasChanged();
        return answer.Body;
    }

    /// <summary>Does something beside the form, says what came of it and shows the page anew.</summary>
    protected async Task<ApiAnswer<T>?> DoAsync<T>(Func<Task<ApiAnswer<T>>> act, string? done)
        where T : class
    {
        if (IsBusy)
            return null;
        (IsBusy, refused) = (true, null);
        StateHasChanged();
        ApiAnswer<T> answer;
        try
        {
            answer = await act();
            refused = Deletion.IsQuestion(answer.Problem) ? null : answer.Problem;
            if (answer.Problem is null && done is not null)
                Snackbar.Add(done, Severity.Success);
            await LoadAsync();
        }
        finally
        {
            IsBusy = false;
        }

        StateHasChanged();
        return answer;
    }

    private async Task KeepAsync()
    {
        if (Draft is null || User is null || (Id is not null && shown != Id))
            return;
        if (kept is null)
        {
            var mine = kept = new KeptForm<Kept>(Browser, User.Id, new Uri(Navigation.Uri).PathAndQuery);
            if (await mine.TakeUpAsync() is { Draft: not null, Base: not null, Chosen: not null } before && mine == kept)
            {
                (Draft, read, readETag, Chosen, isBack) = (before.Draft, before.Base, before.ETag, before.Chosen, true);
                if (Row is not null)
                    Take(Row, ETag);
                StateHasChanged();
                return;
            }
        }

        await kept!.KeepAsync(IsTyped ? new Kept(Draft, read!, readETag, Chosen) : null);
    }

    /// <summary>What only the form's fields show stays; a change of what the form does not hold is no clash with it.</summary>
    private void Take(TRow row, string? etag)
    {
        (Row, ETag) = (row, etag);
        var now = DraftOf(row);
        if (Draft is null || Draft.Equals(read))
            (Draft, read) = (DraftOf(row), now);
        IsOvertaken = !now.Equals(read);
        if (!IsOvertaken)
            readETag = etag;
    }

    /// <summary>What the browser keeps of the form. No form of these pages holds a secret.</summary>
    private sealed record Kept(TDraft Draft, TDraft Base, string? ETag, IReadOnlyList<Member> Chosen);
}
