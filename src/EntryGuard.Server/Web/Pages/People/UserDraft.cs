using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>What is typed about a user.</summary>
public sealed record UserDraft
{
    public string Email { get; set; } = "";
    public string Name { get; set; } = "";
    public string Authority { get; set; } = "MEMBER";
    public bool IsActive { get; set; } = true;
    public bool MayNameAddress { get; set; }

    internal static UserDraft Of(UserResponse user) => new()
    {
        Email = user.Email,
        Name = user.Name ?? "",
        Authority = user.Authority,
        IsActive = user.IsActive,
        MayNameAddress = user.MayNameAddress,
    };
}
