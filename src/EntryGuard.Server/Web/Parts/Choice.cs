using System.Globalization;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What was started last in this browser, so that the next start is one click.</summary>
internal sealed record Choice(IReadOnlyList<Guid> Resources, int Minutes)
{
    /// <summary>As it is kept in the browser.</summary>
    public string Write() => string.Create(CultureInfo.InvariantCulture, $"{Minutes} {string.Join(' ', Resources)}");

    /// <summary>Null: it is none of ours.</summary>
    public static Choice? Read(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
            return null;
        return new Choice([.. parts.Skip(1).Select(p => Guid.TryParse(p, out var id) ? id : Guid.Empty).Where(id => id != Guid.Empty)], minutes);
    }
}
