using System.Text.Json;
using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>How the wire records are read and written, without reflection. Every record that crosses the wire is listed here.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(DetectIpResponse))]
[JsonSerializable(typeof(CreateCredentialRequest))]
[JsonSerializable(typeof(UpdateCredentialRequest))]
[JsonSerializable(typeof(CredentialResponse))]
[JsonSerializable(typeof(IReadOnlyList<CredentialResponse>))]
[JsonSerializable(typeof(CreateUserRequest))]
[JsonSerializable(typeof(UpdateUserRequest))]
[JsonSerializable(typeof(UserResponse))]
[JsonSerializable(typeof(IReadOnlyList<UserResponse>))]
[JsonSerializable(typeof(CreateApiKeyRequest))]
[JsonSerializable(typeof(ApiKeyResponse))]
[JsonSerializable(typeof(IReadOnlyList<ApiKeyResponse>))]
[JsonSerializable(typeof(StartSessionRequest))]
[JsonSerializable(typeof(ExtendSessionRequest))]
[JsonSerializable(typeof(DeclareGoneRequest))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(IReadOnlyList<SessionResponse>))]
[JsonSerializable(typeof(ResourceIpResponse))]
[JsonSerializable(typeof(StartPreview))]
[JsonSerializable(typeof(CreateResourceRequest))]
[JsonSerializable(typeof(UpdateResourceRequest))]
[JsonSerializable(typeof(ResourceResponse))]
[JsonSerializable(typeof(IReadOnlyList<ResourceResponse>))]
[JsonSerializable(typeof(VerifyResponse))]
[JsonSerializable(typeof(IReadOnlyList<AssignedUser>))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(ExplainResponse))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(EventResponse))]
public sealed partial class ContractsJson : JsonSerializerContext;
