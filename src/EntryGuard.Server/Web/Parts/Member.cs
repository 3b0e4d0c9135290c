namespace EntryGuard.Server.Web.Parts;

/// <summary>Something that can be named in a list: a user, a Resource, a role.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is found by.</param>
/// <param name="Tag">What else tells it apart; null: nothing.</param>
/// <param name="Href">Its page; null: it has none.</param>
public sealed record Member(Guid Id, string Name, string? Tag = null, string? Href = null)
{
    /// <summary>As a list to choose from shows it.</summary>
    public override string ToString() => Tag is null ? Name : $"{Name} ({Tag})";
}
