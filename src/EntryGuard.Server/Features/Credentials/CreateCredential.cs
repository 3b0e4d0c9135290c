using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Credentials;

/// <summary>
/// <c>POST /credentials</c>: only of a kind that a provider of this server takes. It is verified with each Resource that uses it: what a
/// secret opens is known only there.
/// </summary>
public static class CreateCredential
{
    /// <summary>Most characters of a secret: a key file of a cloud has about 2,500.</summary>
    private const int MostSecret = 20_000;

    internal static Refusal NameTaken { get; } = new(ErrorCodes.NameTaken, RefusalKind.Conflict, "Another credential has this name; choose another one.");

    public static async Task<Results<Created<CredentialResponse>, RefusalResult>> Handle(
        CreateCredentialRequest request, EntryGuardDb db, Caller caller, ProviderSet providers, SecretBox secrets, DatabaseClock clock,
        HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(clock);
        var (wish, refusal) = Parse(request, caller.Organization, providers);
        if (wish is null)
            return new RefusalResult(refusal!);
        var now = clock.Now;
        var id = new CredentialId(Guid.CreateVersion7(now));
        var credential = new Credential
        {
            Id = id,
            OrganizationId = caller.Organization,
            Name = wish.Name,
            Provider = wish.Provider,
            CredentialType = wish.CredentialType,
            Secret = secrets.Protect(caller.Organization, id, wish.Secret),
            CreatedAt = now,
            UpdatedAt = now,
        };
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await db.Credentials.AnyAsync(c => c.Name == credential.Name && c.DeletedAt == null, ct))
                return new RefusalResult(NameTaken);
            db.Credentials.Add(credential);
            db.Audit.Add(AuditRow.About(credential, caller.Actor, "CREDENTIAL_CREATE", now, new
            {
                provider = credential.Provider,
                credentialType = credential.CredentialType,
            }));
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(NameTaken);
        }

        return TypedResults.Created($"/api/v1/credentials/{id.Value}", await GetCredential.FindAsync(db, id, response, ct));
    }

    /// <summary>The secret as it is stored and given to providers, if those that take such a credential find nothing wrong with its shape.</summary>
    /// <param name="field">Its name in the request; faults are added to <paramref name="errors"/>.</param>
    /// <param name="given">Null: left out.</param>
    /// <param name="organization">Whose it is to be.</param>
    /// <param name="takers">Providers that take this type of credential.</param>
    /// <param name="credentialType">For those.</param>
    /// <param name="errors">By field.</param>
    internal static string? Secret(
        string field, JsonElement? given, OrganizationId organization, IEnumerable<IResourceProvider> takers, string credentialType, Dictionary<string, string> errors)
    {
        var secret = RequestFields.JsonObject(field, given, MostSecret, errors);
        if (secret is null || errors.ContainsKey(field))
            return null;
        if (takers.Select(p => p.CheckCredential(organization, credentialType, secret)).FirstOrDefault(fault => fault is not null) is not { } fault)
            return secret;
        errors[field] = fault;
        return null;
    }

    /// <summary>Those that take this type of this provider; none: nobody could use it.</summary>
    internal static IReadOnlyList<IResourceProvider> Takers(ProviderSet providers, string provider, string credentialType) =>
        [.. providers.All.Where(p => p.Type.Provider == provider && p.Capabilities.CredentialTypes.Contains(credentialType))];

    private static (Wish? Wish, Refusal? Refusal) Parse(CreateCredentialRequest request, OrganizationId organization, ProviderSet providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Name("name", request.Name, errors);
        var takers = Type(request, providers, errors);
        var secret = Secret("credentialData", request.CredentialData, organization, takers, request.CredentialType ?? "", errors);
        if (secret is null)
            errors.TryAdd("credentialData", "is missing");
        return errors.Count > 0
            ? (null, Refusal.Validation(errors))
            : (new Wish(name, request.Provider!, request.CredentialType!, secret!), null);
    }

    private static IReadOnlyList<IResourceProvider> Type(CreateCredentialRequest request, ProviderSet providers, Dictionary<string, string> errors)
    {
        var known = providers.All.SelectMany(p => p.Capabilities.CredentialTypes.Select(type => (p.Type.Provider, Type: type))).Distinct().ToList();
        var ofThis = known.Where(k => k.Provider == request.Provider).Select(k => k.Type).ToList();
        var names = known.Count == 0 ? "no provider of this server needs a credential" : $"this server takes {Words(known.Select(k => k.Provider))}";
        if (string.IsNullOrEmpty(request.Provider))
            errors["provider"] = $"is missing; {names}";
        else if (ofThis.Count == 0)
            errors["provider"] = providers.All.Any(p => p.Type.Provider == request.Provider) ? $"needs no credential; {names}" : $"is unknown; {names}";
        var types = ofThis.Count == 0 ? "" : $"; {request.Provider} takes {Words(ofThis)}";
        if (string.IsNullOrEmpty(request.CredentialType))
            errors["credentialType"] = $"is missing{types}";
        else if (ofThis.Count > 0 && !ofThis.Contains(request.CredentialType))
            errors["credentialType"] = $"is unknown{types}";
        return Takers(providers, request.Provider ?? "", request.CredentialType ?? "");
    }

    private static string Words(IEnumerable<string> words) => string.Join(" or ", words.Distinct());

    private sealed record Wish(string Name, string Provider, string CredentialType, string Secret)
    {
        public override string ToString() => $"{Provider}/{CredentialType} {Name}";
    }
}
