using System.Threading.Channels;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/forgot-password</c>: whatever is asked for is noted, and answered at once; who that is, is looked up afterwards.</summary>
public static class ForgotPassword
{
    internal static Results<NoContent, RefusalResult> Handle(ForgotPasswordRequest request, ForgottenPasswords forgotten, HttpContext http)
    {
        var errors = new Dictionary<string, string>();
        var slug = RequestFields.Slug("organizationSlug", request.OrganizationSlug, errors);
        var email = RequestFields.Email("email", request.Email, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        forgotten.Note(slug, email, ClientAddress.Of(http).ToString());
        return TypedResults.NoContent();
    }
}

/// <summary>Sends links to those who forgot their password; three an hour to anybody. Without mail there is nobody to send one to.</summary>
internal sealed class ForgottenPasswords(
    Databases databases, HandOver handOver, Outbox outbox, Allowances allowances, DatabaseClock clock, ILogger<ForgottenPasswords> log) : BackgroundService
{
    private const int MostPerHour = 3;

    // A full channel loses requests: whoever waits for a letter in vain asks again.
    private readonly Channel<Request> requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Note(string slug, string email, string address) => requests.Writer.TryWrite(new Request(slug, email, address));

    /// <summary>Does what was asked for so far.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        while (requests.Reader.TryRead(out var request))
        {
            if (outbox.IsOn && allowances.Take($"forgot {request.Slug} {request.Email}", MostPerHour, TimeSpan.FromHours(1)) is null)
                await SendAsync(request, ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await requests.Reader.WaitToReadAsync(stoppingToken))
        {
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.NotSent(e);
            }
        }
    }

    private async Task SendAsync(Request request, CancellationToken ct)
    {
        var organization = await Slugs.FindAsync(databases, request.Slug, ct);
        await using var db = databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var id = await db.Users.Where(u => u.Email == request.Email && u.DeletedAt == null).Select(u => (UserId?)u.Id).SingleOrDefaultAsync(ct);
        if (id is null || await Account.HoldAsync(db, id.Value, ct) is not { } account)
            return;
        await handOver.ResetPasswordAsync(db, account.User, account.Actor(request.Address), clock.Now, ct);
        db.Audit.Add(AuditRow.About(account.User, account.Actor(request.Address), "PASSWORD_RESET_REQUEST", clock.Now));
        await work.CommitAsync(ct);
    }

    private sealed record Request(string Slug, string Email, string Address);
}

internal static partial class ForgottenPasswordLog
{
    [LoggerMessage(2121, LogLevel.Warning, "A link to set another password could not be sent")]
    public static partial void NotSent(this ILogger log, Exception e);
}
