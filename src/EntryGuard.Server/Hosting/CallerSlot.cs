namespace EntryGuard.Server.Hosting;

/// <summary>Who is signed in within this scope (a request); set once, by authentication. The scope's database is bound to that tenant.</summary>
public sealed class CallerSlot
{
    /// <summary>Null: nobody.</summary>
    public Caller? Caller { get; set; }
}
