namespace EntryGuard.Contracts;

/// <summary>What a Resource of one kind, and what reaches it, is asked for: in the provider's own words.</summary>
public sealed record ProviderResponse
{
    /// <summary>"GATE", "AWS", ...</summary>
    public required string Provider { get; init; }

    /// <summary>"TCP_GATE", "SECURITY_GROUP", ...</summary>
    public required string ResourceType { get; init; }

    /// <summary>For people: "AWS security group".</summary>
    public required string Name { get; init; }

    /// <summary>The key of the field whose text is the <c>resourceIdentifier</c> as well; where it is another one, the identifier is no field of its own.</summary>
    public required string IdentifiedBy { get; init; }

    /// <summary>Of a Resource, beside what every Resource has; in the order in which they are asked for.</summary>
    public required IReadOnlyList<FieldResponse> ResourceFields { get; init; }

    /// <summary>Kinds of credential that it takes; empty: it needs none.</summary>
    public required IReadOnlyList<CredentialKindResponse> Credentials { get; init; }

    /// <summary>Kinds of address that may be let in without a word in <c>allowedAddresses</c>, of <see cref="AddressWords"/>.</summary>
    public required IReadOnlyList<string> UsualAddresses { get; init; }
}

/// <summary>One kind of credential.</summary>
public sealed record CredentialKindResponse
{
    /// <summary>"ACCESS_KEY", ...</summary>
    public required string CredentialType { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>When to use it, and what it rests on.</summary>
    public required string Hint { get; init; }

    /// <summary>The other side must demand the organization's <c>externalId</c>.</summary>
    public required bool NeedsExternalId { get; init; }

    /// <summary>Of <c>credentialData</c>.</summary>
    public required IReadOnlyList<FieldResponse> Fields { get; init; }
}

/// <summary>One field.</summary>
public sealed record FieldResponse
{
    /// <summary>Of a Resource: "resourceIdentifier", "region", or "config." and the setting's name. Of a credential: the name within <c>credentialData</c>.</summary>
    public required string Key { get; init; }

    /// <summary>For people.</summary>
    public required string Label { get; init; }

    /// <summary>Of <see cref="FieldKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Without it nothing is accepted.</summary>
    public required bool IsRequired { get; init; }

    /// <summary>What it means, and what holds without it; null: the label says it all.</summary>
    public string? Hint { get; init; }

    /// <summary>One that could be written; null: none helps.</summary>
    public string? Example { get; init; }

    /// <summary>The words of a CHOICE, of which the first holds where none is written; else empty.</summary>
    public required IReadOnlyList<string> Choices { get; init; }

    /// <summary>The key of the field that says the same in another way; null: it stands for itself.</summary>
    public string? InsteadOf { get; init; }
}

/// <summary>The words of a field's <c>kind</c>.</summary>
public static class FieldKinds
{
    /// <summary>
    /// TEXT, SECRET, MULTILINE (secret, several lines) and CHOICE are strings, NUMBER a whole number, FLAG a boolean; LIST is an array, in which what
    /// is written as a whole number is a number and all else a string.
    /// </summary>
    public static IReadOnlyList<string> All { get; } = ["TEXT", "NUMBER", "SECRET", "MULTILINE", "CHOICE", "FLAG", "LIST"];
}
