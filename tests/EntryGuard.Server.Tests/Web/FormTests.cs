using System.Text.Json;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Pages.Organization;
using EntryGuard.Server.Web.Pages.People;
using EntryGuard.Server.Web.Pages.Resources;
using EntryGuard.Server.Web.Parts;
using MudBlazor;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What forms say of what is refused, ask before much is taken, and keep of what is typed.</summary>
public sealed class FormTests : IAsyncDisposable
{
    private const string TypedBefore = "What you had typed is back.";

    private static readonly ProviderResponse Kind = new()
    {
        Provider = "AWS",
        ResourceType = "SECURITY_GROUP",
        Name = "AWS security group",
        IdentifiedBy = "resourceIdentifier",
        ResourceFields =
        [
            new() { Key = "resourceIdentifier", Label = "Group ID", Kind = "TEXT", IsRequired = true, Choices = [] },
            new() { Key = "config.protocol", Label = "Protocol", Kind = "CHOICE", IsRequired = false, Choices = ["tcp", "udp"] },
            new() { Key = "config.token", Label = "Token", Kind = "SECRET", IsRequired = false, Choices = [] },
        ],
        Credentials = [],
        UsualAddresses = ["PUBLIC"],
    };

    private static readonly ResourceResponse Stored = new()
    {
        Id = Guid.NewGuid(),
        OrganizationId = Guid.Empty,
        Name = "web",
        Provider = "AWS",
        ResourceType = "SECURITY_GROUP",
        ResourceIdentifier = "sg-1",
        Config = JsonSerializer.SerializeToElement(new { protocol = "tcp" }),
        IsActive = false,
        Health = "VALID",
        Policy = "REPAIR",
        ForeignRules = [],
        AllowedAddresses = [],
        Rules = [],
        Capacity = [],
        CreatedAt = Rows.Now,
        UpdatedAt = Rows.Now,
    };

    private readonly PageBench bench = new();

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Fact]
    public void A_flag_that_is_refused_is_marked_and_says_why()
    {
        FieldResponse field = new() { Key = "config.dual", Label = "Both", Kind = "FLAG", IsRequired = false, Choices = [] };
        var fields = bench.Show<DescribedFields>(p => p.Add(f => f.Fields, [field]).Add(f => f.Of, new FieldDraft()).Add(f => f.Fault, _ => "Is not for this group"));
        fields.Find("input[type=checkbox]").GetAttribute("aria-invalid").ShouldBe("true");
        fields.Markup.ShouldContain("Is not for this group");
        fields.Render(p => p.Add(f => f.Fault, _ => null));
        fields.Find("input[type=checkbox]").GetAttribute("aria-invalid").ShouldNotBe("true");
    }

    [Fact]
    public async Task A_refusal_that_names_no_field_has_the_focus_itself()
    {
        bench.Answers($"PATCH resources/{Stored.Id}", Rows.Refused("The allow-list is somebody else's."));
        var form = await FormAsync();
        await form.Find("input").ChangeAsync("web 2");
        await form.Find("form").SubmitAsync();
        bench.Focused.ShouldBe(Faults.FirstIn("main form[aria-label=Resource]"));
        form.Find(".notice.bad").TextContent.Trim().ShouldBe("The allow-list is somebody else's.");
        form.Find("input").GetAttribute("value").ShouldBe("web 2");
    }

    [Fact]
    public async Task What_is_typed_of_a_Resource_is_kept_without_secrets_until_it_is_saved()
    {
        bench.Answers($"PATCH resources/{Stored.Id}", Stored with { Name = "web 2" });
        var form = await FormAsync();
        bench.Kept.ShouldBeNull();
        await form.Find("input").ChangeAsync("web 2");
        await form.Find("input[type=password]").ChangeAsync("hush");
        bench.Kept!.ShouldContain("web 2");
        bench.Kept!.ShouldContain("\"config.protocol\":\"tcp\"");
        bench.Kept!.ShouldNotContain("hush");
        await form.Find("form").SubmitAsync();
        bench.Kept.ShouldBeNull();
    }

    [Fact]
    public async Task What_was_typed_of_a_Resource_comes_back_and_can_be_given_up()
    {
        bench.Keeps(Typed("OBSERVE"));
        var form = await FormAsync();
        form.Markup.ShouldContain(TypedBefore);
        form.Find("input").GetAttribute("value").ShouldBe("web 2");
        form.Markup.ShouldContain("Report only");
        await form.FindAll("button").Single(b => b.TextContent.Trim() == "Discard").ClickAsync(new());
        form.Markup.ShouldNotContain(TypedBefore);
        form.Find("input").GetAttribute("value").ShouldBe("web");
        form.Markup.ShouldNotContain("Report only");
        bench.Kept.ShouldBeNull();
    }

    [Theory]
    [InlineData("many things")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task What_a_form_cannot_read_of_before_is_nothing(string kept)
    {
        bench.Keeps(kept);
        var form = await FormAsync();
        form.Markup.ShouldNotContain(TypedBefore);
        form.Find("input").GetAttribute("value").ShouldBe("web");
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "1 rule of others is on this allow-list now")]
    [InlineData(2, "2 rules of others are on this allow-list now")]
    [InlineData(null, "could not be asked")]
    public async Task Rules_of_others_are_taken_only_after_it_was_said_how_many(int? count, string? says)
    {
        var foreign = Enumerable.Range(0, count ?? 0).Select(i => new DriftedRule { Rule = "tcp/443", Address = $"203.0.113.{i}" }).ToList();
        bench.Answers($"POST resources/{Stored.Id}/reconcile", new ReconcileResponse
        {
            ResourceId = Stored.Id,
            Message = "",
            Asked = false,
            IsBraked = false,
            Missing = [],
            FoundAgain = [],
            Strays = [],
            Altered = [],
            Foreign = foreign,
            ToRemove = [],
            OtherOrganizations = 0,
            ListedAt = count is null ? null : Rows.Now,
        });
        bench.Answers($"PATCH resources/{Stored.Id}", Stored with { Policy = "EXCLUSIVE" });
        bench.Keeps(Typed("EXCLUSIVE"));
        var dialogs = bench.Show<MudDialogProvider>();
        var form = await FormAsync();
        await AskedAsync(dialogs, () => form.Find("form").SubmitAsync(), says, "Make it exclusive", $"PATCH resources/{Stored.Id}");
    }

    [Theory]
    [InlineData("MEMBER", "ann changes nothing of the organization any more, from the next request on. That holds for API keys as well.")]
    [InlineData("AUDITOR", "ann changes nothing of the organization any more, from the next request on; it can still be read. That holds for API keys as well.")]
    [InlineData("ADMIN", null)]
    public async Task Administration_is_taken_only_after_a_question(string authority, string? says)
    {
        var id = Guid.NewGuid();
        UserResponse user = new()
        {
            Id = id,
            Email = "ann@acme.example",
            Name = "ann",
            Authority = "ADMIN",
            IsOrgAdmin = true,
            RoleNames = [],
            MayNameAddress = false,
            IsActive = true,
            MfaEnabled = true,
            CreatedAt = Rows.Now,
            UpdatedAt = Rows.Now,
        };
        bench.Answers($"GET users/{id}", user);
        bench.Answers("GET roles", Array.Empty<RoleResponse>());
        bench.Answers($"PATCH users/{id}", user with { Authority = authority });
        var dialogs = bench.Show<MudDialogProvider>();
        var page = bench.Show<UserEdit>(p => p.Add(u => u.Id, id));
        await page.FindAll("input[type=radio]")[authority == "MEMBER" ? 0 : authority == "AUDITOR" ? 1 : 2].ChangeAsync(true);
        await AskedAsync(dialogs, () => page.Find("form").SubmitAsync(), says, "Take it away", $"PATCH users/{id}");
    }

    [Theory]
    [InlineData(300, null)]                                                                                                      // nothing lasts as long
    [InlineData(120, "Of the sessions that are open now, 2 would last longer and end by the new limit, 0 of them at once.")]
    [InlineData(30, "Of the sessions that are open now, 2 would last longer and end by the new limit, 1 of them at once.")]
    public async Task Sessions_are_shortened_only_after_it_was_said_how_many(int minutes, string? says)
    {
        OrganizationSettingsResponse settings = new()
        {
            Id = Guid.Empty,
            Name = "Acme",
            Slug = "acme",
            ExternalId = "x",
            OpensWhileClosingOverdue = false,
            WidestIpv4Prefix = 24,
            WidestIpv6Prefix = 56,
            MaxSessionMinutes = 1440,
            PasswordMinLength = 12,
            PasswordRequireUppercase = false,
            PasswordRequireLowercase = false,
            PasswordRequireDigit = false,
            PasswordRequireSpecialChar = false,
            PasswordHistory = 5,
            MfaRequired = false,
        };
        bench.Answers("GET organization/settings", settings);
        bench.Answers("GET sessions/admin", new[] { Rows.Session("ACTIVE"), Rows.Session("ACTIVE") with { StartedAt = Rows.Now.AddMinutes(-60) } });
        bench.Answers("PATCH organization/settings", settings with { MaxSessionMinutes = minutes });
        var dialogs = bench.Show<MudDialogProvider>();
        var page = bench.Show<Settings>();
        await page.Find("#sessions-card input").InputAsync(minutes.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await AskedAsync(dialogs, () => page.Find("[aria-label='Save session limits']").ClickAsync(new()), says, "Shorten", "PATCH organization/settings");
    }

    private static string Typed(string policy) =>
        JsonSerializer.Serialize(new KeptResource("AWS/SECURITY_GROUP", "web 2", null, false, policy, [], new Dictionary<string, string> { ["config.protocol"] = "tcp" }, null), JsonSerializerOptions.Web);

    // Once it is left, once it is done; where nothing is to be said, nothing is asked.
    private async Task AskedAsync(IRenderedComponent<MudDialogProvider> dialogs, Func<Task> press, string? says, string yes, string request)
    {
        if (says is not null)
        {
            var first = press();
            dialogs.WaitForState(() => dialogs.FindAll(".mud-dialog").Count > 0);
            dialogs.Find(".mud-dialog p").TextContent.ShouldContain(says);
            await bench.AnswerAsync(dialogs, "Leave it");
            await first;
            bench.Asked.ShouldNotContain(request);
        }

        var second = press();
        if (says is null)
            dialogs.FindAll(".mud-dialog").ShouldBeEmpty();
        else
            await bench.AnswerAsync(dialogs, yes);
        await second;
        bench.Asked.Count(a => a == request).ShouldBe(1);
    }

    private async Task<IRenderedComponent<ResourceForm>> FormAsync()
    {
        var client = await bench.ClientAsync();
        return bench.Show<ResourceForm>(p => p.Add(f => f.Client, client).Add(f => f.Kind, Kind).Add(f => f.Stored, Stored).Add(f => f.ETag, "1"));
    }
}
