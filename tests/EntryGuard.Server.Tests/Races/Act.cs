namespace EntryGuard.Server.Tests.Races;

/// <summary>What may happen to one session at the same moment.</summary>
public enum Act
{
    /// <summary>Its user starts another session on the same Resources, for the same address.</summary>
    Start,

    /// <summary>Its user stops it.</summary>
    Stop,

    /// <summary>Its user extends it by an hour.</summary>
    Extend,

    /// <summary>Its time is up and a clock ends it.</summary>
    Expire,

    /// <summary>A worker writes down that its call for one claim succeeded.</summary>
    Outcome,

    /// <summary>Its user asks for another round for the claim that failed.</summary>
    Retry,

    /// <summary>An admin takes the user off one of its Resources.</summary>
    AccessLost,

    /// <summary>An admin moves one of its Resources to another port.</summary>
    ConfigChange,
}

/// <summary>What the second does while the first stands before its commit.</summary>
public enum Meanwhile
{
    /// <summary>Nothing is in its way.</summary>
    Passes,

    /// <summary>It waits for a lock until the first has committed.</summary>
    Waits,
}
