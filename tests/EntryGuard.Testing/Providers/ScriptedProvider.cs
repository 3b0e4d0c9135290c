using System.Collections.Concurrent;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Testing.Providers;

/// <summary>What a scripted provider does with the next call instead of carrying it out plainly.</summary>
/// <param name="Before">Awaited before anything happens: a delay, a crash, a hold.</param>
/// <param name="Refuse">The whole call is refused with this; nothing is done.</param>
/// <param name="FailItems">Every item fails with this; nothing is done.</param>
/// <param name="LoseAnswer">The call is carried out (or not, with <paramref name="Drop"/>), and no answer comes.</param>
/// <param name="Drop">With <paramref name="LoseAnswer"/>: the call never arrived.</param>
/// <param name="OnlyFirst">Only so many items are carried out, the others fail.</param>
/// <param name="After">Awaited after the change was made, before the answer.</param>
public sealed record Script(
    Func<CancellationToken, Task>? Before = null, RuleFault? Refuse = null, RuleFault? FailItems = null, bool LoseAnswer = false, bool Drop = false,
    int? OnlyFirst = null, Func<Task>? After = null)
{
    /// <summary>Answers 503.</summary>
    public static Script Unavailable { get; } = new(FailItems: new RuleFault("UNAVAILABLE", "The provider answered 503.", false));

    /// <summary>Cannot be reached at all.</summary>
    public static Script Unreachable { get; } = new(FailItems: new RuleFault("UNREACHABLE", "Connection refused.", false) { IsConnectionFault = true });

    /// <summary>The credential is refused.</summary>
    public static Script Forbidden { get; } = new(Refuse: new RuleFault("FORBIDDEN", "The credential was refused.", true) { IsCredentialFault = true });
}

/// <summary>
/// An allow-list provider whose every answer a test decides: <c>SCRIPTED/LIST</c>, one <see cref="ScriptedCloud"/> per identifier. Without a
/// script it behaves well. It runs the same contract suite as the real ones.
/// </summary>
public sealed class ScriptedProvider(TimeProvider time, ProviderCapabilities? capabilities = null) : IResourceProvider, ILeastPrivilege
{
    private readonly ConcurrentDictionary<string, ScriptedCloud> clouds = new();
    private readonly ConcurrentQueue<ScriptedCall> calls = new();

    /// <summary>Decides about each apply call; null: carried out plainly.</summary>
    public Func<ProviderContext, RuleChanges, Script?>? OnApply { get; set; }

    /// <summary>Decides about each list call: a fault instead of the list.</summary>
    public Func<ProviderContext, RuleFault?>? OnList { get; set; }

    /// <summary>May replace what a list shows: a stale or an incomplete one.</summary>
    public Func<ScriptedCloud, RuleSnapshot, RuleSnapshot>? OnSnapshot { get; set; }

    /// <summary>What verification says; null: valid.</summary>
    public Func<ProviderContext, VerifyReport?>? OnVerify { get; set; }

    /// <summary>Awaited at the start of every list call.</summary>
    public Func<CancellationToken, Task>? BeforeList { get; set; }

    /// <summary>Awaited at the start of every verification.</summary>
    public Func<ProviderContext, CancellationToken, Task>? BeforeVerify { get; set; }

    public ResourceType Type => new("SCRIPTED", "LIST");

    public ProviderCapabilities Capabilities { get; } = capabilities ?? new ProviderCapabilities { SuccessIsProof = true, CredentialTypes = ["TOKEN"] };

    public ProviderDescription Description { get; } = new(
        "Scripted list",
        [
            new(ProviderDescription.Identifier, "List", FieldKind.Text) { IsRequired = true, Example = "web" },
            new(ProviderDescription.Region, "Region", FieldKind.Text) { Hint = "Which call budget it draws from." },
            new("config.ports", "Ports", FieldKind.List) { IsRequired = true, Example = "443, 8443" },
        ],
        [new("TOKEN", "Token", "Anything will do.", [new("token", "Token", FieldKind.Secret) { IsRequired = true }])]);

    /// <summary>Every call so far.</summary>
    public IReadOnlyList<ScriptedCall> Calls => [.. calls];

    /// <summary>The truth about one allow-list.</summary>
    public ScriptedCloud Cloud(string identifier) => clouds.GetOrAdd(identifier, _ => new ScriptedCloud());

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<string, ScriptedCloud> Clouds => clouds;

    public void ForgetCalls() => calls.Clear();

    public ConfigReading Read(ResourceConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Settings.ValueKind != JsonValueKind.Object || !config.Settings.TryGetProperty("ports", out var ports) || ports.ValueKind != JsonValueKind.Array)
            return ConfigReading.Bad(new Dictionary<string, string> { ["config.ports"] = "is missing; write a list of TCP ports such as [443]" });
        var read = ports.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.Number && p.TryGetInt32(out var port) ? port : -1).ToList();
        return read.Count == 0 || read.Exists(p => p is < 1 or > 65535)
            ? ConfigReading.Bad(new Dictionary<string, string> { ["config.ports"] = "must name at least one port from 1 to 65535" })
            : ConfigReading.Good([.. read.Distinct().Order().Select(Scope.Tcp)]);
    }

    public string? CheckCredential(OrganizationId organization, string credentialType, string secret) =>
        secret.Contains("token", StringComparison.Ordinal) ? null : "has no token; write { \"token\": \"…\" }";

    public AllowListKeys KeysOf(ResourceConfig config, string identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(new AllowListKey($"scripted:{identity}:{config.Identifier}"), $"scripted:{identity}:{config.Region}");
    }

    public LeastPrivilege? For(IReadOnlyCollection<PrivilegedResource> resources) => new(
        "Give this to the token.", JsonSerializer.Serialize(new { allow = resources.Select(r => $"{r.Identity ?? "*"}/{r.Config.Identifier}").Order(StringComparer.Ordinal) }));

    public async Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (BeforeVerify is not null)
            await BeforeVerify(context, ct);
        var cloud = Cloud(context.Config.Identifier);
        var valid = VerifyReport.Valid("tester", "Adding and removing would work.") with { Snapshot = Snapshot(cloud, time.GetUtcNow()) };
        return OnVerify?.Invoke(context) ?? valid;
    }

    public async Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        var asked = time.GetUtcNow();
        calls.Enqueue(new ScriptedCall(asked, "list", [], []));
        if (BeforeList is not null)
            await BeforeList(ct);
        if (OnList?.Invoke(context) is { } fault)
            return fault;
        var cloud = Cloud(context.Config.Identifier);
        var snapshot = Snapshot(cloud, asked);
        return OnSnapshot?.Invoke(cloud, snapshot) ?? snapshot;
    }

    public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(changes);
        ct.ThrowIfCancellationRequested();
        calls.Enqueue(new ScriptedCall(
            time.GetUtcNow(), "apply", [.. changes.Removals.Select(r => r.Rule)], [.. changes.Additions.Select(a => a.Rule)]));
        var script = OnApply?.Invoke(context, changes) ?? new Script();
        if (script.Before is not null)
            await script.Before(ct);
        if (script.Refuse is { } refuse)
            return ApplyResult.Refused(refuse);
        if (script.FailItems is { } fault)
            return ApplyResult.All(changes, new RuleOutcome.Failed(fault));
        var result = script is { LoseAnswer: true, Drop: true } ? null : CarryOut(Cloud(context.Config.Identifier), changes, script.OnlyFirst);
        if (script.After is not null)
            await script.After();
        return script.LoseAnswer || result is null
            ? ApplyResult.All(changes, new RuleOutcome.Unknown("The connection was lost before the answer came."))
            : result;
    }

    private static RuleSnapshot Snapshot(ScriptedCloud cloud, DateTimeOffset asked) =>
        new(cloud.Observe(), true, asked) { Quotas = [new RuleQuota(null, cloud.Standing.Count, cloud.Capacity)] };

    private static ApplyResult CarryOut(ScriptedCloud cloud, RuleChanges changes, int? onlyFirst)
    {
        var left = onlyFirst ?? int.MaxValue;
        var lost = new RuleOutcome.Failed(new RuleFault("HALF", "Only a part of the batch was carried out.", false));
        RuleOutcome Do(Func<RuleOutcome> item) => left-- > 0 ? item() : lost;
        return new ApplyResult(
            [.. changes.Removals.Select(r => Do(() => cloud.Remove(r)))], [.. changes.Additions.Select(a => Do(() => cloud.Add(a)))]);
    }
}
