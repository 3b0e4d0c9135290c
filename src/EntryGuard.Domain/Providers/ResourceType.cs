namespace EntryGuard.Domain.Providers;

/// <summary>What kind of allow-list a Resource is.</summary>
/// <param name="Provider">Upper case: "GATE", "AWS".</param>
/// <param name="Kind">Upper case: "TCP_GATE", "SECURITY_GROUP".</param>
public readonly record struct ResourceType(string Provider, string Kind)
{
    /// <summary>"AWS/SECURITY_GROUP".</summary>
    public override string ToString() => $"{Provider}/{Kind}";
}
