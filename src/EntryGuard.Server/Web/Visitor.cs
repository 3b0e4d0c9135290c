using System.Security.Claims;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Hosting.SignIns;

namespace EntryGuard.Server.Web;

/// <summary>Who looks at a page.</summary>
/// <param name="SignIn">By which sign-in; whether that is still on, each request finds out.</param>
/// <param name="Address">As observed when the page was asked for.</param>
internal sealed record Visitor(AccessClaims SignIn, Cidr Address)
{
    /// <summary>Null: nobody is signed in.</summary>
    public static Visitor? Of(ClaimsPrincipal principal) =>
        Id(principal, SignInAuthentication.Organization) is { } organization && Id(principal, ClaimTypes.NameIdentifier) is { } user
            && Id(principal, SignInAuthentication.SignInClaim) is { } signIn
            && Cidr.TryParse(principal.FindFirstValue(SignInAuthentication.Address), out var address, out _)
            ? new Visitor(new AccessClaims(new OrganizationId(organization), new UserId(user), new SignInId(signIn)), address)
            : null;

    private static Guid? Id(ClaimsPrincipal principal, string claim) => Guid.TryParseExact(principal.FindFirstValue(claim), "D", out var id) ? id : null;
}
