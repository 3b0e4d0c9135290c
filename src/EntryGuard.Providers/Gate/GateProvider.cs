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
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Door> doors = new();
    private readonly SemaphoreSlim opening = new(1);

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
        IsOursAlone = true,
        CutsConnections = true,
        UsualAddresses = new HashSet<AddressKind> { AddressKind.Public, AddressKind.Private, AddressKind.Loopback },
    };

    /// <inheritdoc/>
    public ProviderDescription Description { get; } = new("TCP gate", GateConfig.Fields, []) { IdentifiedBy = "config.listen" };

    /// <summary>The figures of the gate that listens there; null if none does in this process.</summary>
    public GateStatus? StatusOf(string listen) => doors.TryGetValue(listen, out var door) ? door.Gate.Status : null;

    /// <inheritdoc/>
    public ConfigReading Read(ResourceConfig config)
    {
        var errors = new Dictionary<string, string>();
        return GateConfig.Read(config, limits, errors) is { } read
            ? ConfigReading.Good(read.Scope) with { Fixed = $"{read.Listen} to {read.TargetText}", IPv4 = read.IPv4, IPv6 = read.IPv6 }
            : ConfigReading.Bad(errors);
    }

    /// <inheritdoc/>
    public string? CheckCredential(OrganizationId organization, string credentialType, string secret) => "a gate needs no credential";

    /// <inheritdoc/>
    public AllowListKeys KeysOf(ResourceConfig config, string identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(new AllowListKey($"gate:{GateConfig.Read(config, limits, [])?.Listen.ToString() ?? config.Identifier}"), null);
    }

    /// <summary>Can this process listen there, and does the target answer? A target that is down is only a warning: the door may be made first.</summary>
    public async Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var errors = new Dictionary<string, string>();
        if (GateConfig.Read(context.Config, limits, errors) is not { } config)
            return VerifyReport.Invalid(string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}.")));
        var warnings = new List<string>();
        if (doors.TryGetValue(config.Listen.ToString(), out var door))
        {
            if (!door.BelongsTo(context.Organization, config) && !door.IsUnused)
                return VerifyReport.Invalid($"A gate with another owner or target listens on {config.Listen}. Choose another port.");
        }
        else if (CannotListen(config.Listen) is { } fault)
        {
            // Another node of ours on this machine may hold it; before the first good verification none does.
            if (context.Key is null || fault.SocketErrorCode != SocketError.AddressAlreadyInUse)
                return VerifyReport.Invalid($"The gate cannot listen on {config.Listen}: {fault.Message}. Free the port, or choose another.");
            warnings.Add($"Another process listens on {config.Listen}; that is right if it is another node of this installation.");
        }

        if (await UnreachableAsync(config, ct) is { } why)
            warnings.Add($"The target {config.TargetText} does not answer now: {why}.");
        return VerifyReport.Valid($"to:{config.TargetText}", $"The gate listens on {config.Listen} and leads to {config.TargetText}.", [.. warnings]);
    }

    /// <inheritdoc/>
    public async Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var askedAt = time.GetUtcNow();
        var (door, scope, fault) = await OpenAsync(context, ct);
        if (door is null)
            return fault!;
        var rules = door.Table.List().Select(e => new ObservedRule(new RuleKey(scope, e.Address), null, e.Mark, e.Until)).ToList();
        return new RuleSnapshot(rules, true, askedAt);
    }

    /// <inheritdoc/>
    public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Removals.Count > 0 && limits.RemovalDelay > TimeSpan.Zero)
            await Task.Delay(limits.RemovalDelay, time, ct);
        var (door, scope, fault) = await OpenAsync(context, ct);
        if (door is null)
        {
            // A door that this process does not hold for this owner lets nobody in on their account: what was to be removed is gone.
            return new ApplyResult(
                [.. changes.Removals.Select(_ => new RuleOutcome.AlreadyGone())],
                [.. changes.Additions.Select(_ => fault!.IsPermanent ? new RuleOutcome.Rejected(fault) : (RuleOutcome)new RuleOutcome.Failed(fault))]);
        }

        // A removal returns when its connections are cut, which takes the gate's thread a moment: not on the caller's.
        var removals = await Task.Run(() => changes.Removals.Select(r => Remove(door, r)).ToList(), ct);
        return new ApplyResult(removals, [.. changes.Additions.Select(a => Add(door, scope, a))]);
    }

    /// <inheritdoc/>
    public bool Holds(AllowListKey key) => key.Value.StartsWith("gate:", StringComparison.Ordinal) && doors.ContainsKey(key.Value["gate:".Length..]);

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
        opening.Dispose();
    }

    private async Task<(Door? Door, Scope Scope, RuleFault? Fault)> OpenAsync(ProviderContext context, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        if (GateConfig.Read(context.Config, limits, errors) is not { } config)
            return (null, default, new RuleFault("NOT_ALLOWED", string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}.")), true));
        await opening.WaitAsync(ct);
        try
        {
            var listen = config.Listen.ToString();
            if (doors.TryGetValue(listen, out var door) && !door.BelongsTo(context.Organization, config))
            {
                if (!door.IsUnused)
                    return (null, default, new RuleFault("NOT_OURS", $"A gate with another owner or target listens on {listen}; choose another port.", true));
                await ReleaseAsync(new AllowListKey($"gate:{listen}"));   // left by a Resource that is gone
                door = null;
            }

            if (door is null || door.Gate.Completion.IsCompleted)   // its loop failed: what was let in still is, once there is a door again
                doors[listen] = door = Start(context.Organization, config, door?.Table);
            return (door, config.Scope, null);
        }
        catch (GateStartException e)
        {
            return (null, default, new RuleFault("NOT_LISTENING", e.Message, false));
        }
        finally
        {
            opening.Release();
        }
    }

    private Door Start(OrganizationId organization, GateConfig config, AllowTable? kept)
    {
        var table = kept ?? new AllowTable(time);
        try
        {
            var options = new GateOptions { Listen = config.Listen, Target = config.Target, MayForwardTo = limits.MayForward };
            return new Door(TcpGate.Start(options, table, time), table, organization, config.TargetText);
        }
        catch when (kept is null)
        {
            table.Dispose();
            throw;
        }
    }

    private static RuleOutcome Remove(Door door, RuleRemoval removal)
    {
        try
        {
            var standing = door.Table.List().FirstOrDefault(e => e.Address == removal.Rule.Address);
            if (standing is not null && standing.Mark != removal.Mark)
                return new RuleOutcome.AlreadyGone();
            door.Table.Remove(removal.Rule.Address);   // if none stands too: its connections may be about to be cut, and the answer vouches for that
            return standing is null ? new RuleOutcome.AlreadyGone() : new RuleOutcome.Removed();
        }
        catch (TimeoutException)
        {
            return new RuleOutcome.Unknown("The gate refuses new connections from the address, but did not confirm in time that the live ones are cut.");
        }
    }

    private static RuleOutcome Add(Door door, Scope scope, RuleAddition addition)
    {
        if (addition.Rule.Scope != scope)
            return new RuleOutcome.Rejected(new RuleFault("SCOPE", $"This gate opens {scope} and nothing else, not {addition.Rule.Scope}.", true));
        var entry = new RuleEntry(null, scope);
        var stood = door.Table.List().Any(e => e.Address == addition.Rule.Address);
        if (!door.Table.Put(addition.Rule.Address, addition.Until, addition.Mark))
            return new RuleOutcome.Failed(new RuleFault("ENDED", "Its time was up before the gate could open.", false));
        return stood ? new RuleOutcome.AlreadyThere(entry) : new RuleOutcome.Applied(entry);
    }

    private static SocketException? CannotListen(IPEndPoint endpoint)
    {
        try
        {
            using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endpoint);
            return null;
        }
        catch (SocketException e)
        {
            return e;
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

    // One owner and one target (E01): what is behind a door never changes under those whom it lets in.
    private sealed record Door(TcpGate Gate, AllowTable Table, OrganizationId Organization, string Target) : IAsyncDisposable
    {
        public bool IsUnused => Table.List().Count == 0;

        public bool BelongsTo(OrganizationId organization, GateConfig config) => Organization == organization && Target == config.TargetText;

        public async ValueTask DisposeAsync()
        {
            await Gate.DisposeAsync();
            Table.Dispose();
        }
    }
}
