using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>When sign-ins were last seen.</summary>
internal sealed class SignInUse(Databases databases, DatabaseClock clock, ILogger<SignInUse> log) : LastUse<SignInId>(databases, log)
{
    public void Note(SignIn signIn)
    {
        ArgumentNullException.ThrowIfNull(signIn);
        Note(new Use(signIn.OrganizationId, signIn.Id, clock.Now, signIn.Address), signIn.LastSeenAt);
    }

    protected override Task WriteAsync(EntryGuardDb db, Use use, DateTimeOffset before, CancellationToken ct) =>
        db.SignIns.Where(s => s.Id == use.Id && s.LastSeenAt <= before).ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, use.At), ct);
}
