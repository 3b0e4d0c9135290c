using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace EntryGuard.Server.Features;

/// <summary>Where in a list of audit rows a page begins: at the row beside this one.</summary>
internal static class AuditCursor
{
    /// <summary>As it is handed out: opaque.</summary>
    public static string Of(long id) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The row's id; null if no cursor was given, or it is none: then <paramref name="errors"/> says so.</summary>
    /// <param name="from">The header or field that holds it, for who sent something else.</param>
    public static long? Read(string? cursor, Dictionary<string, string> errors, string from = "nextCursor")
    {
        if (cursor is null)
            return null;
        if (cursor.Length <= 40 && Base64Url.IsValid(cursor)
            && long.TryParse(Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return id;
        errors["cursor"] = $"is not one this server gave; take it from {from}, or leave it out";
        return null;
    }
}
