using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>A P-256 key pair that signs access tokens.</summary>
/// <param name="Kid">What tokens call it.</param>
/// <param name="Parameters">With the private part.</param>
/// <param name="SignsFrom">Until the next one does.</param>
public sealed record SignatureKey(int Number, string Kid, ECParameters Parameters, DateTimeOffset SignsFrom)
{
    /// <summary>Without the key.</summary>
    public override string ToString() => Kid;
}

/// <summary>
/// The keys of all nodes. A key signs for 30 days. Its successor is made and published a day before it takes over, and the old one stays
/// published until the last token it signed is dead. A key that another node has just made is found when its first token comes.
/// </summary>
public sealed class SigningKeys(Databases databases, IDataProtectionProvider protection) : IDisposable
{
    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    private static readonly TimeSpan Notice = TimeSpan.FromDays(1);

    // The longest token and the skew, and a minute for nodes that have not seen the successor yet.
    private static readonly TimeSpan Afterlife = TimeSpan.FromMinutes(17);

    // An unknown name may be anybody's invention: it costs a look at the database so often, and no more.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1);
    private readonly IDataProtector box = protection.CreateProtector("EntryGuard.SigningKey.v1");
    private IReadOnlyList<SignatureKey> known = [];
    private DateTimeOffset lookedAt = DateTimeOffset.MinValue;

    /// <summary>The one to sign with now. Not inside a write transaction: it may have to make one.</summary>
    public async Task<SignatureKey> ToSignAsync(DateTimeOffset now, CancellationToken ct)
    {
        if (IsDue(now))
            await MakeAsync(now, ct);
        return known.Last(k => k.SignsFrom <= now);
    }

    /// <summary>The key of this name, if a token of its may be alive; null: there is none.</summary>
    public async Task<SignatureKey?> FindAsync(string kid, DateTimeOffset now, CancellationToken ct)
    {
        if (known.All(k => k.Kid != kid) && (now - lookedAt).Duration() >= LookAgain)
            await LookAsync(now, ct);
        return Alive(now).FirstOrDefault(k => k.Kid == kid);
    }

    /// <summary>What to publish.</summary>
    public async Task<IReadOnlyList<SignatureKey>> AliveAsync(DateTimeOffset now, CancellationToken ct)
    {
        if ((now - lookedAt).Duration() >= LookAgain)
            await LookAsync(now, ct);
        if (IsDue(now))
            await MakeAsync(now, ct);
        return [.. Alive(now)];
    }

    public void Dispose() => turn.Dispose();

    private bool IsDue(DateTimeOffset now) => known.Count == 0 || now >= known[^1].SignsFrom + Life - Notice;

    private IEnumerable<SignatureKey> Alive(DateTimeOffset now)
    {
        var keys = known;
        return keys.Where((k, i) => i == keys.Count - 1 || keys[i + 1].SignsFrom + Afterlife > now);
    }

    private async Task LookAsync(DateTimeOffset now, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            await ReadAsync(now, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task MakeAsync(DateTimeOffset now, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            await ReadAsync(now, ct);
            if (!IsDue(now))
                return;
            await AddAsync(now, ct);
            await ReadAsync(now, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task AddAsync(DateTimeOffset now, CancellationToken ct)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var privateKey = pair.ExportPkcs8PrivateKey();
        try
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            var last = known.Count == 0 ? null : known[^1];
            db.SigningKeys.Add(new SigningKey
            {
                Number = (last?.Number ?? 0) + 1,
                Kid = Thumbprint(pair.ExportParameters(false)),
                PrivateKey = box.Protect(privateKey),
                CreatedAt = now,
                SignsFrom = last is null ? now : new DateTimeOffset(Math.Max((last.SignsFrom + Life).UtcTicks, (now + Notice).UtcTicks), TimeSpan.Zero),
            });
            var dead = last is null ? 0 : last.Number - 1;   // its successor has been signing for a month
            await db.SigningKeys.Where(k => k.Number < dead).ExecuteDeleteAsync(ct);
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            // Another node made it.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    private async Task ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var rows = await db.SigningKeys.AsNoTracking().OrderBy(k => k.Number).ToListAsync(ct);
        known = [.. rows.Select(Open)];
        lookedAt = now;
    }

    private SignatureKey Open(SigningKey row)
    {
        var bytes = box.Unprotect(row.PrivateKey);
        try
        {
            using var pair = ECDsa.Create();
            pair.ImportPkcs8PrivateKey(bytes, out _);
            return new SignatureKey(row.Number, row.Kid, pair.ExportParameters(true), row.SignsFrom);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    // RFC 7638, section 3: the required members, in order, without spaces.
    private static string Thumbprint(ECParameters key) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(
        $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(key.Q.X)}}","y":"{{Base64Url.EncodeToString(key.Q.Y)}}"}""")));
}
