using System.Text.Json;
using EntryGuard.Contracts;

namespace EntryGuard.Testing;

/// <content>What an admin does.</content>
public sealed partial class TestUser
{
    /// <summary>Stores a credential for the scripted provider.</summary>
    public async Task<CredentialResponse> CreateCredential(string name, string token = "first token") =>
        (await TryCreateCredential(name, token)).Value;

    /// <inheritdoc cref="CreateCredential"/>
    public async Task<ApiAnswer<CredentialResponse>> TryCreateCredential(string name, string token = "first token") =>
        await (await Api()).CreateCredentialAsync(
            new CreateCredentialRequest { Name = name, Provider = "SCRIPTED", CredentialType = "TOKEN", CredentialData = Secret(token) }, None);

    /// <summary>Gives a credential another secret in place.</summary>
    public async Task<ApiAnswer<CredentialResponse>> TryRotate(CredentialResponse credential, string token)
    {
        ArgumentNullException.ThrowIfNull(credential);
        return await (await Api()).UpdateCredentialAsync(credential.Id, new UpdateCredentialRequest { CredentialData = Secret(token) }, null, None);
    }

    public async Task<ApiAnswer<CredentialResponse>> TryDelete(CredentialResponse credential, bool end = false)
    {
        ArgumentNullException.ThrowIfNull(credential);
        return await (await Api()).DeleteCredentialAsync(credential.Id, end, None);
    }

    /// <summary>Changes another user, or this one.</summary>
    public async Task<ApiAnswer<UserResponse>> TryUpdate(TestUser user, UpdateUserRequest change, string? etag = null)
    {
        ArgumentNullException.ThrowIfNull(user);
        return await (await Api()).UpdateUserAsync((await user.SignIn()).User.Value, change, etag, None);
    }

    /// <summary>Makes an API key for this user.</summary>
    public async Task<ApiKeyResponse> CreateApiKey(string name, params string[] scopes) =>
        (await (await Api()).CreateApiKeyAsync(new CreateApiKeyRequest { Name = name, Scopes = scopes }, None)).Value;

    /// <summary>The API as this key's bearer sees it.</summary>
    public ApiClient With(string key)
    {
        var api = new ApiClient(app.Client());
        api.UseKey(key);
        return api;
    }

    private static JsonElement Secret(string token) => JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["token"] = token });
}
