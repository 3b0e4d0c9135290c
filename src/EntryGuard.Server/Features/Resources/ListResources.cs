using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>GET /resources</c>: oldest first, a page at a time.</summary>
public static class ListResources
{
    public static async Task<Results<Page<ResourceResponse>, RefusalResult>> Handle(
        string? search, string? provider, string? health, string? credentialId, int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        var words = RequestFields.Search(search, errors);
        var credential = RequestFields.Id("credentialId", credentialId, errors);
        var state = health is null ? null : Names.FromWire<ResourceHealth>(health);
        if (health is not null && state is null)
            errors["health"] = $"is unknown; write one of {string.Join(", ", Enum.GetValues<ResourceHealth>().Select(Names.Wire))}";
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var resources = db.Resources.AsNoTracking().Where(r => r.DeletedAt == null);
        if (words is not null)
            resources = resources.Where(r => EF.Functions.Like(r.Name.ToLower(), words, @"\") || EF.Functions.Like(r.Identifier.ToLower(), words, @"\"));
        if (provider is not null)
            resources = resources.Where(r => r.Provider == provider);
        if (state is { } only)
            resources = resources.Where(r => r.Health == only);
        if (credential is { } used)
            resources = resources.Where(r => r.CredentialId == new CredentialId(used));
        if (after is { } last)
        {
            var (at, id) = (last.At, new ResourceId(last.Id));
            resources = resources.Where(r => r.CreatedAt > at || (r.CreatedAt == at && r.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await resources.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).Take(most + 1).Select(ResourceView.Projection).ToListAsync(ct);
        return Page<ResourceResponse>.Of(rows, most, r => new Cursor(r.Resource.CreatedAt, r.Resource.Id.Value), r => r.ToResponse());
    }
}
