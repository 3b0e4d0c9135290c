using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using EntryGuard.Contracts;
using EntryGuard.Domain.Net;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>A server with the demo gate, its first administrator, and somebody who signs in to the console.</summary>
[SupportedOSPlatform("linux")]
public sealed class ConsoleServer : IAsyncLifetime
{
    public const string Password = "correct horse battery staple";
    private const string Organization = "home";
    private const string Admin = "admin@localhost";

    private readonly string folder = Directory.CreateTempSubdirectory("entryguard-console-").FullName;
    private readonly int port = RunningServer.FreePort();
    private readonly string[] settings;
    private RunningServer? server;
    private string? state;

    public ConsoleServer()
        : this(_ => [])
    {
    }

    /// <param name="settings">Further arguments, of its port.</param>
    internal ConsoleServer(Func<int, string[]> settings) => this.settings = settings(port);

    /// <summary>Passkeys need a host with a name.</summary>
    public string Url => $"http://localhost:{port}";

    /// <summary>The API, with the administrator's key.</summary>
    public ApiClient Api { get; private set; } = null!;

    /// <summary>Where the demo gate listens.</summary>
    public int Gate => int.Parse(server!.Variables["EG_GATE"].Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);

    public Chromium Chromium { get; } = new();

    /// <summary>Somebody at the demo gate, by TCP alone.</summary>
    internal Server.Walkthrough.Visitor Caller() => new($"127.0.0.1:{Gate}", "127.0.0.1");

    public async ValueTask InitializeAsync()
    {
        await Chromium.InitializeAsync();
        if (Chromium.Program is null)
            return;
        await StartAsync();
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        Api = new ApiClient(http);
        Api.UseKey(server!.Variables["EG_API_KEY"]);
    }

    /// <param name="more">Further arguments, of this start alone.</param>
    public async Task StartAsync(params string[] more) => server = await RunningServer.StartAsync(folder, port, Path.Combine(folder, "env"),
        ["--EntryGuard:RateLimits:SignIn=false", "--EntryGuard:Sessions:MinimumSeconds=1", "--EntryGuard:Registration=open", "--EntryGuard:PrivateEndpoints:0=127.0.0.1", .. settings, .. more]);

    public async Task StopAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        server = null;
    }

    /// <summary>Whether the demo gate lets this loopback address through to its page.</summary>
    public async Task<bool> IsOpenAsync(string from = "127.0.0.1")
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(Cidr.Parse(from).FirstAddress, 0));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Gate), ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            return (await http.GetAsync($"http://127.0.0.1:{Gate}/")).IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or SocketException)
        {
            return false;
        }
    }

    /// <summary>The administrator, signed in.</summary>
    /// <param name="through">A port that leads to the server; null: its own.</param>
    public async Task<Visitor> AdminAsync(int width = 1440, bool isDark = false, int? through = null)
    {
        if (state is null)
        {
            await using var first = await Chromium.VisitorAsync(Url);
            await JoinAsync(first, await UserAsync(Admin));
            state = await first.StateAsync();
        }

        return await Chromium.VisitorAsync(through is { } other ? $"http://localhost:{other}" : Url, width, width < 600 ? 740 : 900, isDark, state);
    }

    /// <summary>Somebody of the organization, invited by the API, who chose a password in the browser.</summary>
    public async Task<Visitor> JoinAsync(string email, string authority = "MEMBER")
    {
        var user = (await Api.CreateUserAsync(new CreateUserRequest { Email = email, Name = email.Split('@')[0], Authority = authority }, CancellationToken.None)).Value;
        var visitor = await Chromium.VisitorAsync(Url);
        await JoinAsync(visitor, user);
        return visitor;
    }

    /// <summary>By the form.</summary>
    public static async Task SignInAsync(Visitor visitor, string email)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        await visitor.Page.GetByLabel("Organization").FillAsync(Organization);
        await visitor.Page.GetByLabel("E-mail").FillAsync(email);
        await visitor.Page.GetByLabel("Password").FillAsync(Password);
        await visitor.Button("Sign in").ClickAsync();
        await visitor.AliveAsync();
    }

    public async Task<UserResponse> UserAsync(string email) => (await Api.ListUsersAsync("limit=200", CancellationToken.None)).Value.Single(u => u.Email == email);

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await StopAsync();
        Api?.Http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task JoinAsync(Visitor visitor, UserResponse user)
    {
        var invitation = (await Api.ResendInvitationAsync(user.Id, CancellationToken.None)).Value;
        await visitor.Page.GotoAsync($"/accept-invitation?token={Uri.EscapeDataString(invitation.Token!)}");
        await visitor.Page.GetByLabel("Password").FillAsync(Password);
        await visitor.Button("Set password and sign in").ClickAsync();
        await visitor.AliveAsync();
    }
}
