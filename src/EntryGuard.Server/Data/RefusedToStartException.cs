namespace EntryGuard.Server.Data;

/// <summary>The server must not run like this. The message is for the operator: what is wrong, which setting, what to do; no stack trace is needed.</summary>
public sealed class RefusedToStartException : Exception
{
    public RefusedToStartException(string message)
        : base(message)
    {
    }

    public RefusedToStartException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public RefusedToStartException()
    {
    }
}
