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
    public byte[] Protect(OrganizationId organization, CredentialId credential, string clear)
    {
        ArgumentNullException.ThrowIfNull(clear);
        var bytes = Encoding.UTF8.GetBytes(clear);
        try
        {
            return For(organization, credential).Protect(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <exception cref="CryptographicException">It was encrypted for another organization or credential, or by a key that is gone.</exception>
    public string Unprotect(OrganizationId organization, CredentialId credential, byte[] secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var bytes = For(organization, credential).Unprotect(secret);
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
    public byte[] ProtectTotp(OrganizationId organization, UserId user, byte[] totp) => For(organization, user).Protect(totp);

    /// <exception cref="CryptographicException">It was encrypted for another user, or by a key that is gone.</exception>
    public byte[] UnprotectTotp(OrganizationId organization, UserId user, byte[] totp) => For(organization, user).Unprotect(totp);

    private IDataProtector For(OrganizationId organization, UserId user) => protection.CreateProtector(
        "EntryGuard.Totp.v1",
        organization.Value.ToString("n", CultureInfo.InvariantCulture),
        user.Value.ToString("n", CultureInfo.InvariantCulture));

    private IDataProtector For(OrganizationId organization, CredentialId credential) => protection.CreateProtector(
        "EntryGuard.Credential.v1",
        organization.Value.ToString("n", CultureInfo.InvariantCulture),
        credential.Value.ToString("n", CultureInfo.InvariantCulture));
}
