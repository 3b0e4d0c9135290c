using System.Net;

namespace EntryGuard.Contracts;

/// <summary>What the server said: a body, or a problem.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">Null if it was refused.</param>
/// <param name="Problem">Null if it was not.</param>
/// <param name="NextCursor">Of a list with another page; else null.</param>
/// <param name="ETag">Stands for the version of what was read, with its quotes; null where there are no versions.</param>
public sealed record ApiAnswer<T>(HttpStatusCode Status, T? Body, Problem? Problem, string? NextCursor = null, string? ETag = null)
    where T : class
{
    /// <summary>The body.</summary>
    /// <exception cref="ApiRefusedException">It was refused.</exception>
    public T Value => Body ?? throw new ApiRefusedException(Status, Problem);
}

/// <summary>The server refused, where the caller counted on an answer.</summary>
public sealed class ApiRefusedException : Exception
{
    /// <summary>With the server's words.</summary>
    public ApiRefusedException(HttpStatusCode status, Problem? problem)
        : base($"{(int)status} {problem?.Error}: {problem?.Message ?? "no explanation came with it"}") => (Status, Problem) = (status, problem);

    /// <summary>Unused; exceptions have it.</summary>
    public ApiRefusedException()
    {
    }

    /// <inheritdoc cref="ApiRefusedException()"/>
    public ApiRefusedException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="ApiRefusedException()"/>
    public ApiRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>Null if the answer was not one of ours, for instance a proxy's.</summary>
    public Problem? Problem { get; }
}
