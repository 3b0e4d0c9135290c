using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web;
using EntryGuard.Server.Web.Pages.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace EntryGuard.Server.Tests.Web;

/// <summary>The cards of My security: their buttons can be pressed from the start, and say what is missing.</summary>
public sealed class SecurityCardTests : IAsyncDisposable
{
    private readonly BunitContext page = new();

    // Nothing of the API is asked for: no request could be sent.
    private readonly ApiClient client = new(new HttpClient(new NoServer()) { BaseAddress = new Uri("http://nowhere.example") });

    public SecurityCardTests()
    {
        page.JSInterop.Mode = JSRuntimeMode.Loose;
        page.Services.AddSingleton(new Ticker(new FakeTimeProvider())).AddScoped<Browser>().AddMudServices();
    }

    public ValueTask DisposeAsync() => page.DisposeAsync();

    [Fact]
    public void A_password_change_says_each_field_that_is_empty_and_only_when_it_is_pressed()
    {
        var card = page.Render<PasswordCard>(p => p.Add(c => c.Client, client).Add(c => c.Email, "ann@acme.example"));
        card.FindAll(".mud-input-error").ShouldBeEmpty();
        card.Find("button[type=submit]").HasAttribute("disabled").ShouldBeFalse();
        card.Find("form").Submit();
        card.Markup.ShouldContain("Type your current password.");
        card.Markup.ShouldContain("Type a new password.");
        card.Markup.ShouldContain("Type it once more.");
        card.FindAll("input[type=password]")[0].Input("old");
        card.Markup.ShouldNotContain("Type your current password.");
    }

    [Fact]
    public void Two_new_passwords_that_differ_are_not_sent()
    {
        var card = page.Render<PasswordCard>(p => p.Add(c => c.Client, client).Add(c => c.Email, "ann@acme.example"));
        card.FindAll("input[type=password]")[0].Input("old");
        card.FindAll("input[type=password]")[1].Input("one");
        card.FindAll("input[type=password]")[2].Input("other");
        card.Find("form").Submit();
        card.Markup.ShouldContain("It is not the same as above.");
    }

    [Fact]
    public void A_passkey_wants_a_name()
    {
        var card = page.Render<PasskeysCard>(p => p.Add(c => c.Client, client).Add(c => c.Passkeys, []));
        card.Markup.ShouldNotContain("Give it a name.");
        card.Find("form").Submit();
        card.Markup.ShouldContain("Give it a name.");
        card.Find("form input").Input("blue key");
        card.Markup.ShouldNotContain("Give it a name.");
    }

    private sealed class NoServer : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"{request.RequestUri} was asked for.");
    }
}
