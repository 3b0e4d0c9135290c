using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary>
/// <c>PATCH /resources/{id}</c>. What live claims rest on changes with them, in one transaction: other ports move them (E08), the switch ends
/// them (E05). Every edit tries overdue closings again at once (E04). With <c>?dryRun=true</c> the provider is asked about what would be, and nothing changes.
/// </summary>
public static class UpdateResource
{
    public static async Task<Results<Ok<ResourceResponse>, Ok<VerifyPreview>, RefusalResult>> Handle(
        Guid id, UpdateResourceRequest request, bool? dryRun, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, ProviderSet providers,
        Verification verification, IEngine engine, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(providers);
        ArgumentNullException.ThrowIfNull(verification);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var (edit, refusal) = Parse(request);
        if (edit is null)
            return new RefusalResult(refusal!);
        var resourceId = new ResourceId(id);
        if (dryRun == true)
            return await TryAsync(resourceId, edit, request, ifMatch, db, caller, providers, verification, ct);
        SessionWrite write;
        bool verify;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            if (edit.Credential is { } wanted)
                await db.LockAsync(wanted, ct);
            await db.LockAsync(resourceId, ct);
            if (await db.Resources.SingleOrDefaultAsync(r => r.Id == resourceId && r.DeletedAt == null, ct) is not { } resource)
                return new RefusalResult(GetResource.NotFound);
            if (ETags.Outdated(ifMatch, resource.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            var (scopes, fault) = await CheckAsync(db, edit, request, resource, providers, ct);
            if (fault is not null)
                return new RefusalResult(fault);

            var changes = Changes(edit, resource, scopes);
            if (changes.Count == 0)
                return TypedResults.Ok((await ShowAsync(db, resourceId, response, ct))!);
            var mayResume = edit.IsActive == true || edit.Credential is not null;
            write = await SessionWrite.LockOwnersAsync(db, db.ResourceIps.Where(c => c.ResourceId == resourceId
                && (c.DueAt != null || (c.Session!.EndedAt == null && (c.Wanted == Wanted.Present
                    || (mayResume && c.Session.Kind == OwnerKind.StaticRule && c.EndReason == EndReason.AccessRevoked))))), clock.Now, caller.Actor, ct);
            var claims = write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c.ResourceId == resourceId).ToList();
            if (edit.IsActive != false && !scopes.SequenceEqual(resource.Scopes) && RoomFault(resource, claims, scopes) is { } full)
                return new RefusalResult(full);
            MoveClaims(write, resource, claims, edit.IsActive == false, scopes);
            write.LookAt(resource);
            verify = changes.Keys.Any(c => c is "config" or "credentialId" or "isActive");
            Apply(edit, resource, scopes, write.Now);
            if (mayResume && resource.IsActive && !await db.Credentials.AnyAsync(c => c.Id == resource.CredentialId && c.DeletedAt != null, ct))
                Resume(write, resource, providers);
            db.Audit.Add(AuditRow.About(resource, caller.Actor, "RESOURCE_UPDATE", write.Now, changes));
            write.Complete();
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(CreateResource.NameTaken);
        }

        engine.Wake(write.Wake);
        if (verify)
            await verification.VerifyAsync(resourceId, caller.Actor, ct);
        return await GetResource.FindAsync(db, resourceId, response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(GetResource.NotFound);
    }

    // In a write that is not committed: what an edit checks, it checks under its locks. The provider is asked outside of it.
    private static async Task<Results<Ok<ResourceResponse>, Ok<VerifyPreview>, RefusalResult>> TryAsync(
        ResourceId id, Edit edit, UpdateResourceRequest request, string? ifMatch, EntryGuardDb db, Caller caller, ProviderSet providers, Verification verification,
        CancellationToken ct)
    {
        Resource? resource;
        await using (await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            resource = await db.Resources.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.DeletedAt == null, ct);
            if (resource is null)
                return new RefusalResult(GetResource.NotFound);
            if (ETags.Outdated(ifMatch, resource.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            var (scopes, fault) = await CheckAsync(db, edit, request, resource, providers, ct);
            if (fault is not null)
                return new RefusalResult(fault);
            var claims = await db.ResourceIps.AsNoTracking().Where(c => c.ResourceId == id && c.Wanted == Wanted.Present).ToListAsync(ct);
            if (edit.IsActive != false && !scopes.SequenceEqual(resource.Scopes) && RoomFault(resource, claims, scopes) is { } full)
                return new RefusalResult(full);
            Apply(edit, resource, scopes, resource.UpdatedAt);
        }

        return VerifyDraft.Show(resource, await verification.TryAsync(resource, caller.Actor, ct));
    }

    // Inside the write: it must not begin a read of its own.
    private static async Task<ResourceResponse?> ShowAsync(EntryGuardDb db, ResourceId id, HttpResponse response, CancellationToken ct)
    {
        var row = await db.Resources.Where(r => r.Id == id).Select(ResourceView.Projection).SingleAsync(ct);
        ETags.Show(response, row.Resource.UpdatedAt);
        return row.ToResponse();
    }

    private static async Task<(ImmutableArray<Scope> Scopes, Refusal? Refusal)> CheckAsync(
        EntryGuardDb db, Edit edit, UpdateResourceRequest request, Resource resource, ProviderSet providers, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        Fixed("provider", request.Provider, resource.Provider, errors);
        Fixed("resourceType", request.ResourceType, resource.ResourceType, errors);
        Fixed("resourceIdentifier", request.ResourceIdentifier, resource.Identifier, errors);
        Fixed("region", request.Region, resource.Region, errors);
        var provider = providers.Find(resource.Provider, resource.ResourceType);
        var scopes = resource.Scopes;
        if (provider is null && (edit.Config is not null || edit.Credential is not null))
            errors[edit.Config is null ? "credentialId" : "config"] = $"cannot be checked: this server has no provider for {resource.Provider}/{resource.ResourceType}";
        if (provider is not null && edit.Credential is not null && CreateResource.CredentialFault(provider, true) is { } unneeded)
            errors["credentialId"] = unneeded;
        if (provider is not null && edit.Config is { } config)
        {
            var reading = provider.Read(resource.ToConfig(config));
            foreach (var (field, what) in reading.Errors)
                errors.TryAdd(field, what);
            scopes = reading.IsGood ? reading.Scopes : scopes;
            if (reading.IsGood && resource.AllowListKey is not null && provider.Read(resource.ToConfig()).Fixed is { } was && was != reading.Fixed)
                errors["config"] = $"leads from {reading.Fixed}, and this Resource is {was} for good; make a new Resource for the other one";
        }

        if (errors.Count > 0)
            return (scopes, Refusal.Validation(errors));
        if (edit.Credential is { } credential && await CreateResource.CredentialFaultAsync(db, credential, provider!, ct) is { } fault)
            return (scopes, fault);
        if (edit.Credential is { } other && other != resource.CredentialId && resource.AllowListKey is not null
            && await db.ResourceIps.AnyAsync(c => c.ResourceId == resource.Id && c.DueAt != null, ct))
            return (scopes, await OtherAccountAsync(db, resource, other, ct));
        return await db.Resources.AnyAsync(r => r.Id != resource.Id && r.Name == edit.Name && r.DeletedAt == null, ct)
            ? (scopes, CreateResource.NameTaken)
            : (scopes, null);
    }

    // E15. While anything may stand, only a credential that is known to prove the same identity may take over.
    private static async Task<Refusal?> OtherAccountAsync(EntryGuardDb db, Resource resource, CredentialId other, CancellationToken ct) =>
        await db.Resources.AnyAsync(r => r.CredentialId == other && r.DeletedAt == null && r.Health == ResourceHealth.Valid && r.Identity == resource.Identity, ct)
            ? null
            : Refusal.Field("credentialId",
                $"is not known to lead to {resource.Identity}, and rules made there may stand; end the sessions first, or rotate the present credential in place",
                ErrorCodes.OtherIdentity);

    private static void Fixed(string field, string? given, string? now, Dictionary<string, string> errors)
    {
        if (given is not null && given != (now ?? ""))
            errors[field] = $"never changes; it is {now ?? "not set"}, so make a new Resource for another one";
    }

    private static Dictionary<string, object> Changes(Edit edit, Resource resource, ImmutableArray<Scope> scopes)
    {
        var changes = new Dictionary<string, object>();
        if (edit.Name is { } name && name != resource.Name)
            changes["name"] = new { from = resource.Name, to = name };
        if (edit.Config is { } config && config != resource.Config)
            changes["config"] = new { from = JsonSerializer.Deserialize<JsonElement>(resource.Config), to = JsonSerializer.Deserialize<JsonElement>(config) };
        if (!scopes.SequenceEqual(resource.Scopes))
            changes["rules"] = new { from = resource.Scopes.Select(s => s.ToString()), to = scopes.Select(s => s.ToString()) };
        if (edit.Credential is { } credential && credential != resource.CredentialId)
            changes["credentialId"] = new { from = resource.CredentialId?.Value, to = credential.Value };
        if (edit.IsActive is { } active && active != resource.IsActive)
            changes["isActive"] = new { from = resource.IsActive, to = active };
        if (edit.Allowed is { } allowed && !allowed.SequenceEqual(resource.AllowedAddresses))
            changes["allowedAddresses"] = new { from = resource.AllowedAddresses, to = allowed };
        if (edit.Policy is { } policy && policy != resource.Policy)
            changes["policy"] = new { from = Names.Wire(resource.Policy), to = Names.Wire(policy) };
        return changes;
    }

    // E08: refused before anything moves if the provider is known to lack room for both the old and the new rules.
    private static Refusal? RoomFault(Resource resource, List<ResourceIp> claims, ImmutableArray<Scope> scopes)
    {
        var live = claims.Where(c => c.State.IsLive).ToList();
        var standing = live.SelectMany(c => c.Scopes.Select(s => new RuleKey(s, c.Address))).ToHashSet();
        var needed = live.SelectMany(c => scopes.Select(s => new RuleKey(s, c.Address))).Distinct().Where(rule => !standing.Contains(rule)).ToList();
        foreach (var quota in resource.Quotas)
        {
            if (needed.Count(rule => quota.Counts(rule.Address.IpVersion)) is var more && more > quota.Free)
                return new Refusal(ErrorCodes.CapacityExceeded, RefusalKind.Invalid,
                    $"Live sessions and static rules would need {more} more rules, and the provider has room for {quota.Free} ({quota.Used} of {quota.Limit} are used). End some first.");
        }

        return null;
    }

    private static void MoveClaims(SessionWrite write, Resource resource, List<ResourceIp> claims, bool end, ImmutableArray<Scope> scopes)
    {
        foreach (var claim in claims)
        {
            if (end && claim.Wanted == Wanted.Present)
                write.End(claim, EndReason.AccessRevoked);
            else if (!scopes.SequenceEqual(resource.Scopes) && claim.State.IsLive)
                write.Supersede(claim, scopes);
            else
                write.TryNow(claim);
        }
    }

    // Static rules that lost the Resource only because it was switched off, or without a credential, have it again. Sessions do not: whoever
    // needs one starts another.
    private static void Resume(SessionWrite write, Resource resource, ProviderSet providers)
    {
        foreach (var rule in write.Sessions.Values.Where(s => s is { Kind: OwnerKind.StaticRule, IsRunning: true } && s.ExpiresAt > write.Now))
        {
            if (rule.ResourceIps.Exists(c => c.ResourceId == resource.Id && c is { Wanted: Wanted.Absent, EndReason: EndReason.AccessRevoked })
                && AddressLimits.WhyNotAtAll(providers, resource, rule.Address) is null)
                write.Claim(rule, resource);
        }
    }

    private static void Apply(Edit edit, Resource resource, ImmutableArray<Scope> scopes, DateTimeOffset now)
    {
        resource.Name = edit.Name ?? resource.Name;
        resource.Config = edit.Config ?? resource.Config;
        resource.Scopes = scopes;
        resource.CredentialId = edit.Credential ?? resource.CredentialId;
        resource.IsActive = edit.IsActive ?? resource.IsActive;
        resource.AllowedAddresses = edit.Allowed ?? resource.AllowedAddresses;
        resource.Policy = edit.Policy ?? resource.Policy;
        resource.UpdatedAt = now > resource.UpdatedAt ? now : resource.UpdatedAt.AddMicroseconds(1);
    }

    private static (Edit? Edit, Refusal? Refusal) Parse(UpdateResourceRequest request)
    {
        var errors = new Dictionary<string, string>();
        var name = request.Name is null ? null : RequestFields.Name("name", request.Name, errors);
        var credential = RequestFields.Id("credentialId", request.CredentialId, errors);
        var config = RequestFields.JsonObject("config", request.Config, CreateResource.MostConfig, errors);
        var allowed = request.AllowedAddresses is null ? null : CreateResource.Allowed(request.AllowedAddresses, errors);
        var policy = CreateResource.Policy(request.Policy, errors);
        return errors.Count > 0
            ? (null, Refusal.Validation(errors))
            : (new Edit(name, credential is { } id ? new CredentialId(id) : null, config, request.IsActive, allowed, policy), null);
    }

    // Null: stays as it is.
    private sealed record Edit(string? Name, CredentialId? Credential, string? Config, bool? IsActive, IReadOnlyList<string>? Allowed, DriftPolicy? Policy);
}
