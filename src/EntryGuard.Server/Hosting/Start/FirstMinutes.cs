using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting.Start;

/// <summary>Configuration of the first minutes.</summary>
public sealed class StartSettings
{
    /// <summary>A gate on a free loopback port in front of a small page, and the first admin assigned to it.</summary>
    public bool Demo { get; set; }

    /// <summary>Section <c>FirstRun</c>.</summary>
    public FirstRunSettings FirstRun { get; set; } = new();
}

/// <summary>Configuration section <c>EntryGuard:FirstRun</c>.</summary>
public sealed class FirstRunSettings
{
    /// <summary>Make the first organization, its admin and a key, if the database has none. Implied by the demo.</summary>
    public bool Enabled { get; set; }

    /// <summary>File to write <c>EG_URL</c>, <c>EG_API_KEY</c> and <c>EG_GATE</c> to, readable by its owner alone; null: none.</summary>
    public string? EnvironmentFile { get; set; }
}

/// <summary>Registers the first minutes.</summary>
internal static class FirstMinutesSetup
{
    public static void AddFirstMinutes(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<StartSettings>(builder.Configuration.GetSection("EntryGuard"));
        builder.Services.AddSingleton<FirstRun>();
        builder.Services.AddHostedService<FirstMinutes>();
    }
}

/// <summary>
/// The first minutes of an installation: organization, admin and key; the demo gate with its page; and the lines that tell a newcomer what
/// to type. Runs when the server has begun to listen, so that what it prints is true.
/// </summary>
internal sealed class FirstMinutes(
    Databases databases, FirstRun firstRun, Verification verification, IServer server, IHostApplicationLifetime lifetime,
    IOptions<StartSettings> settings, TimeProvider time) : IHostedLifecycleService, IAsyncDisposable
{
    private const string ResourceName = "demo page";
    private DemoPage? page;
    private (OrganizationId Organization, UserId Admin, string Key)? made;
    private string? gate;

    /// <summary>Before the engine begins: the demo's page must be up when the gate opens.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!settings.Value.Demo && !settings.Value.FirstRun.Enabled)
            return;
        made = await firstRun.BootstrapAsync(NewKey, cancellationToken);
        if (settings.Value.Demo)
            await StartDemoAsync(cancellationToken);
    }

    /// <summary>The server listens: tell how to use it.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!settings.Value.Demo && !settings.Value.FirstRun.Enabled)
            return;
        var url = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost";
        var file = settings.Value.FirstRun.EnvironmentFile;
        var key = made?.Key;
        var door = made is null ? null : $"{url}/accept-invitation?token={await InviteAsync(made.Value.Organization, made.Value.Admin, cancellationToken)}";
        if (file is not null)
            key = await WriteEnvironmentAsync(file, url, key, cancellationToken);
        Print(url, key, door, lifetime);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (page is not null)
            await page.DisposeAsync();
    }

    private async Task StartDemoAsync(CancellationToken ct)
    {
        if (made is { } first)
        {
            page = DemoPage.Start(0);
            gate = $"127.0.0.1:{FreePort()}";
            await AddGateAsync(first.Organization, first.Admin, page.Endpoint, ct);
            return;
        }

        // Not the first run: the page goes back to where the gate leads.
        if (await FindOwnerAsync(ct) is not { } owner)
            return;
        await using var db = databases.OpenTenant(owner.Organization);
        await using var read = await db.BeginReadAsync(ct);
        var config = await db.Resources.Where(r => r.Name == ResourceName && r.DeletedAt == null).Select(r => r.Config).SingleOrDefaultAsync(ct);
        if (config is null)
            return;
        using var json = JsonDocument.Parse(config);
        gate = json.RootElement.GetProperty("listen").GetString();
        page = DemoPage.Start(IPEndPoint.Parse(json.RootElement.GetProperty("target").GetString()!).Port);
    }

    private async Task AddGateAsync(OrganizationId organization, UserId admin, IPEndPoint target, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var id = new ResourceId(Guid.CreateVersion7(now));
        await using (var db = databases.OpenTenant(organization))
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            db.Resources.Add(new Resource
            {
                Id = id,
                OrganizationId = organization,
                Name = ResourceName,
                Provider = "GATE",
                ResourceType = "TCP_GATE",
                Identifier = gate!,
                Config = JsonSerializer.Serialize(new { listen = gate, target = target.ToString() }),
                Scopes = [Scope.Tcp(IPEndPoint.Parse(gate!).Port)],
                CreatedAt = now,
                UpdatedAt = now,
            });
            db.UserResources.Add(new UserResource { OrganizationId = organization, UserId = admin, ResourceId = id, CreatedAt = now });
            await work.CommitAsync(ct);
        }

        var report = await verification.VerifyAsync(id, ct);
        if (report is not { IsValid: true })
            throw new InvalidOperationException($"The demo gate does not work: {report?.Message}");
    }

    private async Task<string?> WriteEnvironmentAsync(string file, string url, string? key, CancellationToken ct)
    {
        // The key is stored hashed. A file from an earlier run still has it, unless it is another installation's; else the admin gets another one.
        if (key is null && File.Exists(file))
            key = (await File.ReadAllLinesAsync(file, ct)).Where(l => l.StartsWith("EG_API_KEY=", StringComparison.Ordinal))
                .Select(l => l["EG_API_KEY=".Length..]).FirstOrDefault();
        if (key is not null && !await firstRun.HoldsKeyAsync(ApiKeyText.HashOf(key), ct))
            key = null;
        if (key is null && await FindOwnerAsync(ct) is { } owner)
            key = await firstRun.AddKeyAsync(NewKey(owner.Organization), owner.Organization, owner.Admin, "environment file", ct);
        var temporary = $"{file}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var stream = new FileStream(temporary, options))
        await using (var writer = new StreamWriter(stream))
            await writer.WriteAsync($"EG_URL={url}\nEG_API_KEY={key}\nEG_GATE={gate}\n");
        File.Move(temporary, file, overwrite: true);
        return key;
    }

    private async Task<(OrganizationId Organization, UserId Admin)?> FindOwnerAsync(CancellationToken ct) =>
        made is { } first ? (first.Organization, first.Admin) : await firstRun.FindAsync(ct);

    // The first admin has no password yet: choosing one is their first step in the console.
    private async Task<string> InviteAsync(OrganizationId organization, UserId admin, CancellationToken ct)
    {
        await using var db = databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var token = OneTime.Make(db, await db.Users.SingleAsync(u => u.Id == admin, ct), TokenPurpose.Invitation, Outbox.InvitationIsValidFor, time.GetUtcNow());
        await work.CommitAsync(ct);
        return token.Text;
    }

    private void Print(string url, string? key, string? door, IHostApplicationLifetime host)
    {
        if (Console.IsOutputRedirected && key is null)
            return;
        var fresh = made is not null;
        const string shown = "$EG_API_KEY";   // the key itself is printed once
        Console.WriteLine($"\nEntryGuard is running on {url}   (API reference: {url}/docs; Ctrl-C stops it)");
        if (fresh)
            Console.WriteLine($"""

                First run: organization "{FirstRun.OrganizationName}", administrator {FirstRun.AdminEmail}. Choose a password and open the console:

                  {door}

                Or use the API, with this key, which is shown this once:

                  export EG_API_KEY={key}
                """);
        else
            Console.WriteLine(settings.Value.FirstRun.EnvironmentFile is { } file
                ? $"\n  . {file}        # sets EG_API_KEY"
                : "\n  export EG_API_KEY=…        # as printed at the first run");
        if (gate is not null)
            Console.WriteLine($$"""

                A demo gate listens on {{gate}}, in front of a small page. In another terminal:

                  curl http://{{gate}}/        # refused: nobody has a session

                  curl -X POST {{url}}/api/v1/sessions -H "Authorization: ApiKey {{shown}}" \
                       -H 'Content-Type: application/json' -d '{"durationMinutes": 5}'

                  curl http://{{gate}}/        # open: "You are in."

                  curl -X POST {{url}}/api/v1/sessions/ID/stop -H "Authorization: ApiKey {{shown}}"    # ID: from the answer above

                  curl http://{{gate}}/        # shut again

                """);
        host.ApplicationStopping.Register(() => Console.WriteLine("Stopping: attempts in flight are recorded first."));
    }

    private static (string Text, string Prefix, byte[] Hash) NewKey(OrganizationId organization)
    {
        var key = ApiKeyText.New(organization);
        return (key.Text, key.Prefix, key.Hash);
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
