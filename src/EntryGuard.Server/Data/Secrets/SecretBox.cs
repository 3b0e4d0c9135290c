using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;
using Microsoft.AspNetCore.DataProtection;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>Encrypts what only its own row of its own organization may hold, the secret of a credential first of all: a row copied elsewhere cannot be read (E31).</summary>
public sealed class SecretBox(IDataProtectionProvider protection)
{
    /// <summary>What goes into <see cref="Credential.Secret"/>.</summary>
    public byte[] Protect(OrganizationId organization, CredentialId credential, string clear) => Protect(Credential(organization, credential), clear);

    /// <exception cref="CryptographicException">It was encrypted for another organization or credential, or by a key that is gone.</exception>
    public string Unprotect(OrganizationId organization, CredentialId credential, byte[] secret) => Unprotect(Credential(organization, credential), secret);

    /// <summary>What goes into <see cref="OutboxMail.Letter"/>.</summary>
    public byte[] ProtectLetter(OrganizationId organization, Guid mail, string clear) => Protect(Letter(organization, mail), clear);

    /// <exception cref="CryptographicException">It was encrypted for another organization or mail, or by a key that is gone.</exception>
    public string UnprotectLetter(OrganizationId organization, Guid mail, byte[] secret) => Unprotect(Letter(organization, mail), secret);

    private static byte[] Protect(IDataProtector protector, string clear)
    {
        ArgumentNullException.ThrowIfNull(clear);
        var bytes = Encoding.UTF8.GetBytes(clear);
        try
        {
            return protector.Protect(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static string Unprotect(IDataProtector protector, byte[] secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var bytes = protector.Unprotect(secret);
        try
        {
            return Encoding.UTF8.GetString(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private IDataProtector Credential(OrganizationId organization, CredentialId credential) => For("EntryGuard.Credential.v1", organization, credential.Value);

    private IDataProtector Letter(OrganizationId organization, Guid mail) => For("EntryGuard.Letter.v1", organization, mail);

    private IDataProtector For(string purpose, OrganizationId organization, Guid row) => protection.CreateProtector(
        purpose, organization.Value.ToString("n", CultureInfo.InvariantCulture), row.ToString("n", CultureInfo.InvariantCulture));
}
