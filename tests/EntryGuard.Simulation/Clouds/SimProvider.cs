using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Simulation.Kernel;

namespace EntryGuard.Simulation.Clouds;

/// <summary>
/// One process's way to the clouds of one kind. The call and what it does are two things: a call that was sent is carried out, or not, even
/// if nobody waits for its answer any more, up to its deadline.
/// </summary>
internal sealed class SimProvider(Loop loop, Process process, Story story, Weather weather, CloudKind kind, IReadOnlyList<Cloud> clouds) : IResourceProvider
{
    private static readonly RuleFault Unreachable = new("UNREACHABLE", "Connection refused.", false) { IsConnectionFault = true };
    private static readonly RuleFault Broken503 = new("UNAVAILABLE", "The provider answered 503.", false);
    private static readonly RuleFault Locked = new("FORBIDDEN", "The credential was refused.", true) { IsCredentialFault = true };
    private static readonly RuleFault Poisoned = new("BAD_ITEM", "One of the rules is malformed.", true);

    private Dice Dice => loop.Dice;

    public ResourceType Type => kind.Type;

    public ProviderCapabilities Capabilities => kind.Capabilities;

    public ProviderDescription Description => throw new NotSupportedException();

    public ConfigReading Read(ResourceConfig config) => ConfigReading.Good();

    public string? CheckCredential(OrganizationId organization, string credentialType, string secret) => null;

    public AllowListKeys KeysOf(ResourceConfig config, string identity) => throw new NotSupportedException();

    public Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct) => throw new NotSupportedException();

    public Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
    {
        var cloud = Find(context);
        var (promise, askedAt) = (process.Promise<ListResult>(), loop.Now);
        if (cloud.DownUntil > loop.Now && !kind.Capabilities.DiesWithProcess)
            return Fail(promise, Unreachable, cloud);
        if (cloud.LockedUntil > loop.Now)
            return Fail(promise, Locked, cloud);
        if (!kind.Capabilities.DiesWithProcess && Dice.Chance(weather.ListFault))
        {
            return Dice.Chance(0.3) ? Silence(promise, "is asked for its list and does not answer", cloud)
                : Fail(promise, Dice.Chance(0.5) ? Broken503 : Throttled(), cloud);
        }

        var latency = Latency();
        loop.In(latency, process, () =>
        {
            var complete = kind.Capabilities.DiesWithProcess || !Dice.Chance(weather.Incomplete);
            var seen = cloud.Seen(askedAt).Where(_ => complete || Dice.Chance(0.5)).ToList();
            story.Tell(cloud.Name, $"lists {(complete ? "" : "in part ")}to {process}: {Words(seen.Select(e => e.Rule + (e.IsOurs ? "" : " (foreign)")))}", cloud.Name);
            var rules = seen.Select(e => new ObservedRule(e.Rule, e.Id, e.Mark, e.Until)).ToList();
            process.Keep(promise, new ListResult(new RuleSnapshot(rules, complete, askedAt) { Quotas = [new RuleQuota(null, cloud.Entries.Count, kind.Capacity)] }, null));
        });
        return promise.Task;
    }

    public Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
    {
        var cloud = Find(context);
        var call = new Call(loop, process, story, cloud, changes, ct);
        story.Tell(process.ToString(), $"calls {cloud.Name}: {Words([.. changes.Removals.Select(r => "-" + r.Rule), .. changes.Additions.Select(a => "+" + a.Rule)])}", call.About);
        if (changes.Count > 2 * kind.Capabilities.BatchSize || changes.Removals.Count > kind.Capabilities.BatchSize || changes.Additions.Count > kind.Capabilities.BatchSize)
            loop.Post(null, () => throw new Broken("E16", $"a call of {changes.Count} items is larger than the batch size {kind.Capabilities.BatchSize}", call.About));
        if (kind.Capabilities.DiesWithProcess)
        {
            call.LandAndAnswer(TimeSpan.Zero, TimeSpan.Zero);   // no wire, nothing to lose
        }
        else if (cloud.DownUntil > loop.Now)
        {
            if (Dice.Chance(0.2))
                call.AnswerNever();
            else
                call.Answer(Latency(), ApplyResult.All(changes, new RuleOutcome.Failed(Unreachable)));
        }
        else if (cloud.LockedUntil > loop.Now)
        {
            call.Answer(Latency(), ApplyResult.Refused(Locked));
        }
        else if (kind.RefusesWhole && IsPoisoned(changes))
        {
            call.Answer(Latency(), changes.Count > 1 ? ApplyResult.Refused(Poisoned) : ApplyResult.All(changes, new RuleOutcome.Rejected(Poisoned)));
        }
        else if (Dice.Chance(weather.Throttle))
        {
            call.Answer(Latency(), Dice.Chance(0.5) ? ApplyResult.Refused(Throttled()) : ApplyResult.All(changes, new RuleOutcome.Failed(Throttled())));
        }
        else if (Dice.Chance(weather.LoseBefore))
        {
            story.Tell(cloud.Name, "never gets the call", call.About);
            call.AnswerUnknown(Latency());
        }
        else if (Dice.Chance(weather.LoseAfter))
        {
            call.Land(Latency());
            call.AnswerUnknown(Latency());
        }
        else if (Dice.Chance(weather.Late))
        {
            call.Land(Dice.Between(TimeSpan.Zero, call.Deadline - loop.Now));
            call.AnswerUnknown(Latency());
        }
        else if (Dice.Chance(weather.Slow))
        {
            call.Land(Dice.Between(TimeSpan.Zero, call.Deadline - loop.Now));
            call.AnswerNever();
        }
        else if (Dice.Chance(weather.Half))
        {
            call.Half = true;
            call.LandAndAnswer(Latency(), Latency());
        }
        else
        {
            call.IsSilent = !kind.Capabilities.SuccessIsProof && Dice.Chance(weather.Silent);
            call.LandAndAnswer(Latency(), Latency());
        }

        return call.Result;
    }

    private bool IsPoisoned(RuleChanges changes) =>
        weather.Poison > 0 && changes.Additions.Any(a => a.Rule.Address.ToString() == "198.51.100.2" && a.Rule.Scope.FromPort == 443);

    private Task<ListResult> Fail(TaskCompletionSource<ListResult> promise, RuleFault fault, Cloud cloud)
    {
        story.Tell(cloud.Name, $"gives {process} no list: {fault.Code}", cloud.Name);
        loop.In(Latency(), process, () => process.Keep(promise, fault));
        return promise.Task;
    }

    private Task<ListResult> Silence(TaskCompletionSource<ListResult> promise, string what, Cloud cloud)
    {
        story.Tell(cloud.Name, what, cloud.Name);
        return promise.Task;
    }

    private RuleFault Throttled() => new("THROTTLED", "Too many calls.", false) { RetryAfter = Dice.Chance(0.5) ? Dice.Seconds(1, 90) : null };

    private TimeSpan Latency() => kind.Capabilities.DiesWithProcess ? TimeSpan.Zero : Dice.Seconds(0.005, Dice.Chance(0.1) ? 2 : 0.2);

    private Cloud Find(ProviderContext context) => clouds.Single(c => c.Name == context.Config.Identifier);

    private static string Words(IEnumerable<string> words) => string.Join(", ", words) is { Length: > 0 } text ? text : "nothing";

    /// <summary>One call: what the provider does, and what the caller hears, each at its own time.</summary>
    private sealed class Call
    {
        private readonly Loop loop;
        private readonly Process process;
        private readonly Story story;
        private readonly Cloud cloud;
        private readonly RuleChanges changes;
        private readonly CancellationToken ct;
        private readonly TaskCompletionSource<ApplyResult> promise;

        public Call(Loop loop, Process process, Story story, Cloud cloud, RuleChanges changes, CancellationToken ct)
        {
            (this.loop, this.process, this.story, this.cloud, this.changes, this.ct) = (loop, process, story, cloud, changes, ct);
            promise = process.Promise<ApplyResult>();
            Deadline = FlowFacts.Current?.AttemptDeadlineAt is { } deadline && deadline > loop.Now ? deadline : loop.Now;
            About = [cloud.Name, .. changes.Removals.Select(r => r.Rule.Address.ToString()).Concat(changes.Additions.Select(a => a.Rule.Address.ToString())).Distinct()];
        }

        public Task<ApplyResult> Result => promise.Task;

        /// <summary>What the engine committed before the call (E11): carried out later, it would be nobody's.</summary>
        public DateTimeOffset Deadline { get; }

        public string[] About { get; }

        public bool Half { get; set; }

        public bool IsSilent { get; set; }

        public void Answer(TimeSpan after, ApplyResult result) => loop.In(after, process, () => Hear(result));

        public void AnswerUnknown(TimeSpan after) => Answer(after, ApplyResult.All(changes, new RuleOutcome.Unknown("The connection was lost.")));

        public void AnswerNever() => story.Tell(cloud.Name, "does not answer", About);

        public void Land(TimeSpan after) => loop.In(after, cloud.Kind.Capabilities.DiesWithProcess ? process : null, () => CarryOut());

        public void LandAndAnswer(TimeSpan after, TimeSpan way) =>
            loop.In(after, cloud.Kind.Capabilities.DiesWithProcess ? process : null, () =>
            {
                var result = CarryOut();
                if (result is not null && !process.IsDead)
                    Answer(way, result);
            });

        private ApplyResult? CarryOut()
        {
            if (ct.IsCancellationRequested && !process.IsDead)
                return null;   // the caller hung up before
            if (loop.Dice.Chance(0.5))
                story.Tell(cloud.Name, $"carries out a call of {process}{(process.IsDead ? ", which is dead" : "")}", About);
            var left = Half ? loop.Dice.Next(changes.Count + 1) : int.MaxValue;
            RuleOutcome Do(Func<RuleOutcome> item, RuleOutcome success)
            {
                if (IsSilent)
                    return success;
                if (left-- > 0)
                    return item();
                return loop.Dice.Chance(0.5) ? new RuleOutcome.Failed(Broken503) : LoseItem(item);
            }

            return new ApplyResult(
                [.. changes.Removals.Select(r => Do(() => cloud.Remove(r), new RuleOutcome.Removed()))],
                [.. changes.Additions.Select(a => Do(() => cloud.Add(a), new RuleOutcome.Applied(new RuleEntry(null, a.Rule.Scope))))]);
        }

        private RuleOutcome.Unknown LoseItem(Func<RuleOutcome> item)
        {
            if (loop.Dice.Chance(0.5))
                item();
            return new RuleOutcome.Unknown("The connection was lost in the middle.");
        }

        private void Hear(ApplyResult result)
        {
            if (promise.Task.IsCompleted)
                return;
            story.Tell(cloud.Name, $"answers {process}: {Say(result)}", About);
            promise.TrySetResult(result);
        }

        private static string Say(ApplyResult result) => result.RefusedWhole is { } refused ? $"all refused, {refused.Code}"
            : Words(result.Removals.Concat(result.Additions).Select(o => o switch
            {
                RuleOutcome.Failed failed => failed.Fault.Code,
                RuleOutcome.Rejected rejected => rejected.Fault.Code,
                _ => o.GetType().Name,
            }));
    }
}

/// <summary>What a flow of the engine committed last, for the provider's side of the simulation.</summary>
internal sealed class FlowFacts
{
    private static readonly AsyncLocal<FlowFacts?> Flow = new();

    public static FlowFacts? Current => Flow.Value;

    public DateTimeOffset? AttemptDeadlineAt { get; set; }

    public static void Begin() => Flow.Value = new FlowFacts();
}
