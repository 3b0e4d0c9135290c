using EntryGuard.Contracts;
using Microsoft.AspNetCore.Components;

namespace EntryGuard.Server.Web.Pages.Door;

/// <summary>A page before the sign-in: a plain form, which works without a connection and without scripts, and calls the API for its browser.</summary>
public abstract class DoorPage : ComponentBase, IDisposable
{
    private HttpClient? line;

    [CascadingParameter]
    public HttpContext Http { get; set; } = null!;

    [Inject]
    public NavigationManager Navigation { get; set; } = null!;

    /// <summary>The API as the browser would call it; what it sets as cookies reaches the browser with this page.</summary>
    protected ApiClient Client { get; private set; } = null!;

    /// <summary>What was wrong with the last form; null: nothing.</summary>
    protected Problem? Problem { get; set; }

    /// <summary>The API's words about a field; null: nothing is wrong with it.</summary>
    protected string? Fault(string field) => Problem?.ValidationErrors?.GetValueOrDefault(field);

    protected override void OnInitialized() => Client = new ApiClient(line = BrowserLine.Of(Http));

    /// <summary>What the enrolment asks for, with the token that allows it.</summary>
    protected async Task BeginEnrolmentAsync(SignInForm form, string token)
    {
        form.SetupToken = token;
        Client.UseKey(token);
        var setup = await Client.SetUpMfaAsync(Http.RequestAborted);
        (Problem, form.Qr, form.Secret) = (setup.Problem, setup.Body?.QrCodeBase64, setup.Body?.Secret);
    }

    /// <summary>Signed in, or on the way: where to go, or null to ask on.</summary>
    protected void Enter(string? back) => Navigation.NavigateTo(PageSignIn.Back(back));

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => line?.Dispose();
}
