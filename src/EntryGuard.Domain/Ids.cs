namespace EntryGuard.Domain;

/// <summary>A tenant. Made by <see cref="Guid.CreateVersion7(DateTimeOffset)"/>, so order by id is order of creation.</summary>
public readonly record struct OrganizationId(Guid Value);

/// <summary>A person, or a service account, of one organization.</summary>
public readonly record struct UserId(Guid Value) : IComparable<UserId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(UserId other) => Value.CompareTo(other.Value);
}

/// <summary>One API key of one user.</summary>
public readonly record struct ApiKeyId(Guid Value) : IComparable<ApiKeyId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(ApiKeyId other) => Value.CompareTo(other.Value);
}

/// <summary>One sign-in of one user, from the password or passkey to the sign-out.</summary>
public readonly record struct SignInId(Guid Value) : IComparable<SignInId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(SignInId other) => Value.CompareTo(other.Value);
}

/// <summary>One passkey of one user.</summary>
public readonly record struct PasskeyId(Guid Value) : IComparable<PasskeyId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(PasskeyId other) => Value.CompareTo(other.Value);
}

/// <summary>What some users may open, and on which terms.</summary>
public readonly record struct RoleId(Guid Value) : IComparable<RoleId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(RoleId other) => Value.CompareTo(other.Value);
}

/// <summary>One stored credential.</summary>
public readonly record struct CredentialId(Guid Value) : IComparable<CredentialId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(CredentialId other) => Value.CompareTo(other.Value);
}

/// <summary>One thing that was wrong with a Resource.</summary>
public readonly record struct HealthEventId(Guid Value) : IComparable<HealthEventId>
{
    /// <summary>Order of first being seen.</summary>
    public int CompareTo(HealthEventId other) => Value.CompareTo(other.Value);
}

/// <summary>One allow-list somewhere, as an organization sees it.</summary>
public readonly record struct ResourceId(Guid Value) : IComparable<ResourceId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(ResourceId other) => Value.CompareTo(other.Value);
}

/// <summary>One user's time-bound access; also the id of the owner of its claims.</summary>
public readonly record struct SessionId(Guid Value) : IComparable<SessionId>
{
    /// <summary>The order in which owners are locked, everywhere: by this comparison no two transactions wait for each other.</summary>
    public int CompareTo(SessionId other) => Value.CompareTo(other.Value);
}

/// <summary>One claim: session × Resource × address.</summary>
public readonly record struct ResourceIpId(Guid Value) : IComparable<ResourceIpId>
{
    /// <summary>Order of creation.</summary>
    public int CompareTo(ResourceIpId other) => Value.CompareTo(other.Value);
}

/// <summary>What is really edited at the provider; contains the identity that verification proved, for instance <c>gate:127.0.0.1:15432</c>.</summary>
public readonly record struct AllowListKey(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}
