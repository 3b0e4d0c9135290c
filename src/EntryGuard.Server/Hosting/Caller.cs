using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Hosting;

/// <summary>Who sent this request, and from where.</summary>
/// <param name="Organization">The tenant; every query of the request is bound to it.</param>
/// <param name="UserId">The user who signed in, or whom the key belongs to.</param>
/// <param name="Email">Of the user.</param>
/// <param name="Authority">Of the user.</param>
/// <param name="MayNameAddress">The user may start sessions for an address other than the observed one.</param>
/// <param name="Scopes">Of the API key; "*" is all of them, and what whoever signed in has.</param>
/// <param name="Address">The observed address; from a forwarded header only if the peer is a configured proxy.</param>
public sealed record Caller(
    OrganizationId Organization, UserId UserId, string Email, Authority Authority, bool MayNameAddress, IReadOnlyList<string> Scopes, Cidr Address)
{
    /// <summary>What the user is.</summary>
    public UserKind Kind { get; init; }

    /// <summary>The API key that was sent; null: none, the user is signed in.</summary>
    public ApiKey? Key { get; init; }

    /// <summary>The sign-in whose token was sent; null: it is a key.</summary>
    public SignInId? SignInId { get; init; }

    /// <summary>May do nothing but set up a second factor.</summary>
    public bool OnlyEnrols { get; init; }

    /// <summary>The request changes something, came by cookie, and does not prove that a page of ours sent it.</summary>
    public bool LacksCsrfToken { get; init; }

    /// <summary>When the user last showed a second factor in this sign-in; null: never, or it is a key.</summary>
    public DateTimeOffset? MfaAt { get; init; }

    /// <summary>May administer the organization.</summary>
    public bool IsOrgAdmin => Authority == Authority.Admin;

    /// <summary>May read what belongs to others of the organization.</summary>
    public bool SeesAll => Authority is Authority.Admin or Authority.Auditor;

    /// <summary>Where they were seen, one of each family at most: where both are of one family, what this request comes from is nearer to the truth.</summary>
    /// <param name="proved">By an address proof; null: there is none.</param>
    public IReadOnlyList<Cidr> Observed(Cidr? proved) => proved is { } other && other.IpVersion != Address.IpVersion ? [Address, other] : [Address];

    /// <summary>False: the key that was sent is restricted to other Resources.</summary>
    public bool Reaches(ResourceId resource) => Key is null or { ResourceIds: [] } || Key.ResourceIds.Contains(resource);

    /// <summary>The key may do nothing that this request may not do itself.</summary>
    public bool Covers(ApiKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Scopes.All(scope => ApiScopes.Allow(Scopes, scope))
            && (Key is not { Networks: { Length: > 0 } networks } || (key.Networks.Length > 0 && key.Networks.All(n => networks.Any(own => own.Contains(n)))))
            && (Key is not { ResourceIds: { Length: > 0 } resources } || (key.ResourceIds.Length > 0 && key.ResourceIds.All(resources.Contains)));
    }

    /// <summary>For audit rows.</summary>
    public Actor Actor => new(
        Kind == UserKind.ServiceAccount ? "SERVICE_ACCOUNT" : Key is null ? "USER" : "API_KEY", UserId, Email, Address.ToString(),
        Key is null ? null : $"{Key.Name} ({Key.KeyPrefix}…)");

    /// <summary>Of one who shows this key.</summary>
    public static Caller With(ApiKey key, User user, Cidr address)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(user);
        return new Caller(user.OrganizationId, user.Id, user.Email, user.Authority, user.MayNameAddress, key.Scopes, address) { Kind = user.Kind, Key = key };
    }
}
