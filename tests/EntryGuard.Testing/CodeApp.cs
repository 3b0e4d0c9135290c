using System.Globalization;
using System.Security.Cryptography;

namespace EntryGuard.Testing;

/// <summary>The app on somebody's phone: RFC 6238 from the text of the secret, written apart from the server's own.</summary>
public static class CodeApp
{
    /// <param name="secret">Base32, as the server shows it.</param>
    /// <param name="at">On the phone's clock.</param>
    public static string Code(string secret, DateTimeOffset at)
    {
        var bits = string.Concat(secret.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2)).ToArray();
        var step = BitConverter.GetBytes(at.ToUnixTimeSeconds() / 30);
        Array.Reverse(step);
#pragma warning disable CA5350 // As RFC 6238 says.
        var hash = HMACSHA1.HashData(key, step);
#pragma warning restore CA5350
        var offset = hash[19] & 15;
        var number = ((hash[offset] & 127) << 24) | (hash[offset + 1] << 16) | (hash[offset + 2] << 8) | hash[offset + 3];
        return (number % 1_000_000).ToString("000000", CultureInfo.InvariantCulture);
    }
}
