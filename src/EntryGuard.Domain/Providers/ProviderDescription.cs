namespace EntryGuard.Domain.Providers;

/// <summary>What is written into a field, and how it becomes JSON.</summary>
public enum FieldKind
{
    /// <summary>One line; a string.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>One line that nobody is to see; a string.</summary>
    Secret,

    /// <summary>Several lines that nobody is to see, such as a key file; a string.</summary>
    Multiline,

    /// <summary>One of <see cref="FieldDescription.Choices"/>; a string.</summary>
    Choice,

    /// <summary>Yes or no; a boolean.</summary>
    Flag,

    /// <summary>Several of a kind; an array, in which what is written as a whole number is a number and all else a string.</summary>
    List,
}

/// <summary>One field of a Resource or a credential, as the code that reads it describes it.</summary>
/// <param name="Key">
/// Of a Resource: "resourceIdentifier", "region", or "config." and the setting's name, as faults name them. Of a credential: the name within
/// <c>credentialData</c>.
/// </param>
/// <param name="Label">A few words for people.</param>
/// <param name="Kind">What is written into it.</param>
public sealed record FieldDescription(string Key, string Label, FieldKind Kind)
{
    /// <summary>Without it nothing is accepted.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What it means, and what holds where it is left out; null: the label says it all.</summary>
    public string? Hint { get; init; }

    /// <summary>One that could be written; null: none helps.</summary>
    public string? Example { get; init; }

    /// <summary>The words of a <see cref="FieldKind.Choice"/>; where none is written, the first holds. Else empty.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The key of the field that says the same in another way: who offers that one need not offer this one. Null: it stands for itself.</summary>
    public string? InsteadOf { get; init; }
}

/// <summary>One kind of credential.</summary>
/// <param name="Type">One of <see cref="ProviderCapabilities.CredentialTypes"/>.</param>
/// <param name="Name">A few words for people.</param>
/// <param name="Hint">When to use it, and what it rests on.</param>
/// <param name="Fields">Of <c>credentialData</c>; no other is accepted.</param>
public sealed record CredentialDescription(string Type, string Name, string Hint, IReadOnlyList<FieldDescription> Fields)
{
    /// <summary>The other side must demand the organization's external id, so whoever fills it in needs to see that.</summary>
    public bool NeedsExternalId { get; init; }
}

/// <summary>What a provider asks for, in its own words: forms, documents and tests follow it. Constant for a provider.</summary>
/// <param name="Name">Of the kind of allow-list, for people: "AWS security group".</param>
/// <param name="ResourceFields">In the order in which they are asked for; no other setting is accepted.</param>
/// <param name="Credentials">One for each of <see cref="ProviderCapabilities.CredentialTypes"/>, the better ones first.</param>
public sealed record ProviderDescription(string Name, IReadOnlyList<FieldDescription> ResourceFields, IReadOnlyList<CredentialDescription> Credentials)
{
    /// <summary>The key of the identifier itself.</summary>
    public const string Identifier = "resourceIdentifier";

    /// <summary>The key of the region.</summary>
    public const string Region = "region";

    /// <summary>The key of the field whose text is the identifier as well; where that is not the identifier itself, the identifier is not asked for.</summary>
    public string IdentifiedBy { get; init; } = Identifier;
}
