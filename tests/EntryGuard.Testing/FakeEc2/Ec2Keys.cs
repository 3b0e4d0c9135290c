using System.Collections.Concurrent;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>An access key that the fake knows.</summary>
/// <param name="Id">"AKIA…", "ASIA…" where it is of a session.</param>
/// <param name="Token">Null: it lasts.</param>
/// <param name="Until">When the session ends; null: never.</param>
public sealed record Ec2Key(string Id, string Secret, string Account, string Arn, string? Token = null, DateTimeOffset? Until = null)
{
    /// <summary>Actions that its policy does not allow: "RevokeSecurityGroupIngress".</summary>
    public ISet<string> Denied { get; init; } = new HashSet<string>();

    /// <summary>Its policy names the group and no rule, so nothing may be done to a rule by its id. Service authorization reference, Amazon EC2.</summary>
    public bool NamesNoRule { get; set; }
}

/// <summary>A role that may be assumed.</summary>
/// <param name="ExternalId">What its trust policy demands as <c>sts:ExternalId</c>.</param>
public sealed record Ec2Role(string Arn, string Account, string ExternalId);

/// <summary>Who may call.</summary>
public sealed class Ec2Keys
{
    private readonly ConcurrentDictionary<string, Ec2Key> keys = new();
    private readonly ConcurrentDictionary<string, Ec2Role> roles = new();
    private readonly ConcurrentQueue<string> tokens = new();
    private int last;

    /// <summary>A new user's key.</summary>
    public Ec2Key Add(string account, params string[] denied)
    {
        var number = Interlocked.Increment(ref last);
        var key = new Ec2Key($"AKIAFAKE{number:d12}", $"fake/secret+{number:d8}-{Guid.NewGuid():n}", account, $"arn:aws:iam::{account}:user/u{number}")
        {
            Denied = denied.ToHashSet(),
        };
        return keys[key.Id] = key;
    }

    /// <summary>Takes a key away: whoever uses it is told that it is not valid.</summary>
    public void Remove(Ec2Key key) => keys.TryRemove(key.Id, out _);

    /// <summary>A role whose trust policy demands the external id.</summary>
    public Ec2Role AddRole(string account, string name, string externalId)
    {
        var role = new Ec2Role($"arn:aws:iam::{account}:role/{name}", account, externalId);
        return roles[role.Arn] = role;
    }

    /// <summary>What must be repeated nowhere.</summary>
    public IReadOnlyList<string> Secrets => [.. keys.Values.Select(k => k.Secret)];

    /// <summary>Nor must these; in the order in which they were issued.</summary>
    public IReadOnlyList<string> Tokens => [.. tokens];

    internal Ec2Key? Find(string id) => keys.GetValueOrDefault(id);

    internal Ec2Role? FindRole(string arn) => roles.GetValueOrDefault(arn);

    internal Ec2Key Issue(Ec2Role role, string session, DateTimeOffset until)
    {
        var number = Interlocked.Increment(ref last);
        var arn = $"arn:aws:sts::{role.Account}:assumed-role/{role.Arn.Split('/')[^1]}/{session}";
        var key = new Ec2Key($"ASIAFAKE{number:d12}", $"fake/session+{Guid.NewGuid():n}", role.Account, arn, $"FwoGfake{Guid.NewGuid():n}==", until);
        tokens.Enqueue(key.Token!);
        return keys[key.Id] = key;
    }
}
