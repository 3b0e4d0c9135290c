using System.Text.Json;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/resources</c>.</summary>
public sealed record CreateResourceRequest
{
    /// <summary>Unique within the organization, at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Required where the provider takes a credential, refused where it takes none.</summary>
    public string? CredentialId { get; init; }

    /// <summary>"GATE", "AWS", ... Required.</summary>
    public string? Provider { get; init; }

    /// <summary>"TCP_GATE", "SECURITY_GROUP", ... Required.</summary>
    public string? ResourceType { get; init; }

    /// <summary>What names it at the provider. Required.</summary>
    public string? ResourceIdentifier { get; init; }

    /// <summary>Only where the provider has regions.</summary>
    public string? Region { get; init; }

    /// <summary>The provider's own settings; an object.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>The switch; default true. Off: nothing is opened.</summary>
    public bool? IsActive { get; init; }

    /// <summary>Kinds of address beyond the provider's usual ones, of <see cref="AddressWords"/>.</summary>
    public IReadOnlyList<string>? AllowedAddresses { get; init; }

    /// <summary>What is done about rules that differ from what is wanted, of <see cref="PolicyWords"/>; default REPAIR.</summary>
    public string? Policy { get; init; }
}

/// <summary>
/// Body of <c>PATCH /api/v1/resources/{id}</c>: what is left out stays. Provider, type, identifier and region never change: another value
/// for one of them is refused, the same is not.
/// </summary>
public sealed record UpdateResourceRequest
{
    /// <inheritdoc cref="CreateResourceRequest.Name"/>
    public string? Name { get; init; }

    /// <summary>Another credential of the same account.</summary>
    public string? CredentialId { get; init; }

    /// <summary>Never changes.</summary>
    public string? Provider { get; init; }

    /// <inheritdoc cref="Provider"/>
    public string? ResourceType { get; init; }

    /// <inheritdoc cref="Provider"/>
    public string? ResourceIdentifier { get; init; }

    /// <inheritdoc cref="Provider"/>
    public string? Region { get; init; }

    /// <summary>Replaces the whole object. If it opens other ports, live sessions move to them.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Off ends everything that is open on it.</summary>
    public bool? IsActive { get; init; }

    /// <summary>Replaces the whole list; for what is started from now on.</summary>
    public IReadOnlyList<string>? AllowedAddresses { get; init; }

    /// <summary>Of <see cref="PolicyWords"/>.</summary>
    public string? Policy { get; init; }
}

/// <summary>The words of <c>policy</c>.</summary>
public static class PolicyWords
{
    /// <summary>
    /// OBSERVE reports; REPAIR also puts back what is ours and missing, and takes off what is ours and not wanted; EXCLUSIVE also takes off what
    /// is not ours. None of them stops a closing.
    /// </summary>
    public static IReadOnlyList<string> All { get; } = ["OBSERVE", "REPAIR", "EXCLUSIVE"];
}

/// <summary>The words of <c>allowedAddresses</c>.</summary>
public static class AddressWords
{
    /// <summary>All of them: kinds of address, and RANGE for ranges of the allowed kinds.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["PUBLIC", "PRIVATE", "LOOPBACK", "LINK_LOCAL", "MULTICAST", "DOCUMENTATION", "RESERVED", "RANGE"];
}

/// <summary>How full an allow-list is.</summary>
public sealed record CapacityResponse
{
    /// <summary>4 or 6; null: both families share it.</summary>
    public int? IpVersion { get; init; }

    /// <summary>Entries at the provider, whoever made them.</summary>
    public required int Used { get; init; }

    /// <summary>The provider's limit.</summary>
    public required int Limit { get; init; }
}

/// <summary>A rule on an allow-list that is not ours.</summary>
public sealed record ForeignRuleResponse
{
    /// <summary>What it opens: "tcp/443", ...</summary>
    public required string Rule { get; init; }

    /// <summary>To whom: "203.0.113.0/24".</summary>
    public required string Address { get; init; }

    /// <summary>The provider's id; null where it has none.</summary>
    public string? ProviderRuleId { get; init; }
}

/// <summary>One allow-list somewhere, as the organization sees it.</summary>
public sealed record ResourceResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public required Guid OrganizationId { get; init; }

    /// <summary>Unique within the organization.</summary>
    public required string Name { get; init; }

    /// <summary>Null where the provider needs none.</summary>
    public Guid? CredentialId { get; init; }

    /// <inheritdoc cref="CredentialId"/>
    public string? CredentialName { get; init; }

    /// <summary>"GATE", "AWS", ...</summary>
    public required string Provider { get; init; }

    /// <summary>"TCP_GATE", "SECURITY_GROUP", ...</summary>
    public required string ResourceType { get; init; }

    /// <summary>What names it at the provider.</summary>
    public required string ResourceIdentifier { get; init; }

    /// <summary>Null where the provider has none.</summary>
    public string? Region { get; init; }

    /// <summary>The provider's own settings.</summary>
    public required JsonElement Config { get; init; }

    /// <summary>The admin's switch; health is apart from it.</summary>
    public required bool IsActive { get; init; }

    /// <summary>No session opens it since then; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }

    /// <summary>VALID, INVALID or UNVERIFIED: what the provider said last. A verification that reached nobody leaves it as it was.</summary>
    public required string Health { get; init; }

    /// <summary>The verification's words; null before the first one.</summary>
    public string? HealthMessage { get; init; }

    /// <summary>When the provider last said that it works, or that it does not; null: never.</summary>
    public DateTimeOffset? LastVerifiedAt { get; init; }

    /// <summary>Of <see cref="PolicyWords"/>.</summary>
    public required string Policy { get; init; }

    /// <summary>When its allow-list was last compared with what should stand there; null: never.</summary>
    public DateTimeOffset? ListedAt { get; init; }

    /// <summary>Rules of others that open some of what it opens, as seen then: they let people in whatever happens here.</summary>
    public required IReadOnlyList<ForeignRuleResponse> ForeignRules { get; init; }

    /// <summary>Kinds of address beyond the provider's usual ones.</summary>
    public required IReadOnlyList<string> AllowedAddresses { get; init; }

    /// <summary>What one address is let in to: "tcp/5432", ...</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Room at the provider when last seen; empty if it has no limit, or none is known.</summary>
    public required IReadOnlyList<CapacityResponse> Capacity { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When an admin last changed it; verifications do not count. The ETag stands for it.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/resources/{id}/verify</c>: the check ran, and this is what it found.</summary>
public sealed record VerifyResponse
{
    /// <summary>Opening and closing would both work now.</summary>
    public required bool IsValid { get; init; }

    /// <summary>VALID; INVALID: they would not, until somebody changes something; UNREACHABLE: the provider gave no answer that says either.</summary>
    public required string Outcome { get; init; }

    /// <summary>In words, with what to do.</summary>
    public required string Message { get; init; }

    /// <summary>True things that do not stop it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The Resource with its new health.</summary>
    public required ResourceResponse Resource { get; init; }
}

/// <summary>Answer of a <c>dryRun</c>: what the provider says of a Resource as it is described, and nothing was stored.</summary>
public sealed record VerifyPreview
{
    /// <inheritdoc cref="VerifyResponse.IsValid"/>
    public required bool IsValid { get; init; }

    /// <inheritdoc cref="VerifyResponse.Outcome"/>
    public required string Outcome { get; init; }

    /// <inheritdoc cref="VerifyResponse.Message"/>
    public required string Message { get; init; }

    /// <inheritdoc cref="VerifyResponse.Warnings"/>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What one address would be let in to: "tcp/5432", ...</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Room at the provider; empty if it has no limit, or none was seen.</summary>
    public required IReadOnlyList<CapacityResponse> Capacity { get; init; }
}

/// <summary>The least rights with which the Resources of one kind can be opened and closed.</summary>
public sealed record IamPolicyResponse
{
    /// <summary>"AWS", ...</summary>
    public required string Provider { get; init; }

    /// <summary>"SECURITY_GROUP", ...</summary>
    public required string ResourceType { get; init; }

    /// <summary>What to do with it.</summary>
    public required string Words { get; init; }

    /// <summary>In the provider's own form, ready to paste.</summary>
    public required JsonElement Document { get; init; }
}

/// <summary>A user who may open a Resource by direct assignment.</summary>
public sealed record AssignedUser
{
    /// <summary>The user.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Of the user.</summary>
    public required string Email { get; init; }

    /// <summary>Null if the user gave no name.</summary>
    public string? Name { get; init; }

    /// <summary>False: deactivated, so the assignment opens nothing.</summary>
    public required bool IsActive { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset AssignedAt { get; init; }
}

/// <summary>That it was done, in words.</summary>
public sealed record MessageResponse
{
    /// <summary>For people.</summary>
    public required string Message { get; init; }
}
