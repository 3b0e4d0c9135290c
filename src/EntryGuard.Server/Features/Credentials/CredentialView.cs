using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Credentials;

/// <summary>How a credential looks from outside: the secret is not even read.</summary>
public static class CredentialView
{
    public static Expression<Func<Credential, CredentialResponse>> Projection(EntryGuardDb db) => c => new CredentialResponse
    {
        Id = c.Id.Value,
        Name = c.Name,
        Provider = c.Provider,
        CredentialType = c.CredentialType,
        IsValid = c.IsValid,
        LastVerifiedAt = c.LastVerifiedAt,
        VerificationError = c.VerificationError,
        UsedBy = db.Resources.Count(r => r.CredentialId == c.Id && r.DeletedAt == null),
        CreatedAt = c.CreatedAt,
        UpdatedAt = c.UpdatedAt,
    };
}
