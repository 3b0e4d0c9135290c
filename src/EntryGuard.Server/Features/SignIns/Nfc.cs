using System.Globalization;
using System.Text;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// Unicode's canonical composition (UAX #15): "é" is one character, whether the keyboard sent one or two. <see cref="string.Normalize()"/>
/// would do, but does nothing where .NET runs without ICU, as we do.
/// </summary>
internal static class Nfc
{
    // Hangul follows from arithmetic: UAX #15, section 16.
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, VCount = 21, TCount = 28, LCount = 19;

    private static readonly Lazy<Tables> All = new(Tables.Read);

    /// <summary>Well-formed UTF-16 in, the same out.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.All(char.IsAscii))
            return text;
        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, codes);
        Order(codes);
        Compose(codes);
        return string.Concat(codes.Select(c => new Rune(c).ToString()));
    }

    private static void Decompose(int code, List<int> into)
    {
        var s = code - SBase;
        if (s is >= 0 and < LCount * VCount * TCount)
        {
            into.Add(LBase + (s / (VCount * TCount)));
            into.Add(VBase + (s % (VCount * TCount) / TCount));
            if (s % TCount != 0)
                into.Add(TBase + (s % TCount));
        }
        else if (All.Value.Parts.TryGetValue(code, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(code);
        }
    }

    // Marks on one letter in the order of their classes; those of one class stay as they are.
    private static void Order(List<int> codes)
    {
        for (var i = 1; i < codes.Count; i++)
        {
            var (code, own) = (codes[i], Class(codes[i]));
            var at = i;
            for (; own > 0 && at > 0 && Class(codes[at - 1]) > own; at--)
                codes[at] = codes[at - 1];
            codes[at] = code;
        }
    }

    private static void Compose(List<int> codes)
    {
        var (starter, last) = (-1, 0);
        var kept = 0;
        foreach (var code in codes.ToArray())
        {
            var own = Class(code);
            if (starter >= 0 && (kept == starter + 1 || (last < own && last != 0)) && Pair(codes[starter], code) is { } whole)
            {
                codes[starter] = whole;
                continue;
            }

            if (own == 0)
                starter = kept;
            last = own;
            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        if (first - LBase is >= 0 and < LCount and var l && second - VBase is >= 0 and < VCount and var v)
            return SBase + (((l * VCount) + v) * TCount);
        if (first - SBase is >= 0 and < LCount * VCount * TCount and var s && s % TCount == 0 && second - TBase is > 0 and < TCount and var t)
            return first + t;
        return All.Value.Wholes.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private static int Class(int code) => All.Value.Classes.GetValueOrDefault(code);

    private sealed record Tables(Dictionary<int, int> Classes, Dictionary<int, int[]> Parts, Dictionary<(int, int), int> Wholes)
    {
        public static Tables Read()
        {
            var tables = new Tables([], [], []);
            using var reader = new StreamReader(typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!);
            while (reader.ReadLine() is { } line)
            {
                var words = line.Split(' ');
                var code = Hex(words[1]);
                if (words[0] == "c")
                {
                    tables.Classes[code] = int.Parse(words[2], CultureInfo.InvariantCulture);
                    continue;
                }

                int[] parts = [.. words[2..].Select(Hex)];
                tables.Parts[code] = parts;
                if (words[0] == "d")
                    tables.Wholes[(parts[0], parts[1])] = code;
            }

            return tables;
        }

        private static int Hex(string word) => int.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
