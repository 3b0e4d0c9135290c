using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/users</c>.</summary>
public sealed record CreateUserRequest
{
    /// <summary>Unique within the organization, whatever its case. Required.</summary>
    public string? Email { get; init; }

    /// <summary>At most 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>MEMBER, AUDITOR or ADMIN; default MEMBER.</summary>
    public string? Authority { get; init; }

    /// <summary>The same as <c>authority</c> ADMIN, or MEMBER. Give one of the two.</summary>
    public bool? IsOrgAdmin { get; init; }

    /// <summary>May start sessions for an address other than the observed one; default false.</summary>
    public bool? MayNameAddress { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/users/{id}</c>: what is left out stays.</summary>
public sealed record UpdateUserRequest
{
    /// <summary>Empty: no name.</summary>
    public string? Name { get; init; }

    /// <summary>MEMBER, AUDITOR or ADMIN. Whoever is no admin any more loses what they opened as one, unless another grant covers it.</summary>
    public string? Authority { get; init; }

    /// <summary>The same as <c>authority</c> ADMIN, or MEMBER. Give one of the two.</summary>
    public bool? IsOrgAdmin { get; init; }

    /// <summary>False ends all sessions of the user, and none can be started.</summary>
    public bool? IsActive { get; init; }

    /// <inheritdoc cref="CreateUserRequest.MayNameAddress"/>
    public bool? MayNameAddress { get; init; }
}

/// <summary>A person.</summary>
public sealed record UserResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Lower case.</summary>
    public required string Email { get; init; }

    /// <summary>Null if none was given.</summary>
    public string? Name { get; init; }

    /// <summary>MEMBER; AUDITOR: reads everything, changes nothing; ADMIN: may administer the organization, which opens nothing by itself.</summary>
    public required string Authority { get; init; }

    /// <summary>The same for ADMIN.</summary>
    public required bool IsOrgAdmin { get; init; }

    /// <summary>Names of the roles it has, in order.</summary>
    public required IReadOnlyList<string> RoleNames { get; init; }

    /// <summary>May start sessions for an address other than the observed one.</summary>
    public required bool MayNameAddress { get; init; }

    /// <summary>False: can do nothing.</summary>
    public required bool IsActive { get; init; }

    /// <summary>No session of it starts since then; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }

    /// <summary>One-time codes are on, or there is a passkey.</summary>
    public bool MfaEnabled { get; init; }

    /// <summary>Null: never.</summary>
    public DateTimeOffset? LastLoginAt { get; init; }

    /// <summary>In the answer that adds the user: how the invitation went out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HandOverResponse? Invitation { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed. The ETag stands for it.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Body of <c>POST /api/v1/users/bulk</c>.</summary>
public sealed record CreateUsersRequest
{
    /// <summary>1 to 200; all are made, or none.</summary>
    public IReadOnlyList<CreateUserRequest>? Users { get; init; }
}

/// <summary>Body of <c>POST /api/v1/service-accounts</c>.</summary>
public sealed record CreateServiceAccountRequest
{
    /// <summary>Lower-case letters, digits and hyphens, at most 63; unique within the organization. Required.</summary>
    public string? Name { get; init; }

    /// <summary>At most 200 characters.</summary>
    public string? Description { get; init; }

    /// <inheritdoc cref="CreateUserRequest.Authority"/>
    public string? Authority { get; init; }

    /// <inheritdoc cref="CreateUserRequest.MayNameAddress"/>
    public bool? MayNameAddress { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/service-accounts/{id}</c>: what is left out stays.</summary>
public sealed record UpdateServiceAccountRequest
{
    /// <summary>Empty: none.</summary>
    public string? Description { get; init; }

    /// <inheritdoc cref="UpdateUserRequest.Authority"/>
    public string? Authority { get; init; }

    /// <summary>False ends all its sessions, and none can be started.</summary>
    public bool? IsActive { get; init; }

    /// <inheritdoc cref="CreateUserRequest.MayNameAddress"/>
    public bool? MayNameAddress { get; init; }
}

/// <summary>A program: it has roles and API keys of its own, and never signs in.</summary>
public sealed record ServiceAccountResponse
{
    /// <summary>Its id; wherever a user's id is asked for, it does as well.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique within the organization.</summary>
    public required string Name { get; init; }

    /// <summary>How it appears where users are named by e-mail address. No mail arrives there.</summary>
    public required string Email { get; init; }

    /// <summary>Null if none was given.</summary>
    public string? Description { get; init; }

    /// <summary>MEMBER, AUDITOR or ADMIN.</summary>
    public required string Authority { get; init; }

    /// <summary>May start sessions for an address other than the observed one.</summary>
    public required bool MayNameAddress { get; init; }

    /// <summary>False: can do nothing.</summary>
    public required bool IsActive { get; init; }

    /// <summary>No session of it starts since then; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }

    /// <summary>Names of the roles it has, in order.</summary>
    public required IReadOnlyList<string> RoleNames { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed. The ETag stands for it.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
