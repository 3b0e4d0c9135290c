using System.Text.Json;
using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>What a browser is to do with a passkey.</summary>
public sealed record PasskeyOptionsResponse
{
    /// <summary>To send back with the answer, within 5 minutes.</summary>
    public required string PasskeyToken { get; init; }

    /// <summary>For <c>PublicKeyCredential.parse…OptionsFromJSON</c>.</summary>
    public required JsonElement Options { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(PasskeyOptionsResponse);
}

/// <summary>Body of <c>POST /api/v1/auth/passkeys</c>.</summary>
public sealed record AddPasskeyRequest
{
    /// <summary>From the options. Required.</summary>
    public string? PasskeyToken { get; init; }

    /// <summary>What the browser answered to the options, as JSON. Required.</summary>
    public JsonElement? Credential { get; init; }

    /// <summary>To recognise it by; at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Where setting up a second factor was demanded, adding one signs in; see <see cref="LoginRequest.UseCookies"/>.</summary>
    public bool? UseCookies { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(AddPasskeyRequest)} {Name}";
}

/// <summary>Body of <c>POST /api/v1/auth/passkeys/sign-in</c>.</summary>
public sealed record PasskeySignInRequest
{
    /// <summary>From the options. Required.</summary>
    public string? PasskeyToken { get; init; }

    /// <summary>What the browser answered to the options, as JSON. Required.</summary>
    public JsonElement? Credential { get; init; }

    /// <inheritdoc cref="LoginRequest.UseCookies"/>
    public bool? UseCookies { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(PasskeySignInRequest);
}

/// <summary>One passkey of the caller.</summary>
public sealed record PasskeyResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>To recognise it by.</summary>
    public required string Name { get; init; }

    /// <summary>A copy of it is kept elsewhere, for instance with the maker of the phone.</summary>
    public required bool IsBackedUp { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null: never used.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>In the answer that adds it, where setting up a second factor was demanded: what signs in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LoginResponse? SignIn { get; init; }
}
