using System.Buffers.Text;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// Lets Identity's passkey handler find users and passkeys in the transaction that is going on. It writes nothing: what the handler found out is
/// stored by whoever asked.
/// </summary>
internal sealed class PasskeyStore(EntryGuardDb db) : IUserPasskeyStore<User>
{
    /// <summary>What authenticators know a user by: 32 bytes, the ids of organization and user, so that the tenant is known before the first query.</summary>
    public static string HandleOf(User user)
    {
        Span<byte> bytes = stackalloc byte[32];
        user.OrganizationId.Value.TryWriteBytes(bytes[..16], bigEndian: true, out _);
        user.Id.Value.TryWriteBytes(bytes[16..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Null: it is none of ours.</summary>
    public static (OrganizationId Organization, UserId User)? Read(string handle)
    {
        Span<byte> bytes = stackalloc byte[32];
        return handle.Length == 43 && Base64Url.TryDecodeFromChars(handle, bytes, out var written) && written == bytes.Length
            ? (new OrganizationId(new Guid(bytes[..16], bigEndian: true)), new UserId(new Guid(bytes[16..], bigEndian: true)))
            : null;
    }

    public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(HandleOf(user));

    public async Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Read(userId) is var (_, id) ? await db.Users.SingleOrDefaultAsync(u => u.Id == id, cancellationToken) : null;

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(User user, CancellationToken cancellationToken) =>
        [.. (await db.Passkeys.Where(p => p.UserId == user.Id).OrderBy(p => p.Id).ToListAsync(cancellationToken)).Select(Show)];

    public async Task<User?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await db.Passkeys.Where(p => p.CredentialId == credentialId).Join(db.Users, p => p.UserId, u => u.Id, (_, u) => u).SingleOrDefaultAsync(cancellationToken);

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) =>
        await db.Passkeys.SingleOrDefaultAsync(p => p.UserId == user.Id && p.CredentialId == credentialId, cancellationToken) is { } found ? Show(found) : null;

    public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task AddOrUpdatePasskeyAsync(User user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw WritesNothing();

    public Task RemovePasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) => throw WritesNothing();

    public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => throw WritesNothing();

    public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => throw WritesNothing();

    public Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken) => throw WritesNothing();

    public Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken) => throw WritesNothing();

    public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) => throw WritesNothing();

    public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw WritesNothing();

    public void Dispose()
    {
        // The database is somebody else's.
    }

    private static UserPasskeyInfo Show(Passkey row) => new(
        row.CredentialId, row.PublicKey, row.CreatedAt, (uint)row.SignCount, [.. row.Transports], row.IsUserVerified, row.IsBackupEligible, row.IsBackedUp,
        row.AttestationObject, row.ClientData)
    {
        Name = row.Name,
    };

    private static NotSupportedException WritesNothing() => new("Identity is asked about passkeys, and for nothing else.");
}
