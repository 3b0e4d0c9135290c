using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Contracts;
using EntryGuard.Domain;

namespace EntryGuard.Server.Hosting;

/// <summary>An ETag stands for the last edit of a row, not for what the engine observed about it since.</summary>
public static class ETags
{
    public static string Of(DateTimeOffset updatedAt) => string.Create(CultureInfo.InvariantCulture, $"\"{updatedAt.UtcTicks:x}\"");

    /// <summary>Of a row whose edits have no date: of what may be edited in it.</summary>
    public static string Of(string content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)).AsSpan(0, 12))}\"";

    /// <summary>The instant of an edit: never that of the one before, whatever the clock says, so that each version has its own ETag.</summary>
    public static DateTimeOffset Next(DateTimeOffset before, DateTimeOffset now) => now > before ? now : before.AddMicroseconds(1);

    /// <summary>Puts it into the answer.</summary>
    public static void Show(HttpResponse response, DateTimeOffset updatedAt)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.Headers.ETag = Of(updatedAt);
    }

    /// <summary>Null if the request may change the row: it names the current ETag, or none.</summary>
    public static Refusal? Outdated(string? ifMatch, DateTimeOffset updatedAt) => Outdated(ifMatch, Of(updatedAt));

    /// <inheritdoc cref="Outdated(string?, DateTimeOffset)"/>
    /// <param name="ifMatch">As sent; null: nothing was.</param>
    /// <param name="current">The ETag the row has now, with its quotes.</param>
    public static Refusal? Outdated(string? ifMatch, string current) =>
        ifMatch is null || ifMatch.Split(',').Any(tag => tag.Trim() is "*" || tag.Trim() == current)
            ? null
            : new Refusal(ErrorCodes.PreconditionFailed, RefusalKind.Outdated, "It was changed since you read it; read it again, and decide again.");
}
