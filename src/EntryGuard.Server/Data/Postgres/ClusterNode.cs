namespace EntryGuard.Server.Data.Postgres;

/// <summary>One life of one node: a restart is another row. Engine scope only. Instants are database time.</summary>
public sealed class ClusterNode
{
    /// <summary>Which cluster; one, unless the operator named another.</summary>
    public required string ClusterId { get; set; }

    /// <summary>"10.0.0.7:11111@134567890": endpoint and the start of this life.</summary>
    public required string Address { get; set; }

    /// <summary>Version of the cluster when this row last changed; what a guarded update names. Saying "I am alive" does not change it.</summary>
    public int Version { get; set; }

    /// <summary>"JOINING", "ACTIVE", "SHUTTING_DOWN", "STOPPING", "DEAD".</summary>
    public required string Status { get; set; }
    public required string HostName { get; set; }
    public required string NodeName { get; set; }

    /// <summary>Always 0: nodes have no port for clients from outside.</summary>
    public int ProxyPort { get; set; }

    /// <summary>Nodes that took it for dead, and when: "10.0.0.8:11111@134567891=2026-11-24T10:00:00.0000000+00:00", separated by spaces.</summary>
    public string Suspects { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Written every second while it lives.</summary>
    public DateTimeOffset AliveAt { get; set; }
}

/// <summary>What all nodes agree on: every change of a node is a new version, taken by one of them.</summary>
public sealed class ClusterVersion
{
    public required string ClusterId { get; set; }
    public int Version { get; set; }
    public List<ClusterNode> Nodes { get; } = [];
}
