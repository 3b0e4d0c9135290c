using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features;

/// <summary>
/// What follows from a change of access, in its transaction: the owners of what it may touch are locked, and every claim of theirs is
/// looked at again. Call when the change itself is saved, whatever it is locked by being held; then commit and ring the bell.
/// </summary>
internal static class AccessChange
{
    /// <summary>
    /// First of all, before anything else is locked or read: changes of access of one organization take turns, and no start or extension
    /// passes them. Else of two that go at once each could let a claim rest on what the other takes away.
    /// </summary>
    public static Task TakeTurnAsync(EntryGuardDb db, Caller caller, CancellationToken ct) => db.LockAsync(caller.Organization, ct);

    /// <summary>Of one user: all ends if the user is deactivated or deleted, else what nothing entitles any more.</summary>
    public static async Task<SessionWrite> OfUserAsync(EntryGuardDb db, User user, DateTimeOffset now, Actor actor, CancellationToken ct)
    {
        var write = await SessionWrite.LockOwnersAsync(db, Running(db).Where(c => c.Session!.UserId == user.Id), now, actor, ct);
        if (user is { IsActive: true, DeletedAt: null })
            await Entitlements.ReviewAsync(db, write, ct);
        else
            EndAll(write, EndReason.AccessRevoked);
        write.Complete();
        return write;
    }

    /// <summary>Of whatever these claims rest on.</summary>
    public static async Task<SessionWrite> OfAsync(EntryGuardDb db, IQueryable<ResourceIp> claims, DateTimeOffset now, Actor actor, CancellationToken ct)
    {
        var write = await SessionWrite.LockOwnersAsync(db, claims, now, actor, ct);
        await Entitlements.ReviewAsync(db, write, ct);
        write.Complete();
        return write;
    }

    /// <summary>Wanted claims of users' sessions that have not ended.</summary>
    public static IQueryable<ResourceIp> Running(EntryGuardDb db) =>
        db.ResourceIps.Where(c => c.Wanted == Wanted.Present && c.Session!.Kind == OwnerKind.Session && c.Session.EndedAt == null);

    /// <summary>All sessions that were locked end.</summary>
    public static void EndAll(SessionWrite write, EndReason reason)
    {
        foreach (var session in write.Sessions.Values)
            write.End(session, reason);
    }
}
