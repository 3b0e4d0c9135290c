using EntryGuard.Contracts;
using Microsoft.AspNetCore.Components;

namespace EntryGuard.Server.Web;

/// <summary>A page, or a part of one, that shows what the API says and follows it.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private IDisposable? place;
    private bool isOfThePage;
    private bool isLeft;

    [Inject]
    internal Api Api { get; set; } = null!;

    [Inject]
    internal Live Live { get; set; } = null!;

    /// <summary>The API as whoever looks at the page; there from <see cref="LoadAsync"/> on.</summary>
    protected ApiClient Client { get; private set; } = null!;

    /// <summary>Asks the API and keeps what it says. Called at the start, and whenever something changed.</summary>
    protected abstract Task LoadAsync();

    /// <summary>What was shown is there already, from the page as it was first sent.</summary>
    protected virtual bool IsLoaded => false;

    /// <summary>It stands around the page, and may follow a second later.</summary>
    protected virtual bool IsAside => false;

    protected override async Task OnInitializedAsync()
    {
        Client = await Api.ClientAsync();
        isOfThePage = IsLoaded;
        if (!isOfThePage)
            await LoadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        var mine = await Live.FollowAsync(RefreshAsync, IsAside);
        if (isLeft)
        {
            mine.Dispose();
            return;
        }

        place = mine;
        if (isOfThePage)
            await RefreshAsync();   // what changed between the page and its connection rang for nobody
    }

    /// <summary>Asks again and shows it, from wherever it is called.</summary>
    protected Task RefreshAsync() => InvokeAsync(async () =>
    {
        if (isLeft || Client is null)
            return;
        await LoadAsync();
        StateHasChanged();
    });

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        isLeft = true;
        place?.Dispose();
    }
}
