using System.Globalization;
using System.Security.Cryptography;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Engine;
using Microsoft.AspNetCore.DataProtection;

namespace EntryGuard.Server.Hosting;

/// <summary>
/// Says that this installation saw a request come from an address, a short while ago. Who has both families is seen with one of them at a time;
/// the proof carries what was seen over the other to the request that needs it.
/// </summary>
public sealed class AddressProofs(IDataProtectionProvider protection, DatabaseClock clock)
{
    /// <summary>How long a proof holds. Long enough for a slow line, too short for an address that was moved on from.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>What is said of one that does not hold, to follow the field's name.</summary>
    public const string Worthless = "proves nothing: it is older than 5 minutes, or of another installation; ask GET /detect-ip anew";

    private const int Longest = 1024;
    private readonly IDataProtector box = protection.CreateProtector("EntryGuard.AddressProof.v1");

    /// <summary>Of this address, from now.</summary>
    public string Make(Cidr address) => box.Protect(string.Create(CultureInfo.InvariantCulture, $"{(clock.Now + Life).UtcTicks} {address}"));

    /// <summary>The address, and until when that holds; null: it proves nothing.</summary>
    public (Cidr Address, DateTimeOffset Until)? Read(string proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (proof.Length > Longest)
            return null;
        try
        {
            var parts = box.Unprotect(proof).Split(' ', 2);
            return (Cidr.Parse(parts[1]), new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
