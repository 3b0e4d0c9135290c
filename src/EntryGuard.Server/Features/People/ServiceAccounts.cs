using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>
/// <c>/service-accounts</c>: users that are programs. They have roles, sessions and keys like persons, by the same rows; they never sign in,
/// and no mail reaches the address that stands for them.
/// </summary>
public static class ServiceAccounts
{
    private const int LongestName = 63;

    private static Refusal NotFound { get; } = new(ErrorCodes.ServiceAccountNotFound, RefusalKind.NotFound, "There is no such service account.");

    private static Refusal NameTaken { get; } = Refusal.Field("name", "is the name of another service account; write another one", ErrorCodes.NameTaken);

    /// <summary><c>GET /service-accounts</c>: oldest first.</summary>
    public static async Task<Results<Page<ServiceAccountResponse>, RefusalResult>> HandleList(
        string? search, bool? isFrozen, int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        var words = RequestFields.Search(search, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var accounts = Of(db);
        if (words is not null)
            accounts = accounts.Where(u => EF.Functions.Like(u.Email, words, @"\") || EF.Functions.Like(u.Name!.ToLower(), words, @"\"));
        if (isFrozen is { } frozen)
            accounts = accounts.Where(u => (u.FrozenAt != null) == frozen);
        if (after is { } last)
        {
            var (at, id) = (last.At, new UserId(last.Id));
            accounts = accounts.Where(u => u.CreatedAt > at || (u.CreatedAt == at && u.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await UserView.Show(db, accounts.OrderBy(u => u.CreatedAt).ThenBy(u => u.Id).Take(most + 1)).ToListAsync(ct);
        return Page<ServiceAccountResponse>.Of(rows, most, r => new Cursor(r.CreatedAt, r.Id), Show);
    }

    /// <summary><c>GET /service-accounts/{id}</c>.</summary>
    public static async Task<Results<Ok<ServiceAccountResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct) =>
        await FindAsync(db, new UserId(id), response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);

    /// <summary><c>POST /service-accounts</c>.</summary>
    public static async Task<Results<Created<ServiceAccountResponse>, RefusalResult>> HandleCreate(
        CreateServiceAccountRequest request, EntryGuardDb db, Caller caller, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var (now, errors) = (clock.Now, new Dictionary<string, string>());
        var name = request.Name ?? "";
        if (name.Length is 0 or > LongestName || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || name[0] == '-' || name[^1] == '-')
            errors["name"] = $"must have 1 to {LongestName} lower-case letters, digits and hyphens, such as ci-deploy";
        var account = new User
        {
            Id = new UserId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            Kind = UserKind.ServiceAccount,
            Email = "",
            Name = RequestFields.Words("description", request.Description, RequestFields.LongestName, errors),
            Authority = UserFields.Authority(request.Authority, null, errors) ?? Authority.Member,
            MayNameAddress = request.MayNameAddress ?? false,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            account.Email = $"{name}@{await db.Organizations.Select(o => o.Slug).SingleAsync(ct)}{User.ServiceDomain}";
            if (await db.Users.AnyAsync(u => u.Email == account.Email && u.DeletedAt == null, ct))
                return new RefusalResult(NameTaken);
            db.Users.Add(account);
            db.Audit.Add(AuditRow.About(account, caller.Actor, "SERVICE_ACCOUNT_CREATE", now, new
            {
                description = account.Name,
                authority = Names.Wire(account.Authority),
                mayNameAddress = account.MayNameAddress,
            }));
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(NameTaken);
        }

        return TypedResults.Created($"/api/v1/service-accounts/{account.Id.Value}", await FindAsync(db, account.Id, response, ct));
    }

    /// <summary><c>PATCH /service-accounts/{id}</c>.</summary>
    public static async Task<Results<Ok<ServiceAccountResponse>, RefusalResult>> HandleUpdate(
        Guid id, UpdateServiceAccountRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, IEngine engine,
        DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var errors = new Dictionary<string, string>();
        var description = RequestFields.Words("description", request.Description, RequestFields.LongestName, errors);
        var authority = UserFields.Authority(request.Authority, null, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var change = new UserChange(request.Description is not null, description, authority, request.IsActive, request.MayNameAddress);
        var refusal = await UpdateUser.ApplyAsync(new UserId(id), UserKind.ServiceAccount, change, ifMatch, NotFound, db, caller, engine, clock, ct);
        return refusal is null && await FindAsync(db, new UserId(id), response, ct) is { } found
            ? TypedResults.Ok(found) : new RefusalResult(refusal ?? NotFound);
    }

    /// <summary><c>DELETE /service-accounts/{id}</c>.</summary>
    public static Task<Results<NoContent, RefusalResult>> HandleDelete(
        Guid id, bool? end, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        DeleteUser.DeleteAsync(new UserId(id), UserKind.ServiceAccount, end, NotFound, db, caller, engine, clock, ct);

    private static IQueryable<User> Of(EntryGuardDb db) => db.Users.Where(u => u.Kind == UserKind.ServiceAccount && u.DeletedAt == null);

    private static async Task<ServiceAccountResponse?> FindAsync(EntryGuardDb db, UserId id, HttpResponse response, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        if (await UserView.Show(db, Of(db).Where(u => u.Id == id)).SingleOrDefaultAsync(ct) is not { } found)
            return null;
        ETags.Show(response, found.UpdatedAt);
        return Show(found);
    }

    private static ServiceAccountResponse Show(UserResponse user) => new()
    {
        Id = user.Id,
        Name = user.Email[..user.Email.IndexOf('@', StringComparison.Ordinal)],
        Email = user.Email,
        Description = user.Name,
        Authority = user.Authority,
        MayNameAddress = user.MayNameAddress,
        IsActive = user.IsActive,
        FrozenAt = user.FrozenAt,
        RoleNames = user.RoleNames,
        CreatedAt = user.CreatedAt,
        UpdatedAt = user.UpdatedAt,
    };
}
