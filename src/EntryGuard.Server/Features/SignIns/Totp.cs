using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// Time-based one-time codes: RFC 6238 with what every app knows (SHA-1, six digits, 30 s). Identity's own would ask the machine's clock and
/// take a code twice.
/// </summary>
internal static class Totp
{
    private const int SecretBytes = 20;   // RFC 4226, section 4, R6: 160 bits
    private const int StepSeconds = 30;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    /// <summary>The step of the code; null: it is wrong, or as old as one that was taken.</summary>
    /// <param name="after">The last step that was taken.</param>
    public static long? Match(byte[] secret, string code, DateTimeOffset now, long after)
    {
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (var step = current - 1; step <= current + 1; step++)   // RFC 6238, section 5.2: a step for slow fingers, and one for wrong clocks
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Code(secret, step)), Encoding.ASCII.GetBytes(code)) && step > after)
                found = step;
        }

        return found;
    }

    /// <summary>What the app shows at this step.</summary>
    public static string Code(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6238 says SHA-1; HMAC does not rest on what is broken about it.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xF)..]) & 0x7FFFFFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>What the picture says.</summary>
    public static string Uri(string email, byte[] secret) =>
        $"otpauth://totp/EntryGuard:{System.Uri.EscapeDataString(email)}?secret={Base32(secret)}&issuer=EntryGuard&algorithm=SHA1&digits=6&period={StepSeconds}";

    /// <summary>RFC 4648, without padding: 20 bytes are 32 characters.</summary>
    public static string Base32(byte[] bytes)
    {
        var text = new StringBuilder();
        for (var bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            var pair = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[(bit / 8) + 1] : 0);
            text.Append(Alphabet[(pair >> (11 - (bit % 8))) & 31]);
        }

        return text.ToString();
    }
}
