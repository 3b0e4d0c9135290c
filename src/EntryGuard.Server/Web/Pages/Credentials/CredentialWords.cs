using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.Credentials;

/// <summary>How credentials are spoken of, and what is wrong with their fields.</summary>
internal static class CredentialWords
{
    /// <summary>Kinds of credential this server takes, each once: several kinds of Resource of a provider may take the same.</summary>
    public static IEnumerable<(string Provider, CredentialKindResponse Kind)> Kinds(IEnumerable<ProviderResponse> providers) =>
        providers.SelectMany(p => p.Credentials.Select(k => (p.Provider, Kind: k))).DistinctBy(k => (k.Provider, k.Kind.CredentialType));

    public static StatusLook Status(CredentialResponse credential) => credential.IsValid switch
    {
        true => Words.Health("VALID") with { Meaning = "It worked when a Resource was last verified with it." },
        false => Words.Health("INVALID") with { Meaning = "It did not work when a Resource was last verified with it." },
        null => Words.Health("UNVERIFIED") with { Meaning = "No Resource was verified with it yet." },
    };

    /// <summary>The API's words about a secret are about all of it: those of them that name the field; null: none does.</summary>
    public static string? Fault(Problem? problem, FieldResponse field) => Parts(problem).Find(p => Names(p, field)) is { } part ? Sentence(part, [field]) : null;

    /// <summary>What of those words no field shows; null: nothing.</summary>
    public static string? Rest(Problem? problem, IReadOnlyList<FieldResponse> fields)
    {
        var rest = Parts(problem).Where(p => !fields.Any(f => Names(p, f))).ToList();
        return rest.Count == 0 ? null : Sentence(string.Join("; ", rest), fields);
    }

    // What follows "write" is an example of a whole secret, and blames nobody.
    private static List<string> Parts(Problem? problem) => [.. (problem?.ValidationErrors?.GetValueOrDefault("credentialData")?.Split("; ") ?? [])
        .Select(p => p.StartsWith("it ", StringComparison.Ordinal) ? p[3..] : p).Where(p => !p.StartsWith("write ", StringComparison.Ordinal))];

    private static bool Names(string part, FieldResponse field) => part.Split([' ', ',', '.', ':']).Contains(field.Key);

    private static string Sentence(string part, IEnumerable<FieldResponse> fields)
    {
        var words = fields.Aggregate(part.Split(' '), (all, field) => [.. all.Select(w => w == field.Key ? field.Label : w)]);
        return $"It {string.Join(' ', words).TrimEnd('.')}.";
    }
}
