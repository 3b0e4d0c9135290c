using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Credentials;

/// <summary><c>GET /credentials</c>: oldest first, a page at a time.</summary>
public static class ListCredentials
{
    public static async Task<Results<Page<CredentialResponse>, RefusalResult>> Handle(string? search, int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        var words = RequestFields.Search(search, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var credentials = db.Credentials.Where(c => c.DeletedAt == null);
        if (words is not null)
            credentials = credentials.Where(c => EF.Functions.Like(c.Name.ToLower(), words, @"\"));
        if (after is { } last)
        {
            var (at, id) = (last.At, new CredentialId(last.Id));
            credentials = credentials.Where(c => c.CreatedAt > at || (c.CreatedAt == at && c.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await credentials.OrderBy(c => c.CreatedAt).ThenBy(c => c.Id).Take(most + 1).Select(CredentialView.Projection(db)).ToListAsync(ct);
        return Page<CredentialResponse>.Of(rows, most, r => new Cursor(r.CreatedAt, r.Id), r => r);
    }
}
