using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;
using Microsoft.AspNetCore.DataProtection;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>Encrypts a secret for the one row it belongs to, of that organization only: copied elsewhere it cannot be read (E31).</summary>
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

    /// <summary>What goes into <see cref="UserSecret.Totp"/>.</summary>
    public byte[] ProtectTotp(OrganizationId organization, UserId user, byte[] totp) => Totp(organization, user).Protect(totp);

    /// <exception cref="CryptographicException">It was encrypted for another user, or by a key that is gone.</exception>
    public byte[] UnprotectTotp(OrganizationId organization, UserId user, byte[] totp) => Totp(organization, user).Unprotect(totp);

    private IDataProtector Totp(OrganizationId organization, UserId user) => For("EntryGuard.Totp.v1", organization, user.Value);

    private IDataProtector Credential(OrganizationId organization, CredentialId credential) => For("EntryGuard.Credential.v1", organization, credential.Value);

    private IDataProtector Letter(OrganizationId organization, Guid mail) => For("EntryGuard.Letter.v1", organization, mail);

    private IDataProtector For(string purpose, OrganizationId organization, Guid row) => protection.CreateProtector(
        purpose, organization.Value.ToString("n", CultureInfo.InvariantCulture), row.ToString("n", CultureInfo.InvariantCulture));
}
