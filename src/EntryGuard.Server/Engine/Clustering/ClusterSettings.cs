namespace EntryGuard.Server.Engine.Clustering;

/// <summary>Configuration section <c>EntryGuard:Cluster</c>. Means nothing on SQLite, where there is one node.</summary>
public sealed class ClusterSettings
{
    /// <summary>Nodes with the same name form a cluster. Null: the installation's code, which all nodes read from the database they share.</summary>
    public string? ClusterId { get; set; }

    /// <summary>
    /// Address at which the other nodes reach this one, and the only one it listens on for them. Null: loopback, so that a single node opens
    /// nothing to the network. Nodes on several hosts need one each; the port is to be reachable among them and from nowhere else.
    /// </summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>Port beside it; 0 takes a free one.</summary>
    public int SiloPort { get; set; }
}
