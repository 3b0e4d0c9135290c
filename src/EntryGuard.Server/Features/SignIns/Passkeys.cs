using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// Passkeys by Identity's WebAuthn handler. User verification and a key that can be found without a user name are demanded, so that one is
/// enough by itself and its question tells nothing about anybody. The challenge travels with the client, sealed, and is heard once.
/// </summary>
public sealed class Passkeys(IDataProtectionProvider protection, IConfiguration configuration, DatabaseClock clock)
{
    private const int LongestAnswer = 64 * 1024;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    internal static Refusal Invalid { get; } = new(ErrorCodes.PasskeyInvalid, RefusalKind.Unauthenticated,
        "The passkey's answer proves nothing: it is of another site or user, too old, or was sent before. Begin anew.");

    /// <summary>What to ask a browser for that makes a passkey.</summary>
    internal async Task<PasskeyOptionsResponse> AskToMakeAsync(EntryGuardDb db, User user, HttpContext http)
    {
        var options = await Handler(db, http).MakeCreationOptionsAsync(new PasskeyUserEntity { Id = PasskeyStore.HandleOf(user), Name = user.Email, DisplayName = user.Name ?? user.Email }, http);
        return Show(options.CreationOptionsJson, options.AttestationState ?? "", MakingFor(user.Id));
    }

    /// <summary>What to ask a browser for that has one.</summary>
    internal async Task<PasskeyOptionsResponse> AskToShowAsync(EntryGuardDb db, HttpContext http)
    {
        var options = await Handler(db, http).MakeRequestOptionsAsync(null, http);
        return Show(options.RequestOptionsJson, options.AssertionState ?? "", "show");
    }

    /// <summary>Reads an answer; whose it is, is only what it says.</summary>
    internal static (Answer? Answer, Refusal? Refusal) Read(string? token, JsonElement? credential)
    {
        var errors = new Dictionary<string, string>();
        if (string.IsNullOrEmpty(token))
            errors["passkeyToken"] = "is missing";
        var json = RequestFields.JsonObject("credential", credential, LongestAnswer, errors);
        if (json is null && errors.Count == 0)
            errors["credential"] = "is missing";
        if (errors.Count > 0)
            return (null, Refusal.Validation(errors));
        return (new Answer(token!, json!, Owner(credential!.Value)), null);
    }

    /// <summary>The passkey that was made, not yet stored; null: the answer proves nothing.</summary>
    internal async Task<Passkey?> MadeAsync(EntryGuardDb db, User user, Answer answer, string name, HttpContext http, CancellationToken ct)
    {
        if (await TakeAsync(db, user, answer, MakingFor(user.Id), ct) is not { } state)
            return null;
        var result = await TryAsync(() => Handler(db, http).PerformAttestationAsync(
            new PasskeyAttestationContext { HttpContext = http, CredentialJson = answer.Json, AttestationState = state }));
        if (result is not { Succeeded: true, Passkey: { IsUserVerified: true } made, UserEntity: { } owner } || owner.Id != PasskeyStore.HandleOf(user))
            return null;
        var now = clock.Now;
        return new Passkey
        {
            Id = new PasskeyId(Guid.CreateVersion7(now)),
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            Name = name,
            CredentialId = made.CredentialId,
            PublicKey = made.PublicKey,
            SignCount = made.SignCount,
            Transports = made.Transports ?? [],
            IsUserVerified = made.IsUserVerified,
            IsBackupEligible = made.IsBackupEligible,
            IsBackedUp = made.IsBackedUp,
            AttestationObject = made.AttestationObject,
            ClientData = made.ClientDataJson,
            CreatedAt = now,
        };
    }

    /// <summary>True if the answer was made by a passkey of the account, now, for us. Inside the transaction that holds the account.</summary>
    internal async Task<bool> ProveAsync(EntryGuardDb db, Account account, Answer answer, HttpContext http, CancellationToken ct)
    {
        if (await TakeAsync(db, account.User, answer, "show", ct) is not { } state)
            return false;
        var result = await TryAsync(() => Handler(db, http).PerformAssertionAsync(
            new PasskeyAssertionContext { HttpContext = http, CredentialJson = answer.Json, AssertionState = state }));
        if (result is not { Succeeded: true, Passkey: { IsUserVerified: true } shown, User: { } owner } || owner.Id != account.User.Id)
            return false;
        var row = await db.Passkeys.SingleAsync(p => p.UserId == owner.Id && p.CredentialId == shown.CredentialId, ct);
        (row.SignCount, row.IsBackedUp, row.LastUsedAt) = (shown.SignCount, shown.IsBackedUp, clock.Now);
        return true;
    }

    private static string MakingFor(UserId user) => $"make {user.Value:n}";

    // The handler tells hostile answers by exceptions of several kinds; they are all the same to us.
    private static async Task<T?> TryAsync<T>(Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is PasskeyException or JsonException or FormatException or ArgumentException or InvalidOperationException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The state of a challenge of ours that is young and has not been answered; from here on it has.</summary>
    private async Task<string?> TakeAsync(EntryGuardDb db, User user, Answer answer, string purpose, CancellationToken ct)
    {
        if (Open(answer.Token, purpose) is not var (state, end) || end <= clock.Now)
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(state));
        if (await db.OneTimeTokens.AnyAsync(t => t.Hash == hash, ct))
            return null;
        db.OneTimeTokens.Add(new OneTimeToken
        {
            Hash = hash,
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            Purpose = TokenPurpose.PasskeyChallenge,
            CreatedAt = clock.Now,
            ExpiresAt = end,
            UsedAt = clock.Now,
        });
        return state;
    }

    private PasskeyOptionsResponse Show(string json, string state, string purpose)
    {
        var end = (clock.Now + Life).UtcTicks.ToString(CultureInfo.InvariantCulture);
        using var options = JsonDocument.Parse(json);
        return new PasskeyOptionsResponse { PasskeyToken = Box(purpose).Protect($"{end} {state}"), Options = options.RootElement.Clone() };
    }

    private (string State, DateTimeOffset End)? Open(string token, string purpose)
    {
        if (token.Length > LongestAnswer)
            return null;
        try
        {
            var parts = Box(purpose).Unprotect(token).Split(' ', 2);
            return (parts[1], new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector Box(string purpose) => protection.CreateProtector("EntryGuard.Passkey.v1", purpose);

    private PasskeyHandler<User> Handler(EntryGuardDb db, HttpContext http)
    {
        var origin = configuration["EntryGuard:PublicUrl"] is { Length: > 0 } url ? new Uri(url) : new Uri($"{http.Request.Scheme}://{http.Request.Host}");
#pragma warning disable CA2000 // Neither manager nor store holds anything.
        var users = new UserManager<User>(
            new PasskeyStore(db), Options.Create(new IdentityOptions()), null!, [], [], null!, new IdentityErrorDescriber(), null!,
            http.RequestServices.GetRequiredService<ILogger<UserManager<User>>>());
#pragma warning restore CA2000
        return new PasskeyHandler<User>(users, Options.Create(new IdentityPasskeyOptions
        {
            ServerDomain = origin.Host,
            UserVerificationRequirement = "required",
            ResidentKeyRequirement = "required",
            AuthenticatorTimeout = Life,
            ValidateOrigin = context => ValueTask.FromResult(
                !context.CrossOrigin && string.Equals(context.Origin, origin.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase)),
        }));
    }

    private static (OrganizationId, UserId)? Owner(JsonElement credential)
    {
        if (!credential.TryGetProperty("response", out var response) || response.ValueKind != JsonValueKind.Object
            || !response.TryGetProperty("userHandle", out var handle) || handle.ValueKind != JsonValueKind.String
            || handle.GetString() is not { Length: < 200 } text || !Base64Url.IsValid(text))
            return null;
        return PasskeyStore.Read(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)));
    }

    /// <summary>What a browser answered.</summary>
    /// <param name="Owner">Whose passkey it says it is; null: it does not say.</param>
    internal sealed record Answer(string Token, string Json, (OrganizationId Organization, UserId User)? Owner)
    {
        public UserId? User => Owner?.User;

        /// <summary>Without it.</summary>
        public override string ToString() => nameof(Answer);
    }
}
