using EntryGuard.Domain;
namespace EntryGuard.Server.Data.Secrets;
public sealed class SecretBox { public string Unprotect(OrganizationId o, CredentialId c, byte[] secret) => throw new NotSupportedException(); }
