using System.Security.Cryptography;
using System.Text;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>Codes as a second factor: of the app, or one of eight for the day the app is lost. Each is taken once; the account is held meanwhile.</summary>
public sealed class SecondFactor(SecretBox box, IOptions<PasswordHasherOptions> hashing)
{
    private const int RecoveryCodes = 8;
    private const int RecoveryLength = 8;
    private const int TotpLength = 6;

    // No I, O, 0, 1: they are read from paper. 32^8 is 10^12.
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>Six digits or eight letters, without what people put between them; faults are added.</summary>
    public static string Read(string field, string? given, Dictionary<string, string> errors)
    {
        var text = given is null || given.Length > 64 ? "" : new string([.. given.Where(c => c is not (' ' or '-'))]).ToUpperInvariant();
        if (string.IsNullOrWhiteSpace(given))
            errors[field] = "is missing";
        else if (!(text.Length == TotpLength && text.All(char.IsAsciiDigit)) && !(text.Length == RecoveryLength && text.All(char.IsAsciiLetterOrDigit)))
            errors[field] = $"is no code; write the {TotpLength} digits of the app, or a recovery code of {RecoveryLength} characters";
        return text;
    }

    /// <summary>What is slow about a code, before anything is held for it.</summary>
    /// <param name="code">As read.</param>
    /// <param name="secret">As it is now; if that changes meanwhile, the code is wrong.</param>
    internal Shown Prepare(string code, UserSecret secret) => new(code, code.Length == TotpLength ? null : Hash(code, secret.RecoverySalt ?? []));

    /// <summary>Takes the code.</summary>
    /// <returns>"TOTP" or "RECOVERY_CODE"; null: it is wrong, or was taken before.</returns>
    internal string? Take(Account account, Shown shown, DateTimeOffset now)
    {
        var (secret, code) = (account.Secret, shown.Code);
        if (secret.Totp is not { } totp)
            return null;
        if (code.Length == TotpLength)
        {
            if (Totp.Match(box.UnprotectTotp(secret.OrganizationId, secret.UserId, totp), code, now, secret.TotpStep) is not { } step)
                return null;
            secret.TotpStep = step;
            return "TOTP";
        }

        var hash = shown.RecoveryHash!;
        var left = secret.RecoveryHashes.Where(h => !CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(h), hash)).ToList();
        if (left.Count == secret.RecoveryHashes.Count)
            return null;
        secret.RecoveryHashes = left;
        return "RECOVERY_CODE";
    }

    /// <summary>Whether it is the secret that waits, in Base32.</summary>
    internal bool IsPending(UserSecret secret, string shown) =>
        secret.PendingTotp is { } pending && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Totp.Base32(box.UnprotectTotp(secret.OrganizationId, secret.UserId, pending))), Encoding.ASCII.GetBytes(shown));

    /// <summary>The secret that waits is in force if the code is its.</summary>
    /// <returns>False: the code is wrong.</returns>
    internal bool Confirm(Account account, string code, RecoveryCodeSet recovery, DateTimeOffset now)
    {
        var secret = account.Secret;
        if (secret.PendingTotp is not { } pending || code.Length != TotpLength
            || Totp.Match(box.UnprotectTotp(secret.OrganizationId, secret.UserId, pending), code, now, 0) is not { } step)
            return false;
        (secret.Totp, secret.PendingTotp, secret.TotpStep, secret.TotpSince, secret.MustEnrol) = (pending, null, step, now, false);
        recovery.Put(secret);
        return true;
    }

    /// <summary>Eight new ones: eight slow hashes, so before anything is held for them.</summary>
    internal RecoveryCodeSet NewRecoveryCodes()
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        string[] codes = [.. Enumerable.Range(0, RecoveryCodes).Select(_ => RandomNumberGenerator.GetString(Letters, RecoveryLength))];
        return new RecoveryCodeSet(codes, salt, [.. codes.Select(c => Convert.ToBase64String(Hash(c, salt)))]);
    }

    /// <summary>Neither app nor recovery codes any more.</summary>
    internal static void Forget(UserSecret secret) =>
        (secret.Totp, secret.PendingTotp, secret.TotpSince, secret.RecoverySalt, secret.RecoveryHashes) = (null, null, null, null, []);

    internal byte[] Seal(UserSecret secret, byte[] totp) => box.ProtectTotp(secret.OrganizationId, secret.UserId, totp);

    /// <summary>A code that somebody showed.</summary>
    internal sealed record Shown(string Code, byte[]? RecoveryHash)
    {
        /// <summary>Without it.</summary>
        public override string ToString() => nameof(Shown);
    }

    /// <summary>Recovery codes, to be shown once, and what is stored of them.</summary>
    internal sealed record RecoveryCodeSet(IReadOnlyList<string> Codes, byte[] Salt, IReadOnlyList<string> Hashes)
    {
        /// <summary>Earlier ones are void.</summary>
        public void Put(UserSecret secret) => (secret.RecoverySalt, secret.RecoveryHashes) = (Salt, Hashes);

        /// <summary>Without them.</summary>
        public override string ToString() => nameof(RecoveryCodeSet);
    }

    // One salt for the eight, so that a try costs one slow hash and not eight.
    private byte[] Hash(string code, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(code), salt, hashing.Value.IterationCount, HashAlgorithmName.SHA512, 32);
}
