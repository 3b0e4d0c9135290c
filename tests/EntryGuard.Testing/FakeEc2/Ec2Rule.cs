using System.Collections.Immutable;
using EntryGuard.Domain.Net;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>One rule of a group, as DescribeSecurityGroupRules shows it.</summary>
/// <param name="Id">"sgr-…"; never used again. An assumption: AWS does not say so.</param>
/// <param name="Protocol">"tcp", "udp", "icmp", "icmpv6", "-1" or a number.</param>
/// <param name="From">First port or ICMP type; -1: any; null: the protocol has none.</param>
/// <param name="To">Last port or ICMP code.</param>
public sealed record Ec2Rule(string Id, string Protocol, int? From, int? To)
{
    /// <summary>Exactly one of the four sources is set.</summary>
    public string? CidrIpv4 { get; init; }

    /// <inheritdoc cref="CidrIpv4"/>
    public string? CidrIpv6 { get; init; }

    /// <inheritdoc cref="CidrIpv4"/>
    public string? ReferencedGroup { get; init; }

    /// <inheritdoc cref="CidrIpv4"/>
    public string? PrefixList { get; init; }

    /// <summary>Outbound; counts apart.</summary>
    public bool IsEgress { get; init; }

    /// <summary>Null: none.</summary>
    public string? Description { get; init; }

    /// <summary>What makes it this rule and no other; the description does not. API_RevokeSecurityGroupIngress.</summary>
    internal string Identity => $"{IsEgress}|{Protocol}|{From}|{To}|{CidrIpv4}|{CidrIpv6}|{ReferencedGroup}|{PrefixList}";

    /// <summary>Whether it counts against the quota of a family: a referenced group or prefix list does against both. VPC guide, "Amazon VPC quotas".</summary>
    internal bool Counts(int ipVersion) => !IsEgress && (ipVersion == 4 ? CidrIpv6 : CidrIpv4) is null;

    /// <summary>It lets a packet of the protocol to the port in from the address.</summary>
    public bool LetsIn(string address, string protocol, int port) =>
        !IsEgress && (Protocol == "-1" || (Protocol == protocol && (From is null or -1 || (From <= port && port <= To))))
        && Cidr.TryParse(CidrIpv4 ?? CidrIpv6, out var range, out _) && range.Contains(Cidr.Parse(address));

    /// <summary>Every field.</summary>
    public override string ToString() => $"{Identity}|{Description}";
}

/// <summary>One security group: what really stands, and what lists show of it for now.</summary>
public sealed class Ec2Group(string id, string account, string region)
{
    private readonly Lock guard = new();
    private readonly List<(ImmutableList<Ec2Rule> Before, DateTimeOffset Until, int Lists)> hidden = [];
    private ImmutableList<Ec2Rule> rules = [];
    private long lastId = 0x0a0000000000;

    /// <summary>"sg-…".</summary>
    public string Id => id;

    /// <summary>Whose it is.</summary>
    public string Account => account;

    /// <summary>In which it is.</summary>
    public string Region => region;

    /// <summary>In a default VPC, revoking by properties what is not there is no error. API_RevokeSecurityGroupIngress.</summary>
    public bool IsInDefaultVpc { get; set; }

    /// <summary>Inbound rules of each family. VPC guide, "Amazon VPC quotas".</summary>
    public int Quota { get; set; } = 60;

    /// <summary>The truth.</summary>
    public IReadOnlyList<Ec2Rule> Rules => Volatile.Read(ref rules);

    /// <summary>Somebody else adds a rule by hand; its id.</summary>
    public string AddForeign(string cidr, string protocol = "tcp", int? from = 5432, int? to = null, string? description = "made by hand")
    {
        var isV6 = cidr.Contains(':', StringComparison.Ordinal);
        return Add(new Ec2Rule(NextId(), protocol, from, to ?? from) { CidrIpv4 = isV6 ? null : cidr, CidrIpv6 = isV6 ? cidr : null, Description = description });
    }

    /// <summary>Somebody else adds a rule of any kind; its id is given by <see cref="NextId"/>.</summary>
    public string Add(Ec2Rule rule)
    {
        Change(all => all.Add(rule));
        return rule.Id;
    }

    /// <summary>Somebody else alters a rule (ModifySecurityGroupRules): widens it, takes its description off.</summary>
    public void Alter(string ruleId, Func<Ec2Rule, Ec2Rule> how) => Change(all => all.Replace(all.Find(r => r.Id == ruleId)!, how(all.Find(r => r.Id == ruleId)!)));

    /// <summary>Somebody else takes a rule off.</summary>
    public void TakeAway(string ruleId) => Change(all => all.RemoveAll(r => r.Id == ruleId));

    public string NextId() => $"sgr-{Interlocked.Increment(ref lastId):x17}";

    /// <summary>What a list shows: not yet the changes that it lags behind.</summary>
    internal ImmutableList<Ec2Rule> Listed(DateTimeOffset now)
    {
        lock (guard)
        {
            hidden.RemoveAll(h => h.Lists <= 0 && h.Until <= now);
            var shown = hidden.Count > 0 ? hidden[0].Before : rules;
            for (var i = 0; i < hidden.Count; i++)
                hidden[i] = hidden[i] with { Lists = hidden[i].Lists - 1 };
            return shown;
        }
    }

    /// <summary>Changes it at once, and what lists show later; throws what <paramref name="how"/> throws, and then nothing is changed.</summary>
    internal void Change(Func<ImmutableList<Ec2Rule>, ImmutableList<Ec2Rule>> how, DateTimeOffset hiddenUntil = default, int hiddenLists = 0)
    {
        lock (guard)
        {
            var after = how(rules);
            if (hiddenLists > 0 || hiddenUntil != default)
                hidden.Add((rules, hiddenUntil, hiddenLists));
            Volatile.Write(ref rules, after);
        }
    }
}
