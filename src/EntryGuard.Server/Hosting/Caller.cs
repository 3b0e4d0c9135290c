using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Hosting;

/// <summary>Who sent this request, and from where.</summary>
/// <param name="Organization">The tenant; every query of the request is bound to it.</param>
/// <param name="UserId">The user the key belongs to.</param>
/// <param name="Email">Of the user.</param>
/// <param name="IsOrgAdmin">The user is an admin.</param>
/// <param name="MayNameAddress">The user may start sessions for an address other than the observed one.</param>
/// <param name="Scopes">Of the API key; "*" is all of them.</param>
/// <param name="Address">The observed address; from a forwarded header only if the peer is a configured proxy.</param>
public sealed record Caller(
    OrganizationId Organization, UserId UserId, string Email, bool IsOrgAdmin, bool MayNameAddress, IReadOnlyList<string> Scopes, Cidr Address)
{
    /// <summary>For audit rows.</summary>
    public Actor Actor => new("USER", UserId, Email, Address.ToString());
}
