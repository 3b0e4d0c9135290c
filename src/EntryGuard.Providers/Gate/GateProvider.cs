using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Gate;

namespace EntryGuard.Providers.Gate;

/// <summary>
/// Our own front door, <c>GATE/TCP_GATE</c>: its allow-list is a table in this process. It is empty, and the door shut, after a start, until
/// the engine has put back what live claims want; each entry carries its end, so the door shuts even if the engine hangs.
/// </summary>
public sealed class GateProvider(GateLimits limits, TimeProvider time) : IResourceProvider, IHoldsAllowLists, IAsyncDisposable
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    // A call changes a table in memory. When its node dies, the next one knows after this time that it will not come any more.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Door> doors = new();
    private readonly Lock opening = new();

    /// <inheritdoc/>
    public ResourceType Type => new("GATE", "TCP_GATE");

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities { get; } = new()
    {
        BatchSize = 1000,
        SuccessIsProof = true,
        HoldsEndTime = true,
        DiesWithProcess = true,
        CallTimeout = CallTimeout + limits.RemovalDelay,
        IsExclusive = true,
        CutsConnections = true,
        UsualAddresses = new HashSet<AddressKind> { AddressKind.Public, AddressKind.Private, AddressKind.Loopback },
    };

    /// <summary>The figures of the gate that listens there; null if none does in this process.</summary>
    public GateStatus? StatusOf(string listen) => doors.TryGetValue(listen, out var door) ? door.Gate.Status : null;

    /// <inheritdoc/>
    public ConfigReading Read(ResourceConfig config)
    {
        var errors = new Dictionary<string, string>();
        return GateConfig.Read(config, limits, errors) is { } read ? ConfigReading.Good(read.Scope) : ConfigReading.Bad(errors);
    }

    /// <inheritdoc/>
    public string? CheckCredential(string credentialType, string secret) => "a gate needs no credential";

    /// <inheritdoc/>
    public AllowListKeys KeysOf(ResourceConfig config, string identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(new AllowListKey($"gate:{config.Identifier}"), null);
    }

    /// <summary>Can this process listen there, and does the target answer? A target that is down is only a warning: the door may be made first.</summary>
    public async Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var errors = new Dictionary<string, string>();
        if (GateConfig.Read(context.Config, limits, errors) is not { } config)
            return VerifyReport.Invalid(string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}.")));
        if (!doors.ContainsKey(config.Listen.ToString()) && CannotListen(config.Listen) is { } fault)
            return VerifyReport.Invalid($"The gate cannot listen on {config.Listen}: {fault}. Free the port, or choose another.");
        var warnings = await UnreachableAsync(config, ct) is { } why ? new[] { $"The target {config.TargetText} does not answer now: {why}." } : [];
        return VerifyReport.Valid($"to:{config.TargetText}", $"The gate listens on {config.Listen} and leads to {config.TargetText}.", warnings);
    }

    /// <inheritdoc/>
    public Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var askedAt = time.GetUtcNow();
        var (door, scope, fault) = Open(context.Config);
        if (door is null)
            return Task.FromResult<ListResult>(fault!);
        var rules = door.Table.List().Select(e => new ObservedRule(new RuleKey(scope, e.Address), null, e.Mark, e.Until)).ToList();
        return Task.FromResult<ListResult>(new RuleSnapshot(rules, true, askedAt));
    }

    /// <inheritdoc/>
    public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Removals.Count > 0 && limits.RemovalDelay > TimeSpan.Zero)
            await Task.Delay(limits.RemovalDelay, time, ct);
        var (door, _, fault) = Open(context.Config);
        if (door is null)
        {
            // A door that this process cannot open lets nobody in: what was to be removed is gone.
            return new ApplyResult(
                [.. changes.Removals.Select(_ => new RuleOutcome.AlreadyGone())], [.. changes.Additions.Select(_ => new RuleOutcome.Failed(fault!))]);
        }

        // A removal returns when its connections are cut, which takes the gate's thread a moment: not on the caller's.
        var removals = await Task.Run(() => changes.Removals.Select(r => Remove(door, r)).ToList(), ct);
        return new ApplyResult(removals, [.. changes.Additions.Select(a => Add(door, a))]);
    }

    /// <summary>This process does not serve the allow-list any more: the door is shut, its connections cut, the port freed.</summary>
    public async ValueTask ReleaseAsync(AllowListKey key)
    {
        if (key.Value.StartsWith("gate:", StringComparison.Ordinal) && doors.TryRemove(key.Value["gate:".Length..], out var door))
            await door.DisposeAsync();
    }

    /// <summary>Shuts every door.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var listen in doors.Keys)
            await ReleaseAsync(new AllowListKey($"gate:{listen}"));
    }

    private (Door? Door, Scope Scope, RuleFault? Fault) Open(ResourceConfig resource)
    {
        var errors = new Dictionary<string, string>();
        if (GateConfig.Read(resource, limits, errors) is not { } config)
            return (null, default, new RuleFault("NOT_ALLOWED", string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}.")), true));
        try
        {
            return (Open(config), config.Scope, null);
        }
        catch (GateStartException e)
        {
            return (null, default, new RuleFault("NOT_LISTENING", e.Message, false));
        }
    }

    private Door Open(GateConfig config)
    {
        var listen = config.Listen.ToString();
        if (doors.TryGetValue(listen, out var open))
            return open;
        lock (opening)
        {
            if (doors.TryGetValue(listen, out open))
                return open;
            var table = new AllowTable(time);
            try
            {
                var gate = TcpGate.Start(
                    new GateOptions { Listen = config.Listen, Target = config.Target, MayForwardTo = limits.MayForward }, table, time);
                return doors[listen] = new Door(gate, table);
            }
            catch
            {
                table.Dispose();
                throw;
            }
        }
    }

    private static RuleOutcome Remove(Door door, RuleRemoval removal)
    {
        try
        {
            var stood = door.Table.List().Any(e => e.Address == removal.Rule.Address);
            door.Table.Remove(removal.Rule.Address);
            return stood ? new RuleOutcome.Removed() : new RuleOutcome.AlreadyGone();
        }
        catch (TimeoutException)
        {
            return new RuleOutcome.Unknown("The gate refuses new connections from the address, but did not confirm in time that the live ones are cut.");
        }
    }

    private static RuleOutcome Add(Door door, RuleAddition addition)
    {
        var entry = new RuleEntry(null, addition.Rule.Scope);
        var stood = door.Table.List().Any(e => e.Address == addition.Rule.Address);
        if (!door.Table.Put(addition.Rule.Address, addition.Until, addition.Mark))
            return new RuleOutcome.Failed(new RuleFault("ENDED", "Its time was up before the gate could open.", false));
        return stood ? new RuleOutcome.AlreadyThere(entry) : new RuleOutcome.Applied(entry);
    }

    private static string? CannotListen(IPEndPoint endpoint)
    {
        try
        {
            using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endpoint);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }

    private async Task<string?> UnreachableAsync(GateConfig config, CancellationToken ct)
    {
        try
        {
            var addresses = config.Target switch
            {
                DnsEndPoint name => await Dns.GetHostAddressesAsync(name.Host, ct),
                IPEndPoint ip => [ip.Address],
                _ => [],
            };
            var port = config.Target is DnsEndPoint dns ? dns.Port : ((IPEndPoint)config.Target).Port;
            if (addresses.FirstOrDefault(limits.MayForward) is not { } address)
                return "its name leads outside of what the operator lets gates lead to, EntryGuard:Gate:Forward";
            using var limit = new CancellationTokenSource(ProbeTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(address, port), either.Token);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return "no answer within 2 s";
        }
    }

    private sealed record Door(TcpGate Gate, AllowTable Table) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Gate.DisposeAsync();
            Table.Dispose();
        }
    }
}
