using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>
/// The Data Protection key ring in our own table, sealed with the master key. Keys are made at start-up only, by one node at a time:
/// never in the middle of a request, where a second node would not know the new key yet.
/// </summary>
public static class KeyRing
{
    // Old keys go on decrypting for ever; a new one every year bounds what a single one has encrypted.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>
    /// Makes the process's Data Protection (secrets, cookies) use the ring. Needs <see cref="Databases"/> and a <see cref="MasterKey"/> as
    /// services; <see cref="PrepareAsync"/> comes before the first use.
    /// </summary>
    public static IServiceCollection AddSecrets(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddDataProtection().SetApplicationName("EntryGuard");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(options =>
        {
            options.AutoGenerateKeys = false;
            options.NewKeyLifetime = Lifetime;
            options.AuthenticatedEncryptorConfiguration = new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM };
            options.XmlRepository = new Table(provider.GetRequiredService<Databases>());
            options.XmlEncryptor = new MasterKeyXmlEncryptor(provider.GetRequiredService<MasterKey>());
        }));
        return services.AddSingleton<SecretBox>();
    }

    /// <summary>At start-up, after the migrations: refuses a wrong master key, and makes the first key of the ring or the next one.</summary>
    /// <exception cref="RefusedToStartException">The master key is not the one the ring is sealed with.</exception>
    public static Task PrepareAsync(IServiceProvider services, CancellationToken ct)
    {
        var (databases, key, time) =
            (services.GetRequiredService<Databases>(), services.GetRequiredService<MasterKey>(), services.GetService<TimeProvider>() ?? TimeProvider.System);
        return databases.AloneAsync(async _ =>
        {
            await CheckAsync(databases, key, ct);
            var keys = services.GetRequiredService<IKeyManager>();
            var now = time.GetUtcNow();
            var latest = keys.GetAllKeys().Where(k => !k.IsRevoked).Select(k => (DateTimeOffset?)k.ExpirationDate).Max();
            if (latest is null || latest < now + RenewBefore)
                keys.CreateNewKey(now, now + Lifetime);
        }, ct);
    }

    /// <summary>Seals the ring with another master key. No server may run meanwhile: it would not find its keys again. Afterwards only the new key works.</summary>
    /// <exception cref="RefusedToStartException"><paramref name="old"/> is not the key in use, or the ring was tampered with; nothing was changed.</exception>
    public static Task RewrapAsync(Databases databases, MasterKey old, MasterKey @new, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(@new);
        return databases.AloneAsync(async _ =>
        {
            await CheckAsync(databases, old, ct);
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            foreach (var row in await db.DataProtectionKeys.ToListAsync(ct))
                row.Xml = Rewrap(row, old, @new);
            (await db.Installations.SingleAsync(ct)).MasterKeyCheck = @new.Check.ToArray();
            await work.CommitAsync(ct);
        }, ct);
    }

    private static string Rewrap(DataProtectionKey row, MasterKey old, MasterKey @new)
    {
        var xml = XElement.Parse(row.Xml);
        try
        {
            foreach (var box in xml.Descendants(SealedXml.Name).ToList())
                box.ReplaceWith(SealedXml.Seal(SealedXml.Open(box, old), @new));
        }
        catch (CryptographicException e)
        {
            throw new RefusedToStartException($"Key {row.FriendlyName} of the key ring is not sealed with the old master key; nothing was changed.", e);
        }

        return xml.ToString(SaveOptions.DisableFormatting);
    }

    private static async Task CheckAsync(Databases databases, MasterKey key, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var installation = await db.Installations.SingleAsync(ct);
        if (installation.MasterKeyCheck is { } check)
        {
            if (!CryptographicOperations.FixedTimeEquals(check, key.Check))
            {
                throw new RefusedToStartException(
                    $"The master key is not the one this database was set up with (installation {installation.Code}). "
                    + $"Give the right one ({MasterKey.FileSetting}, systemd credential {MasterKey.SystemdCredential}, or {MasterKey.Variable}). "
                    + "If it was changed on purpose, run: entryguard rewrap");
            }

            return;
        }

        installation.MasterKeyCheck = key.Check.ToArray();
        await work.CommitAsync(ct);
    }

    // Data Protection asks synchronously. It reads at most once a day and writes at start-up only, so a blocked thread is not felt.
    private sealed class Table(Databases databases) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements()
        {
            using var db = databases.OpenEngine();
            return [.. db.DataProtectionKeys.AsNoTracking().OrderBy(k => k.Id).Select(k => k.Xml).AsEnumerable().Select(xml => XElement.Parse(xml))];
        }

        public void StoreElement(XElement element, string friendlyName) => StoreAsync(element, friendlyName).GetAwaiter().GetResult();

        private async Task StoreAsync(XElement element, string friendlyName)
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
            db.DataProtectionKeys.Add(new DataProtectionKey { FriendlyName = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
            await work.CommitAsync(CancellationToken.None);
        }
    }
}
