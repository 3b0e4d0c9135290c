using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.Resources;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>What the tests of the engine look at, and the faults they script.</summary>
internal static class EngineFacts
{
    public const string Address = "203.0.113.7";
    public const string Standing = "203.0.113.7/32";

    /// <summary>A provider whose own success proves nothing, and whose lists are stale for a while.</summary>
    public static ProviderCapabilities Stale(int seconds) => new() { CredentialTypes = ["TOKEN"], SuccessIsProof = false, ReadDelay = TimeSpan.FromSeconds(seconds) };

    public static ProviderCapabilities Plain { get; } = new() { CredentialTypes = ["TOKEN"], SuccessIsProof = true };

    public static RuleFault Fault(string code, bool isPermanent = false, double? retryAfter = null) =>
        new(code, $"The provider said {code}.", isPermanent) { RetryAfter = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null };

    /// <summary>Scripts calls that open something, or that close something; the others are carried out plainly.</summary>
    public static void OnOpening(this TestApp app, Script? script) => app.Provider.OnApply = (_, changes) => changes.Additions.Count > 0 ? script : null;

    /// <inheritdoc cref="OnOpening"/>
    public static void OnClosing(this TestApp app, Script? script) => app.Provider.OnApply = (_, changes) => changes.Removals.Count > 0 ? script : null;

    /// <summary>When it was called, in seconds from an instant on.</summary>
    public static IReadOnlyList<double> Calls(this TestApp app, DateTimeOffset since, string verb = "apply") =>
        [.. app.Provider.Calls.Where(c => c.Verb == verb && c.At >= since).Select(c => (c.At - since).TotalSeconds)];

    /// <summary>When something was to be opened, in seconds from an instant on.</summary>
    public static IReadOnlyList<double> Openings(this TestApp app, DateTimeOffset since) =>
        [.. app.Provider.Calls.Where(c => c.Additions.Length > 0 && c.At >= since).Select(c => (c.At - since).TotalSeconds)];

    /// <summary>When something was to be closed, in seconds from an instant on.</summary>
    public static IReadOnlyList<double> Closings(this TestApp app, DateTimeOffset since) =>
        [.. app.Provider.Calls.Where(c => c.Removals.Length > 0 && c.At >= since).Select(c => (c.At - since).TotalSeconds)];

    /// <summary>An admin describes a Resource, which is verified, and lets these users open it.</summary>
    public static async Task<ResourceResponse> Describe(this TestApp app, string name, params string[] users)
    {
        var credential = await app.Credential((await app.AsAdmin().SignIn()).Organization, $"key of {name}");
        var api = await app.AsAdmin().Api();
        var made = (await api.CreateResourceAsync(new CreateResourceRequest
        {
            Name = name,
            CredentialId = credential.Value.ToString(),
            Provider = "SCRIPTED",
            ResourceType = "LIST",
            ResourceIdentifier = name,
            Config = System.Text.Json.JsonSerializer.SerializeToElement(new { ports = new[] { 443 } }),
            AllowedAddresses = ["DOCUMENTATION"],
        }, CancellationToken.None)).Value;
        foreach (var user in users)
            await api.AssignUserAsync(made.Id, (await app.As(user).SignIn()).User.Value, CancellationToken.None);
        return made;
    }

    /// <summary>The open or resolved health events, oldest first: "VERIFY open", "REMOVAL_FAILING resolved".</summary>
    public static async Task<IReadOnlyList<string>> HealthEvents(this TestApp app)
    {
        var events = (await (await app.AsAdmin().Api()).ListHealthEventsAsync(null, CancellationToken.None)).Value;
        return [.. events.Reverse().Select(e => $"{e.Category} {(e.ResolvedAt is null ? "open" : "resolved")}")];
    }

    /// <summary>What really stands, list by list: "web 203.0.113.7/32; db".</summary>
    public static string Rules(this TestApp app, params string[] lists) =>
        string.Join("; ", lists.Select(list => string.Join(' ', app.Cloud(list).Rules.Prepend(list))));

    /// <summary>An admin of the organization edits one of its Resources.</summary>
    public static async Task Edit(this TestApp app, string resource, UpdateResourceRequest request, string organization = "acme")
    {
        var admin = app.AsAdmin(organization);
        var me = await admin.SignIn();
        var caller = new Caller(me.Organization, me.User, admin.Email, Authority.Admin, true, ["*"], Domain.Net.Cidr.Parse("198.51.100.1"));
        var id = await app.Seed.Resource(me.Organization, resource);
        await using var db = app.Databases.OpenTenant(me.Organization);
        var answer = await UpdateResource.Handle(
            id.Value, request, null, null, db, caller, app.Services.GetRequiredService<ProviderSet>(), app.Services.GetRequiredService<Verification>(),
            app.Services.GetRequiredService<IEngine>(), app.Services.GetRequiredService<DatabaseClock>(), new DefaultHttpContext().Response, CancellationToken.None);
        answer.Result.ShouldBeOfType<Ok<ResourceResponse>>();
    }

    /// <summary>A session of an hour, open.</summary>
    public static async Task<SessionResponse> Open(this TestApp app, string user, string resource = "web", string address = Address, double hours = 1)
    {
        var session = await app.As(user).StartSession(resource, address, hours);
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("ACTIVE");
        return session;
    }

    /// <summary>The API as an auditor of the organization acme.</summary>
    public static async Task<ApiClient> Auditor(this TestApp app)
    {
        var organization = await app.Seed.Organization("acme");
        var (_, key) = await app.Seed.ApiKey(organization, await app.Seed.User(organization, "auditor@acme.example", authority: Authority.Auditor));
        var api = new ApiClient(app.Client());
        api.UseKey(key);
        return api;
    }

    /// <summary>A rule stands there with our mark that nobody asked for; something of ours must stand already.</summary>
    public static void AddStray(this TestApp app, string resource, string address) =>
        app.Cloud(resource).AddMarked(address, Scope.Tcp(443), $"{app.Cloud(resource).Standing[0].Mark![..12]}aaaaaaaaaa");

    /// <summary>Its only Resource IP, as its owner is told.</summary>
    public static async Task<ResourceIpResponse> Claim(this TestApp app, SessionResponse session) => (await app.Session(session)).ResourceIps.ShouldHaveSingleItem();

    /// <summary>Its only claim, as stored.</summary>
    public static async Task<ResourceIp> Row(this TestApp app, SessionResponse session) => (await app.Rows(session)).ShouldHaveSingleItem();

    /// <summary>Its claims, as stored.</summary>
    public static async Task<IReadOnlyList<ResourceIp>> Rows(this TestApp app, SessionResponse session)
    {
        var id = new SessionId(session.Id);
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.ResourceIps.AsNoTracking().Where(c => c.SessionId == id).OrderBy(c => c.Id).ToListAsync();
    }

    /// <summary>The allow-list of a scripted Resource, as stored.</summary>
    public static async Task<AllowList> AllowList(this TestApp app, string name)
    {
        var key = new AllowListKey($"scripted:tester:{name}");
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.AllowLists.AsNoTracking().SingleAsync(a => a.Key == key);
    }

    /// <summary>A Resource, as stored.</summary>
    public static async Task<Resource> ResourceRow(this TestApp app, string name)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.Resources.AsNoTracking().SingleAsync(r => r.Name == name);
    }
}
