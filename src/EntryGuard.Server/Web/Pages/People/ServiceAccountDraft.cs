using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>What is typed about a service account.</summary>
public sealed record ServiceAccountDraft
{
    public string Name { get; set; } = "";
    public string Description { get; set; } = "";
    public string Authority { get; set; } = "MEMBER";
    public bool IsActive { get; set; } = true;
    public bool MayNameAddress { get; set; }

    internal static ServiceAccountDraft Of(ServiceAccountResponse account) => new()
    {
        Name = account.Name,
        Description = account.Description ?? "",
        Authority = account.Authority,
        IsActive = account.IsActive,
        MayNameAddress = account.MayNameAddress,
    };
}
