namespace EntryGuard.Domain;

/// <summary>What kind of no it is.</summary>
public enum RefusalKind
{
    /// <summary>The request is wrong, or comes at the wrong moment: 400.</summary>
    Invalid,

    /// <summary>Not signed in: 401.</summary>
    Unauthenticated,

    /// <summary>Signed in, but not allowed: 403.</summary>
    Forbidden,

    /// <summary>Not there, or not yours, which reads the same: 404.</summary>
    NotFound,

    /// <summary>It contradicts what is there: 409.</summary>
    Conflict,

    /// <summary>It was made for an older version of the row: 412.</summary>
    Outdated,

    /// <summary>Enough for now: 429.</summary>
    TooMany,
}

/// <summary>An expected no, as a value.</summary>
/// <param name="Code">Part of the API: never renamed, listed in Contracts.</param>
/// <param name="Kind">Decides the HTTP status.</param>
/// <param name="Message">For people: what is wrong and what to do.</param>
public sealed record Refusal(string Code, RefusalKind Kind, string Message)
{
    /// <summary>Field to what is wrong with its value and what to write instead; null if no field is to blame.</summary>
    public IReadOnlyDictionary<string, string>? Errors { get; init; }

    /// <summary>Faults of fields, all at once.</summary>
    public static Refusal Validation(IReadOnlyDictionary<string, string> errors, string code = "VALIDATION_ERROR")
    {
        ArgumentNullException.ThrowIfNull(errors);
        return new(code, RefusalKind.Invalid, string.Join(" ", errors.Select(e => $"{e.Key} {e.Value}."))) { Errors = errors };
    }

    /// <summary>One faulty field.</summary>
    public static Refusal Field(string field, string fault, string code = "VALIDATION_ERROR") =>
        Validation(new Dictionary<string, string> { [field] = fault }, code);
}
