using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting;

/// <summary>Answers for what never reached a handler, or failed in one: requests that cannot be read, unknown paths, our own faults.</summary>
internal sealed partial class Failures : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                var (field, fault) = Explain(json);
                await RefusalResult.WriteAsync(httpContext, StatusCodes.Status400BadRequest, ErrorCodes.Validation, $"{field} {fault}.",
                    new Dictionary<string, string> { [field] = fault });
                break;
            case BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } bad when Parameter().Match(bad.Message) is { Success: true } found:
                var name = JsonNamingPolicy.CamelCase.ConvertName(found.Groups["name"].Value);
                var what = found.Groups["missing"].Success ? "is missing" : "has the wrong form; see /openapi/v1.json";
                if (name == "request")
                    name = "body";   // what every handler calls its body
                await RefusalResult.WriteAsync(httpContext, bad.StatusCode, ErrorCodes.Validation, $"{name} {what}.",
                    new Dictionary<string, string> { [name] = what });
                break;
            case BadHttpRequestException bad:
                await WriteAsync(httpContext, bad.StatusCode);
                break;
            case DbUpdateConcurrencyException:
                await RefusalResult.WriteAsync(httpContext, StatusCodes.Status409Conflict, ErrorCodes.Conflict,
                    "It was changed by somebody else at the same moment, and nothing was done. Read it again and repeat.");
                break;
            default:
                await WriteAsync(httpContext, StatusCodes.Status500InternalServerError);
                return false;   // answered, but to be logged as what it is
        }

        return true;
    }

    /// <summary>Writes the problem of a status that nobody gave words to.</summary>
    public static Task WriteAsync(HttpContext context, int status)
    {
        var (code, message) = status switch
        {
            StatusCodes.Status400BadRequest => (ErrorCodes.Validation, "The request cannot be read."),
            StatusCodes.Status404NotFound => (ErrorCodes.NotFound, "There is nothing at this path."),
            StatusCodes.Status405MethodNotAllowed => (ErrorCodes.MethodNotAllowed, $"{context.Request.Method} is not possible here."),
            StatusCodes.Status413PayloadTooLarge => (ErrorCodes.TooLarge, "The body is larger than 256 KB."),
            StatusCodes.Status415UnsupportedMediaType => (ErrorCodes.UnsupportedMediaType, "The body must be JSON: send it with Content-Type: application/json."),
            StatusCodes.Status500InternalServerError => (ErrorCodes.Internal, "Something went wrong on our side. The server's log says what."),
            _ => (ErrorCodes.NotFound, "The request was refused."),
        };
        return RefusalResult.WriteAsync(context, status, code, message);
    }

    // "$.resourceIds[0]" becomes "resourceIds[0]". The serializer's words name .NET types; ours do not.
    private static (string Field, string Fault) Explain(JsonException e)
    {
        var field = e.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return (field, "is not a field of this request; leave it out");
        if (e.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return (field, "holds a field twice");
        if (e.InnerException is JsonException || e.Message.Contains("JSON payload", StringComparison.Ordinal) || e.Message.Contains("JSON tokens", StringComparison.Ordinal))
            return ("body", $"is not valid JSON in line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        return (field, "has the wrong type; see /openapi/v1.json");
    }

    // Failed to bind parameter "Guid id" from "abc".   Required parameter "string name" was not provided from query string.
    // Implicit body inferred for parameter "request" but no body was provided.
    [GeneratedRegex("""^(Failed to bind parameter|(?<missing>Required parameter|Implicit body inferred for parameter)) "([^"]* )?(?<name>[^" ]+)" """)]
    private static partial Regex Parameter();
}
