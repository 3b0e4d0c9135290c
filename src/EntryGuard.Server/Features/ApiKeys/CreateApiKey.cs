using System.Collections.Immutable;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.ApiKeys;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary><c>POST /api-keys</c>. A key never makes one that may do more than itself, or from elsewhere, or on other Resources.</summary>
public static class CreateApiKey
{
    private const int LongestDescription = 1000;
    private const int MostNetworks = 100;
    private const int MostResources = 200;

    private static Refusal OnlyAdmins { get; } = new(ErrorCodes.Forbidden, RefusalKind.Forbidden,
        "Only an administrator of the organization may make a key for another user; leave userId out.");

    private static Refusal NoSuchUser { get; } = RequestFields.NotThere(ErrorCodes.UserNotFound, "userId", "a user");

    public static async Task<Results<Created<ApiKeyResponse>, RefusalResult>> Handle(
        CreateApiKeyRequest request, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var text = ApiKeyText.New(caller.Organization);
        var (key, refusal) = Parse(request, caller, text, now);
        if (key is null)
            return new RefusalResult(refusal!);
        if (key.UserId != caller.UserId && !caller.IsOrgAdmin)
            return new RefusalResult(OnlyAdmins);

        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == key.UserId && u.DeletedAt == null, ct) is not { } user)
            return new RefusalResult(NoSuchUser);
        if (!user.IsActive)
            return new RefusalResult(Refusal.Field("userId", $"names a user that is deactivated; activate {user.Email} first"));
        var resources = key.ResourceIds.ToList();
        if (await db.Resources.CountAsync(r => resources.Contains(r.Id) && r.DeletedAt == null, ct) < resources.Count)
            return new RefusalResult(RequestFields.NotThere(ErrorCodes.ResourceNotFound, "resourceIds", "a Resource"));
        db.ApiKeys.Add(key);
        db.Audit.Add(AuditRow.About(key, caller.Actor, "API_KEY_CREATE", now, new
        {
            userId = user.Id.Value,
            email = user.Email,
            keyPrefix = key.KeyPrefix,
            scopes = key.Scopes,
            sourceNetworks = key.Networks.Select(n => n.ToString()),
            resourceIds = key.ResourceIds.Select(r => r.Value),
            expiresAt = key.ExpiresAt,
        }));
        var made = await SaveAndShowAsync(db, key, ct);
        await work.CommitAsync(ct);
        return TypedResults.Created($"/api/v1/api-keys/{key.Id.Value}", made with { PlainTextKey = text.Text });
    }

    internal static async Task<ApiKeyResponse> SaveAndShowAsync(EntryGuardDb db, ApiKey key, CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        return (await ApiKeyView.Show(db, db.ApiKeys.Where(k => k.Id == key.Id)).SingleAsync(ct)).ToResponse();
    }

    private static (ApiKey? Key, Refusal? Refusal) Parse(CreateApiKeyRequest request, Caller caller, ApiKeyText text, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Name("name", request.Name, errors);
        var description = RequestFields.Words("description", request.Description, LongestDescription, errors);
        var scopes = Scopes(request.Scopes, caller, errors);
        var user = RequestFields.Id("userId", request.UserId, errors);
        var networks = Networks(request, caller, errors);
        var resources = Resources(request, caller, errors);
        if (request.ExpiresAt <= now)
            errors["expiresAt"] = "is not in the future; write a later instant, or leave it out for a key without expiry";
        if (errors.Count > 0)
            return (null, Refusal.Validation(errors));
        return (new ApiKey
        {
            Id = new ApiKeyId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            UserId = user is { } id ? new UserId(id) : caller.UserId,
            Name = name,
            Description = description,
            KeyPrefix = text.Prefix,
            Hash = text.Hash,
            Scopes = scopes,
            Networks = networks,
            ResourceIds = resources,
            ExpiresAt = request.ExpiresAt is { } end ? end.ToUniversalTime().AddTicks(-(end.UtcTicks % TimeSpan.TicksPerMillisecond)) : null,
            CreatedByEmail = caller.Email,
            CreatedAt = now,
        }, null);
    }

    // Left out, the restrictions of the key of this request are the new key's as well.
    private static ImmutableArray<Cidr> Networks(CreateApiKeyRequest request, Caller caller, Dictionary<string, string> errors)
    {
        var networks = RequestFields.Networks("sourceNetworks", request.SourceNetworks, MostNetworks, errors);
        if (caller.Key is not { Networks: { Length: > 0 } own })
            return networks;
        if (networks.Any(n => !own.Any(o => o.Contains(n))))
            errors["sourceNetworks"] = $"holds addresses from which the key of this request is not heard itself; write some of {string.Join(", ", own)}";
        return networks.Length == 0 ? own : networks;
    }

    private static ImmutableArray<ResourceId> Resources(CreateApiKeyRequest request, Caller caller, Dictionary<string, string> errors)
    {
        ImmutableArray<ResourceId> resources = [.. RequestFields.Ids("resourceIds", request.ResourceIds, MostResources, errors).Select(id => new ResourceId(id))];
        if (caller.Key is not { ResourceIds: { Length: > 0 } own })
            return resources;
        if (resources.Except(own).Any())
            errors["resourceIds"] = "names Resources that the key of this request does not reach itself";
        return resources.Length == 0 ? own : resources;
    }

    private static IReadOnlyList<string> Scopes(IReadOnlyList<string>? given, Caller caller, Dictionary<string, string> errors)
    {
        var known = string.Join(", ", ApiScopes.Known);
        if (given is null or { Count: 0 })
            errors["scopes"] = $"is missing; name at least one of {known}";
        given = given?.Select(ApiScopes.Canonical).ToList();
        for (var i = 0; i < given?.Count; i++)
        {
            if (!ApiScopes.Known.Contains(given[i]))
                errors[$"scopes[{i}]"] = $"is unknown; write one of {known}";
            else if (!ApiScopes.Allow(caller.Scopes, given[i]))
                errors[$"scopes[{i}]"] = $"is {given[i]}, which the key of this request may not do itself; leave it out, or use a key that may";
        }

        return [.. ApiScopes.Known.Intersect(given ?? [])];
    }
}
