using System.Net;
using System.Text;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

public sealed class OrganizationTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Settings_are_read_changed_and_audited(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var read = await api.GetOrganizationSettingsAsync(None);
        (read.Value.Slug, read.Value.OpensWhileClosingOverdue, read.Value.WidestIpv4Prefix, read.Value.WidestIpv6Prefix, read.Value.MaxSessionMinutes)
            .ShouldBe(("acme", false, 24, 56, 1440));
        read.Value.ExternalId.Length.ShouldBeGreaterThanOrEqualTo(32);
        (await (await app.AsAdmin("globex").Api()).GetOrganizationSettingsAsync(None)).Value.ExternalId.ShouldNotBe(read.Value.ExternalId);

        var changed = await api.UpdateOrganizationSettingsAsync(
            new UpdateOrganizationSettingsRequest { Name = "Acme Inc", OpensWhileClosingOverdue = true, WidestIpv4Prefix = 32, WidestIpv6Prefix = 64, MaxSessionMinutes = 90 }, read.ETag, None);
        changed.Value.ShouldBe(read.Value with { Name = "Acme Inc", OpensWhileClosingOverdue = true, WidestIpv4Prefix = 32, WidestIpv6Prefix = 64, MaxSessionMinutes = 90 });
        changed.ETag.ShouldNotBe(read.ETag);
        var again = await api.GetOrganizationSettingsAsync(None);
        (again.Value, again.ETag).ShouldBe((changed.Value, changed.ETag));
        (await api.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { MaxSessionMinutes = 60 }, read.ETag, None)).Problem!.Error
            .ShouldBe(ErrorCodes.PreconditionFailed);
        (await api.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { MaxSessionMinutes = 90 }, changed.ETag, None)).ETag.ShouldBe(changed.ETag);

        var row = (await api.ListAuditAsync("eventType=ORGANIZATION_SETTINGS_UPDATE", None)).Value.Content.ShouldHaveSingleItem("the same again is no change");
        row.ActorEmail.ShouldBe(app.AsAdmin().Email);
        var details = row.Details!.ToString()!;
        details.ShouldContain("1440");
        details.ShouldContain("Acme Inc");
        (await app.As("ann").TryStartSession(["web"], ["203.0.113.7"], hours: 2)).Problem!.Error.ShouldBe(ErrorCodes.SessionTooLong);
    }

    [Theory, EveryDatabase]
    public async Task Everything_wrong_is_said_at_once_and_what_never_changes_is_not_taken(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var before = (await api.GetOrganizationSettingsAsync(None)).Value;
        var wrong = await api.UpdateOrganizationSettingsAsync(
            new UpdateOrganizationSettingsRequest { Name = " ", WidestIpv4Prefix = 0, WidestIpv6Prefix = 129, MaxSessionMinutes = 43_201 }, null, None);
        wrong.Problem!.ValidationErrors!.Keys.ShouldBe(["name", "widestIpv4Prefix", "widestIpv6Prefix", "maxSessionMinutes"], ignoreOrder: true);
        using var body = new StringContent("""{"externalId":"mine"}""", Encoding.UTF8, "application/json");
        (await api.Http.PatchAsync(new Uri("api/v1/organization/settings", UriKind.Relative), body, None)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await api.GetOrganizationSettingsAsync(None)).Value.ShouldBe(before);
    }

    [Theory, EveryDatabase]
    public async Task Only_an_admin_with_the_scope_may(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        (await (await app.As("ann").Api()).GetOrganizationSettingsAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        var reader = app.AsAdmin().With((await app.AsAdmin().CreateApiKey("reader", "organization:read")).PlainTextKey!);
        (await reader.GetOrganizationSettingsAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await reader.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { Name = "x" }, null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }
}
