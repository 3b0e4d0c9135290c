using System.Security.Claims;
using System.Text.Json;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.InProcess;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Web;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using MudBlazor;
using MudBlazor.Services;
using PageApi = EntryGuard.Server.Web.Api;

namespace EntryGuard.Server.Tests.Web;

/// <summary>A page that an administrator looks at, and an API that answers what the test says.</summary>
internal sealed class PageBench : IAsyncDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().BuildServiceProvider();
    private readonly Dictionary<string, Func<Task<object?>>> answers = [];
    private readonly List<string> asked = [];
    private readonly Looker looker = new();
    private readonly BunitJSModuleInterop script;

    public PageBench()
    {
        var pipeline = new Pipeline(services);
        pipeline.BeginsWith(AnswerAsync);
        Page.JSInterop.Mode = JSRuntimeMode.Loose;
        (script = Page.JSInterop.SetupModule("/console.js")).Mode = JSRuntimeMode.Loose;
        Page.Services.AddSingleton<TimeProvider>(Time).AddSingleton(new AuditBell()).AddSingleton(pipeline).AddSingleton<AuthenticationStateProvider>(looker)
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddScoped<PageApi>().AddScoped<Ticker>().AddScoped<Browser>().AddScoped<OtherFamily>()
            .AddScoped(s => new Live(s.GetRequiredService<AuditBell>(), s.GetRequiredService<PageApi>(), Time, NullLogger<Live>.Instance))
            .AddMudServices(mud => mud.PopoverOptions.CheckForPopoverProvider = false);
    }

    public BunitContext Page { get; } = new();

    public FakeTimeProvider Time { get; } = new(Rows.Now);

    /// <summary>What was asked of the API: "GET sessions".</summary>
    public IReadOnlyList<string> Asked => asked;

    /// <summary>What was said in passing.</summary>
    public IReadOnlyList<string?> Said => [.. Page.Services.GetRequiredService<ISnackbar>().ShownSnackbars.Select(s => s.Message)];

    /// <summary>What got the focus last, as a selector; null: nothing yet.</summary>
    public string? Focused => Told("focus", 0);

    /// <summary>What the browser keeps of forms last; null: nothing.</summary>
    public string? Kept => Told("keepDraft", 3);

    /// <summary>The browser kept this of the page's form.</summary>
    public void Keeps(string text) => script.Setup<string?>("takeUpDraft", _ => true).SetResult(text);

    /// <summary>From now on. A <see cref="Problem"/> is a refusal; without an answer nothing is found.</summary>
    /// <param name="what">Such as "GET sessions".</param>
    public void Answers(string what, object answer) => Answers(what, () => Task.FromResult<object?>(answer));

    /// <inheritdoc cref="Answers(string, object)"/>
    /// <param name="answer">When it is there.</param>
    public void Answers(string what, Func<Task<object?>> answer) => answers[what] = answer;

    /// <summary>As the API's client, for parts that are given one.</summary>
    public Task<ApiClient> ClientAsync() => Page.Services.GetRequiredService<PageApi>().ClientAsync();

    /// <summary>For whoever looks.</summary>
    public IRenderedComponent<T> Show<T>(Action<ComponentParameterCollectionBuilder<T>>? with = null)
        where T : IComponent => Page.Render<T>(p =>
        {
            p.AddCascadingValue(Rows.Admin);
            with?.Invoke(p);
        });

    /// <summary>Whatever is shown asks again.</summary>
    public void LookAgain() => looker.ComeBack();

    /// <summary>The answer to the question that is asked now.</summary>
    public async Task AnswerAsync<T>(IRenderedComponent<T> dialogs, string button)
        where T : IComponent
    {
        dialogs.WaitForState(() => dialogs.FindAll(".mud-dialog").Count > 0);
        await dialogs.FindAll(".mud-dialog button").Single(b => b.TextContent.Trim() == button).ClickAsync(new());
    }

    public async ValueTask DisposeAsync()
    {
        await Page.DisposeAsync();
        await services.DisposeAsync();
    }

    // What the browser was told last; null: nothing yet.
    private string? Told(string what, int argument) => script.Invocations[what] is { Count: > 0 } all ? all[^1].Arguments[argument] as string : null;

    private async Task AnswerAsync(HttpContext context)
    {
        var what = $"{context.Request.Method} {context.Request.Path.Value!.Replace("/api/v1/", "", StringComparison.Ordinal)}";
        asked.Add(what);
        var answer = answers.TryGetValue(what, out var found) ? await found() : Rows.Refused("There is none.") with { Status = 404 };
        if (answer is null)
            return;
        context.Response.StatusCode = (answer as Problem)?.Status ?? 200;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), JsonSerializerOptions.Web));
    }

    private sealed class Looker : AuthenticationStateProvider
    {
        private static readonly AuthenticationState State = new(new ClaimsPrincipal(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, Rows.Admin.Id.ToString()),
                new(SignInAuthentication.Organization, Guid.NewGuid().ToString()),
                new(SignInAuthentication.SignInClaim, Guid.NewGuid().ToString()),
                new(SignInAuthentication.Address, "198.51.100.1"),
            ],
            "test")));

        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(State);

        public void ComeBack() => NotifyAuthenticationStateChanged(Task.FromResult(State));
    }
}
