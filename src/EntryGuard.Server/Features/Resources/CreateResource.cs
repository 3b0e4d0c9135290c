using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>POST /resources</c>: stores it, then verifies it; the answer tells its health. With <c>?dryRun=true</c> it only asks the provider.</summary>
public static class CreateResource
{
    internal static Refusal NameTaken { get; } = new(ErrorCodes.NameTaken, RefusalKind.Conflict, "Another Resource has this name; choose another one.");

    internal static Refusal NoSuchCredential { get; } =
        new(ErrorCodes.CredentialNotFound, RefusalKind.NotFound, "There is no such credential.")
        {
            Errors = new Dictionary<string, string> { ["credentialId"] = "names a credential that does not exist" },
        };

    public static async Task<Results<Created<ResourceResponse>, Ok<VerifyPreview>, RefusalResult>> Handle(
        CreateResourceRequest request, bool? dryRun, EntryGuardDb db, Caller caller, ProviderSet providers, Verification verification, DatabaseClock clock,
        HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(verification);
        ArgumentNullException.ThrowIfNull(clock);
        var (resource, provider, refusal) = Parse(request, caller.Organization, providers, clock.Now);
        if (resource is null)
            return new RefusalResult(refusal!);
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (resource.CredentialId is { } credential && await CredentialFaultAsync(db, credential, provider!, ct) is { } fault)
                return new RefusalResult(fault);
            if (await db.Resources.AnyAsync(r => r.Name == resource.Name && r.DeletedAt == null, ct))
                return new RefusalResult(NameTaken);
            if (dryRun != true)
                Add(db, resource, provider!, request, caller, clock.Now);
            await work.CommitAsync(ct);   // of a dry run: nothing
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(NameTaken);
        }

        if (dryRun == true)
            return VerifyDraft.Show(resource, await verification.TryAsync(resource, caller.Actor, ct));
        await verification.VerifyAsync(resource.Id, caller.Actor, ct);
        return TypedResults.Created($"/api/v1/resources/{resource.Id.Value}", await GetResource.FindAsync(db, resource.Id, response, ct));
    }

    private static void Add(EntryGuardDb db, Resource resource, IResourceProvider provider, CreateResourceRequest request, Caller caller, DateTimeOffset now)
    {
        db.Resources.Add(resource);
        db.Audit.Add(AuditRow.About(resource, caller.Actor, "RESOURCE_CREATE", now, new
        {
            type = provider.Type.ToString(),
            identifier = resource.Identifier,
            region = resource.Region,
            config = request.Config,
            rules = resource.Scopes.Select(s => s.ToString()),
            credentialId = resource.CredentialId?.Value,
            isActive = resource.IsActive,
            allowedAddresses = resource.AllowedAddresses,
            policy = Names.Wire(resource.Policy),
        }));
    }

    /// <summary>Null if the Resource may use the credential. Holds the credential, so that nobody deletes it meanwhile.</summary>
    internal static async Task<Refusal?> CredentialFaultAsync(EntryGuardDb db, CredentialId id, IResourceProvider provider, CancellationToken ct)
    {
        await db.LockAsync(id, ct);
        var found = await db.Credentials.AsNoTracking().Where(c => c.Id == id && c.DeletedAt == null)
            .Select(c => new { c.Provider, c.CredentialType }).SingleOrDefaultAsync(ct);
        if (found is null)
            return NoSuchCredential;
        return found.Provider == provider.Type.Provider && provider.Capabilities.CredentialTypes.Contains(found.CredentialType)
            ? null
            : Refusal.Field("credentialId", $"is of {found.Provider}, type {found.CredentialType}; {provider.Type} takes {Types(provider)}");
    }

    /// <summary>What is wrong with giving it a credential, or with giving it none; null: nothing.</summary>
    internal static string? CredentialFault(IResourceProvider provider, bool given) => provider.Capabilities.CredentialTypes.Count == 0
        ? given ? $"is given, but {provider.Type} needs no credential; leave it out" : null
        : given ? null : $"is missing; {provider.Type} needs a credential of type {Types(provider)}";

    internal static IReadOnlyList<string> Allowed(IReadOnlyList<string>? given, Dictionary<string, string> errors)
    {
        if (given is null)
            return [];
        if (given.Except(AddressWords.All).Any())
            errors["allowedAddresses"] = $"holds an unknown word; write any of {string.Join(", ", AddressWords.All)}";
        return [.. AddressWords.All.Intersect(given)];
    }

    /// <summary>Null if left out.</summary>
    internal static DriftPolicy? Policy(string? given, Dictionary<string, string> errors)
    {
        if (given is null)
            return null;
        var policy = Names.FromWire<DriftPolicy>(given);
        if (policy is null)
            errors["policy"] = $"is unknown; write one of {string.Join(", ", PolicyWords.All)}";
        return policy;
    }

    private static string Types(IResourceProvider provider) => string.Join(" or ", provider.Capabilities.CredentialTypes);

    private static (Resource? Resource, IResourceProvider? Provider, Refusal? Refusal) Parse(
        CreateResourceRequest request, OrganizationId organization, ProviderSet providers, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(providers);
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Name("name", request.Name, errors);
        var identifier = RequestFields.Name("resourceIdentifier", request.ResourceIdentifier, errors);
        var region = RequestFields.Words("region", request.Region, RequestFields.LongestName, errors);
        var credential = RequestFields.Id("credentialId", request.CredentialId, errors);
        var allowed = Allowed(request.AllowedAddresses, errors);
        var policy = Policy(request.Policy, errors);
        var config = RequestFields.JsonObject("config", request.Config, MostConfig, errors) ?? "{}";
        var provider = Provider(request, providers, errors);
        if (provider is not null && !errors.ContainsKey("credentialId") && CredentialFault(provider, credential is not null) is { } fault)
            errors["credentialId"] = fault;
        var reading = provider?.Read(new ResourceConfig(identifier, region, JsonSerializer.Deserialize<JsonElement>(config)));
        foreach (var (field, what) in reading?.Errors ?? new Dictionary<string, string>())
            errors.TryAdd(field, what);
        if (errors.Count > 0)
            return (null, null, Refusal.Validation(errors));
        return (new Resource
        {
            Id = new ResourceId(Guid.CreateVersion7(now)),
            OrganizationId = organization,
            Name = name,
            CredentialId = credential is { } id ? new CredentialId(id) : null,
            Provider = provider!.Type.Provider,
            ResourceType = provider.Type.Kind,
            Identifier = identifier,
            Region = region,
            Config = config,
            Scopes = reading!.Scopes,
            AllowedAddresses = allowed,
            IsActive = request.IsActive ?? true,
            Policy = policy ?? DriftPolicy.Repair,
            CreatedAt = now,
            UpdatedAt = now,
        }, provider, null);
    }

    private static IResourceProvider? Provider(CreateResourceRequest request, ProviderSet providers, Dictionary<string, string> errors)
    {
        var known = string.Join(", ", providers.All.Select(p => p.Type));
        if (string.IsNullOrEmpty(request.Provider))
            errors["provider"] = $"is missing; this server has {known}";
        if (string.IsNullOrEmpty(request.ResourceType))
            errors["resourceType"] = $"is missing; this server has {known}";
        if (string.IsNullOrEmpty(request.Provider) || string.IsNullOrEmpty(request.ResourceType))
            return null;
        if (providers.Find(request.Provider, request.ResourceType) is { } provider)
            return provider;
        errors[providers.All.Any(p => p.Type.Provider == request.Provider) ? "resourceType" : "provider"] = $"is unknown; this server has {known}";
        return null;
    }

    /// <summary>Most characters of a configuration.</summary>
    internal const int MostConfig = 20_000;
}
