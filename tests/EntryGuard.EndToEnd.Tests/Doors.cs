using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.ApiKeys;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>Gates in front of one small target, described in the database of an installation; and somebody who knocks at them.</summary>
internal sealed class Doors : IAsyncDisposable
{
    private readonly TcpListener target = new(IPAddress.Loopback, 0);
    private readonly List<(ResourceId Id, int Port)> gates = [];
    private Task serving = Task.CompletedTask;

    /// <summary>An admin's.</summary>
    public string Key { get; private set; } = "";

    public IReadOnlyList<(ResourceId Id, int Port)> Gates => gates;

    public static async Task<Doors> MakeAsync(Databases databases, int count)
    {
        var doors = new Doors();
        doors.target.Start();
        doors.serving = doors.ServeAsync();
        var now = TimeProvider.System.GetUtcNow();
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
        var (organization, admin) = (new OrganizationId(Guid.CreateVersion7(now)), new UserId(Guid.CreateVersion7(now)));
        var key = ApiKeyText.New(organization);
        doors.Key = key.Text;
        db.Organizations.Add(new Organization { Id = organization, Name = "Home", Slug = $"home-{organization.Value:N}", CreatedAt = now });
        db.Users.Add(new User { Id = admin, OrganizationId = organization, Email = "ann@home.example", Authority = Authority.Admin, MayNameAddress = true, CreatedAt = now, UpdatedAt = now });
        db.ApiKeys.Add(new ApiKey
        {
            Id = new ApiKeyId(Guid.CreateVersion7(now)),
            OrganizationId = organization,
            UserId = admin,
            Name = "test",
            KeyPrefix = key.Prefix,
            Hash = key.Hash,
            Scopes = ["*"],
            CreatedByEmail = "ann@home.example",
            CreatedAt = now,
        });
        for (var i = 0; i < count; i++)
            doors.Describe(db, organization, now);
        await work.CommitAsync(CancellationToken.None);
        return doors;
    }

    /// <summary>Whether the door lets this loopback address through to the target.</summary>
    public static async Task<bool> IsOpenAsync(int port, string from)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(Cidr.Parse(from).FirstAddress, 0));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            return await socket.ReceiveAsync(new byte[1], limit.Token) == 1;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Which process listens there; null: none.</summary>
    public static int? OwnerOf(int port, IEnumerable<int> processes)
    {
        // "  0: 0100007F:3039 00000000:0000 0A ... inode"; 0A is LISTEN.
        var local = $"0100007F:{port.ToString("X4", CultureInfo.InvariantCulture)}";
        var inode = File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[1] == local && f[3] == "0A").Select(f => f[9]).FirstOrDefault();
        return inode is null ? null : processes.Cast<int?>().FirstOrDefault(id => HasSocket(id!.Value, inode));
    }

    public async ValueTask DisposeAsync()
    {
        target.Dispose();
        await serving;
    }

    private static bool HasSocket(int process, string inode)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(fd => new FileInfo(fd).LinkTarget == $"socket:[{inode}]");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;   // it ended while we looked
        }
    }

    private void Describe(EntryGuardDb db, OrganizationId organization, DateTimeOffset now)
    {
        var port = Node.FreePort();
        var (listen, leadsTo, id) = ($"127.0.0.1:{port}", $"{target.LocalEndpoint}", new ResourceId(Guid.CreateVersion7(now)));
        var list = new AllowListKey($"gate:{listen}");
        gates.Add((id, port));
        db.AllowLists.Add(new AllowList { Key = list, Type = "GATE/TCP_GATE", Identity = $"to:{leadsTo}" });
        db.Resources.Add(new Resource
        {
            Id = id,
            OrganizationId = organization,
            Name = listen,
            Provider = "GATE",
            ResourceType = "TCP_GATE",
            Identifier = listen,
            Config = $$"""{"listen":"{{listen}}","target":"{{leadsTo}}"}""",
            Scopes = [Scope.Tcp(port)],
            Health = ResourceHealth.Valid,
            LastVerifiedAt = now,
            AllowListKey = list,
            Identity = $"to:{leadsTo}",
            CreatedAt = now,
            UpdatedAt = now,
        });
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var visitor = await target.AcceptSocketAsync();
                await visitor.SendAsync("."u8.ToArray());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody is let in any more.
        }
    }
}
