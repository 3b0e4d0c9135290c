using System.Globalization;
using System.Reflection;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.WebUtilities;

namespace EntryGuard.Server.Hosting;

/// <summary>The one way from a <see cref="Refusal"/> to an HTTP answer.</summary>
public sealed class RefusalResult(Refusal refusal) : IResult, IStatusCodeHttpResult, IEndpointMetadataProvider
{
    /// <summary>The reason.</summary>
    public Refusal Refusal => refusal;

    /// <inheritdoc/>
    public int? StatusCode => StatusOf(refusal.Kind);

    /// <summary>When to come back; null: nothing is said about it.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Refuses.</summary>
    public static implicit operator RefusalResult(Refusal refusal) => new(refusal);

    /// <inheritdoc/>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(Problem), ["application/problem+json"]));
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        if (RetryAfter is { } wait)
            httpContext.Response.Headers.RetryAfter = ((long)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return WriteAsync(httpContext, StatusOf(refusal.Kind), refusal.Code, refusal.Message, refusal.Errors);
    }

    /// <summary>Writes a problem that no handler made: an unknown path, a body that is too large.</summary>
    public static Task WriteAsync(
        HttpContext context, int status, string code, string message, IReadOnlyDictionary<string, string>? errors = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.StatusCode = status;
        var problem = new Problem
        {
            Title = ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Error = code,
            Message = message,
            Timestamp = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
            Path = context.Request.Path,
            ValidationErrors = errors,
        };
        return context.Response.WriteAsJsonAsync(problem, problem.GetType(), options: null, contentType: "application/problem+json", context.RequestAborted);
    }

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Outdated => StatusCodes.Status412PreconditionFailed,
        RefusalKind.TooMany => StatusCodes.Status429TooManyRequests,
    };
}
