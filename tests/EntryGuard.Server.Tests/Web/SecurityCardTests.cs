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
    public void What_a_new_password_must_have_is_said_before_it_is_typed()
    {
        var terms = new PasswordTermsResponse
        {
            OrganizationName = "acme",
            Email = "ann@acme.example",
            MinLength = 12,
            RequireUppercase = false,
            RequireLowercase = false,
            RequireDigit = false,
            RequireSpecialChar = false,
            History = 0,
        };
        Says(null).ShouldContain("Your organization may ask for more");
        Says(terms).ShouldBe("12 characters or more; a sentence is a good choice.");
        Says(terms with { RequireDigit = true, History = 1 }).ShouldBe("12 characters or more, with a digit; a sentence is a good choice. Not the one you have.");
        Says(terms with { RequireUppercase = true, RequireLowercase = true, RequireSpecialChar = true, History = 5 }).ShouldBe(
            "12 characters or more, with an upper-case letter, a lower-case letter and something that is neither letter nor digit; a sentence is a good choice. None of your last 5.");

        string Says(PasswordTermsResponse? of) => page.Render<PasswordCard>(p => p.Add(c => c.Client, client).Add(c => c.Terms, of)).FindAll(".mud-input-helper-text")
            .Select(h => h.TextContent.Trim()).Single(h => h.Length > 0);
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
