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

/// <summary><c>GET /resources/iam-policy</c>: what to grant for the Resources there are, and no more; an entry per kind of them.</summary>
public static class GetIamPolicy
{
    public static async Task<Results<Ok<IReadOnlyList<IamPolicyResponse>>, RefusalResult>> Handle(
        string? provider, EntryGuardDb db, ProviderSet providers, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(providers);
        var names = providers.All.Select(p => p.Type.Provider).Distinct().ToList();
        if (provider is not null && !names.Contains(provider))
            return new RefusalResult(Refusal.Field("provider", $"is unknown; this server has {string.Join(", ", names)}"));
        List<Resource> resources;
        await using (await db.BeginReadAsync(ct))
        {
            resources = await db.Resources.AsNoTracking().Where(r => r.DeletedAt == null && (provider == null || r.Provider == provider))
                .OrderBy(r => r.Provider).ThenBy(r => r.ResourceType).ThenBy(r => r.Id).ToListAsync(ct);
        }

        return TypedResults.Ok<IReadOnlyList<IamPolicyResponse>>(
            [.. resources.GroupBy(r => new ResourceType(r.Provider, r.ResourceType)).Select(g => Of(g.Key, [.. g], providers)).OfType<IamPolicyResponse>()]);
    }

    private static IamPolicyResponse? Of(ResourceType type, IReadOnlyList<Resource> resources, ProviderSet providers)
    {
        if (providers.Find(type.Provider, type.Kind) is not ILeastPrivilege privilege
            || privilege.For([.. resources.Select(r => new PrivilegedResource(r.ToConfig(), r.Identity))]) is not { } least)
            return null;
        return new IamPolicyResponse
        {
            Provider = type.Provider,
            ResourceType = type.Kind,
            Words = least.Words,
            Document = JsonSerializer.Deserialize<JsonElement>(least.DocumentJson),
        };
    }
}
