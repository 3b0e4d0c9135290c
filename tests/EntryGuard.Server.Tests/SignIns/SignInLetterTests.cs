using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.SignIns;

/// <summary>What is written to people about signing in, and how long what they sign in with is kept.</summary>
public sealed class SignInLetterTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly Dictionary<string, string> WithMail = new()
    {
        ["EntryGuard:PublicUrl"] = "https://entryguard.example",
        ["EntryGuard:Mail:Host"] = "mail.invalid",
        ["EntryGuard:Mail:From"] = "door@entryguard.example",
    };

    [Theory, EveryDatabase]
    public async Task With_mail_links_are_sent_and_shown_to_nobody(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, WithMail);
        var boss = await app.AsAdmin().Api();
        var made = (await boss.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        (made.Invitation!.IsSent, made.Invitation.Token, made.Invitation.Link).ShouldBe((true, null, null));
        (await boss.ResendInvitationAsync(made.Id, None)).Value.Token.ShouldBeNull();
        (await Kinds(app, "new@acme.example")).ShouldBe([MailKind.Invitation, MailKind.Invitation]);
    }

    [Theory, EveryDatabase]
    public async Task A_forgotten_password_is_written_about_to_those_who_exist_three_times_an_hour(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, WithMail);
        var (ann, eve) = (app.As("ann"), app.As("eve"));
        await ann.SignIn();
        await eve.SignIn();
        await app.AsAdmin().TryUpdate(eve, new UpdateUserRequest { IsActive = false });
        for (var i = 0; i < 5; i++)
        {
            foreach (var (slug, email) in ((string, string)[])[("acme", ann.Email), ("ACME", ann.Email.ToUpperInvariant()), ("acme", eve.Email), ("acme", "nobody@acme.example"), ("nobody", ann.Email)])
                (await ann.Anonymous().ForgotPasswordAsync(new ForgotPasswordRequest { OrganizationSlug = slug, Email = email }, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        }

        await app.RunUntilQuiet();
        (await Kinds(app, ann.Email)).ShouldBe([MailKind.PasswordReset, MailKind.PasswordReset, MailKind.PasswordReset]);
        (await Kinds(app, null)).Count.ShouldBe(3);
        app.Time.Advance(TimeSpan.FromHours(1));
        await ann.Anonymous().ForgotPasswordAsync(new ForgotPasswordRequest { OrganizationSlug = "acme", Email = ann.Email }, None);
        await app.RunUntilQuiet();
        (await Kinds(app, ann.Email)).Count.ShouldBe(4);
    }

    [Theory, EveryDatabase]
    public async Task A_sign_in_from_elsewhere_and_a_new_password_are_told(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await using var withMail = await TestApp.StartAsync(database, WithMail);
        var again = withMail.As("ann");
        await again.Login();
        (await Kinds(withMail, ann.Email)).ShouldBeEmpty();
        var api = again.With((await again.Login(from: "203.0.113.9")).AccessToken!);
        (await Kinds(withMail, ann.Email)).ShouldBe([MailKind.NewSignIn]);
        await api.ChangePasswordAsync(new ChangePasswordRequest { CurrentPassword = TestUser.Password, NewPassword = "another horse, another battery" }, None);
        (await Kinds(withMail, ann.Email)).ShouldBe([MailKind.NewSignIn, MailKind.PasswordChanged], ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public async Task What_signs_nobody_in_any_more_is_let_go_of(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await ann.TryLogin("wrong horse battery staple");
        (await Counts(app)).ShouldBe((1, 1, 1, 1));
        app.Time.Advance(TimeSpan.FromDays(8));
        (await Counts(app)).ShouldBe((1, 1, 1, 0), "guesses of yesterday are forgotten");
        app.Time.Advance(TimeSpan.FromSeconds(1));
        (await Counts(app)).ShouldBe((1, 0, 0, 0), "who was in is known for as long as a session is");
        app.Time.Advance(TimeSpan.FromDays(90));
        (await Counts(app)).ShouldBe((0, 0, 0, 0));
    }

    private static async Task<IReadOnlyList<MailKind>> Kinds(TestApp app, string? to)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        return await db.OutboxMails.Where(m => to == null || m.To == to).OrderBy(m => m.Id).Select(m => m.Kind).ToListAsync(None);
    }

    private static async Task<(int SignIns, int Refresh, int OneTime, int Failures)> Counts(TestApp app)
    {
        await app.Services.GetRequiredService<Retention>().PruneAsync(None);
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        return (await db.SignIns.CountAsync(None), await db.RefreshTokens.CountAsync(None), await db.OneTimeTokens.CountAsync(None), await db.SignInFailures.CountAsync(None));
    }
}
