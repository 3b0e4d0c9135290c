using System.Text.Json;
using System.Text.RegularExpressions;

namespace EntryGuard.Server.Tests.Api;

/// <summary>How an operation is called in tests.</summary>
/// <param name="Ids">Its path parameters, in order, as names of <see cref="World"/>: "session", "resource", "user", ...</param>
/// <param name="Body">JSON that would succeed; null: no body. <c>{resource}</c> and the like are ids of <see cref="World"/>.</param>
/// <param name="Query">As <paramref name="Body"/>, with its question mark.</param>
internal sealed record Example(string[]? Ids = null, string? Body = null, string Query = "")
{
    /// <summary>It names something that belongs to somebody.</summary>
    public bool NamesSomething => Ids?.Length > 0 || World.Names().IsMatch($"{Body}{Query}");
}

/// <summary>One operation of <c>api/openapi.json</c>.</summary>
/// <param name="Access">"public", "any key", "signed in", "sessions:write", "admin, resources:read"; null: not classified.</param>
internal sealed partial record Operation(string Id, string Method, string Path, string? Access)
{
    /// <summary>A line per operation: a new one must say here how it is called, and is then covered by every walk.</summary>
    private static readonly Dictionary<string, Example> Examples = new()
    {
        ["StartSession"] = new(Body: """{"ipv4Address":"203.0.113.50","resourceIds":["{resource}"]}"""),
        ["ListSessions"] = new(),
        ["GetSession"] = new(["session"]),
        ["GetTimeline"] = new(["session"]),
        ["StopSession"] = new(["session"]),
        ["ExtendSession"] = new(["session"], """{"additionalHours":1}"""),
        ["ListAllSessions"] = new(),
        ["StopAnySession"] = new(["session"]),
        ["ListResourceIps"] = new(),
        ["RetryResourceIp"] = new(["resourceIp"]),
        ["DeclareGone"] = new(["resourceIp"], """{"reason":"seen with own eyes"}"""),
        ["ListResources"] = new(),
        ["CreateResource"] = new(Body: """
            {"name":"new","provider":"SCRIPTED","resourceType":"LIST","resourceIdentifier":"new","credentialId":"{credential}","config":{"ports":[443]}}
            """),
        ["GetIamPolicy"] = new(),
        ["ListProviders"] = new(),
        ["ListHealthEvents"] = new(),
        ["GetOverview"] = new(),
        ["GetWeek"] = new(),
        ["GetOrganizationSettings"] = new(),
        ["UpdateOrganizationSettings"] = new(Body: """{"maxSessionMinutes":60}"""),
        ["GetResource"] = new(["resource"]),
        ["UpdateResource"] = new(["resource"], """{"name":"renamed"}"""),
        ["DeleteResource"] = new(["resource"], Query: "?end=true"),
        ["VerifyResource"] = new(["resource"]),
        ["ReconcileResource"] = new(["resource"], """{"dryRun":true}"""),
        ["ListAssignedUsers"] = new(["resource"]),
        ["AssignUser"] = new(["resource", "otherUser"]),
        ["UnassignUser"] = new(["resource", "user"]),
        ["ListStaticRules"] = new(),
        ["CreateStaticRule"] = new(Body: """{"label":"new","ipAddress":"203.0.113.64/28","resourceIds":["{resource}"]}"""),
        ["GetStaticRule"] = new(["staticRule"]),
        ["UpdateStaticRule"] = new(["staticRule"], """{"ipAddress":"203.0.113.33"}"""),
        ["DeleteStaticRule"] = new(["staticRule"]),
        ["Explain"] = new(Query: "?resource={resource}&address=203.0.113.7"),
        ["ListCredentials"] = new(),
        ["CreateCredential"] = new(Body: """{"name":"new","provider":"SCRIPTED","credentialType":"TOKEN","credentialData":{"token":"new"}}"""),
        ["GetCredential"] = new(["credential"]),
        ["UpdateCredential"] = new(["credential"], """{"name":"renamed"}"""),
        ["DeleteCredential"] = new(["credential"], Query: "?end=true"),
        ["ListUsers"] = new(),
        ["CreateUser"] = new(Body: """{"email":"new@acme.example"}"""),
        ["GetUser"] = new(["user"]),
        ["UpdateUser"] = new(["user"], """{"isActive":false}"""),
        ["CreateUsers"] = new(Body: """{"users":[{"email":"new@acme.example"}]}"""),
        ["DeleteUser"] = new(["user"], Query: "?end=true"),
        ["ListServiceAccounts"] = new(),
        ["CreateServiceAccount"] = new(Body: """{"name":"new"}"""),
        ["GetServiceAccount"] = new(["serviceAccount"]),
        ["UpdateServiceAccount"] = new(["serviceAccount"], """{"isActive":false}"""),
        ["DeleteServiceAccount"] = new(["serviceAccount"], Query: "?end=true"),
        ["GetAccess"] = new(),
        ["ListRoles"] = new(),
        ["CreateRole"] = new(Body: """{"name":"new","resourceIds":["{resource}"],"userIds":["{user}"]}"""),
        ["GetRole"] = new(["role"]),
        ["UpdateRole"] = new(["role"], """{"maxSessionMinutes":5}"""),
        ["DeleteRole"] = new(["role"]),
        ["AddRoleUser"] = new(["role", "otherUser"]),
        ["RemoveRoleUser"] = new(["role", "user"]),
        ["AddRoleResource"] = new(["role", "otherResource"]),
        ["RemoveRoleResource"] = new(["role", "resource"]),
        ["StopAll"] = new(Body: """{"userId":"{user}","freeze":true}"""),
        ["LiftFreeze"] = new(Body: """{"resourceId":"{resource}"}"""),
        ["RotateApiKey"] = new(["apiKey"], """{"overlapMinutes":5}"""),
        ["ResendInvitation"] = new(["user"]),
        ["SendPasswordReset"] = new(["user"]),
        ["ResetMfa"] = new(["user"]),
        ["Register"] = new(Body: """{"organizationName":"new","email":"new@new.example","password":"correct horse battery staple"}"""),
        ["Login"] = new(Body: """{"organizationSlug":"acme","email":"ann@acme.example","password":"correct horse battery staple"}"""),
        ["VerifyMfa"] = new(Body: """{"mfaChallengeToken":"none","code":"123456"}"""),
        ["ChangeExpiredPassword"] = new(Body: """{"passwordChangeToken":"none","newPassword":"correct horse battery staple"}"""),
        ["AskForPasskey"] = new(),
        ["SignInWithPasskey"] = new(Body: """{"passkeyToken":"none","credential":{}}"""),
        ["Refresh"] = new(Body: """{"refreshToken":"none"}"""),
        ["Logout"] = new(Body: """{"refreshToken":"none"}"""),
        ["SetPassword"] = new(Body: """{"inviteToken":"none","password":"correct horse battery staple"}"""),
        ["ForgotPassword"] = new(Body: """{"organizationSlug":"acme","email":"ann@acme.example"}"""),
        ["ResetPassword"] = new(Body: """{"resetToken":"none","newPassword":"correct horse battery staple"}"""),
        ["ReadPasswordTerms"] = new(Body: """{"token":"none"}"""),
        ["GetPasswordTerms"] = new(),
        ["GetMe"] = new(),
        ["GetSigningKeys"] = new(),
        ["VerifyMfaAgain"] = new(Body: """{"code":"123456"}"""),
        ["ChangePassword"] = new(Body: """{"currentPassword":"correct horse battery staple","newPassword":"another horse, another battery"}"""),
        ["ListSignIns"] = new(),
        ["EndOtherSignIns"] = new(),
        ["EndSignIn"] = new(["signIn"]),
        ["AskToMakePasskey"] = new(),
        ["AddPasskey"] = new(Body: """{"passkeyToken":"none","credential":{},"name":"phone"}"""),
        ["ListPasskeys"] = new(),
        ["RemovePasskey"] = new(["passkey"]),
        ["SetUpMfa"] = new(),
        ["ConfirmMfa"] = new(Body: """{"code":"123456"}"""),
        ["DisableMfa"] = new(Body: """{"code":"123456"}"""),
        ["MakeRecoveryCodes"] = new(Body: """{"code":"123456"}"""),
        ["ListApiKeys"] = new(),
        ["CreateApiKey"] = new(Body: """{"name":"new","scopes":["sessions:read"]}"""),
        ["GetApiKey"] = new(["apiKey"]),
        ["RevokeApiKey"] = new(["apiKey"]),
        ["ListAuditLogs"] = new(),
        ["ExportAuditLogs"] = new(),
        ["StreamEvents"] = new(),
        ["DetectIp"] = new(),
    };

    public bool IsPublic => Access == "public";
    public bool IsAdminOnly => Access?.StartsWith("admin", StringComparison.Ordinal) == true;

    /// <summary>No API key will do.</summary>
    public bool IsForSignedIn => Access?.EndsWith("signed in", StringComparison.Ordinal) == true;

    /// <summary>Null: any key will do.</summary>
    public string? Scope => IsPublic || IsForSignedIn || Access is null || Access.EndsWith("any key", StringComparison.Ordinal) ? null : Access.Split(", ")[^1];

    /// <summary>Null: nobody has said yet how it is called.</summary>
    public Example? Example => Examples.GetValueOrDefault(Id);

    public static IEnumerable<string> ExamplesWithoutOperation => Examples.Keys.Except(All().Select(o => o.Id));

    public static IReadOnlyList<Operation> All() => Read(File.ReadAllText(Path_("api", "openapi.json")));

    public static IReadOnlyList<Operation> Read(string document)
    {
        using var json = JsonDocument.Parse(document);
        return
        [
            .. from path in json.RootElement.GetProperty("paths").EnumerateObject()
               from verb in path.Value.EnumerateObject()
               where verb.Value.ValueKind == JsonValueKind.Object && verb.Value.TryGetProperty("responses", out _)
               select new Operation(
                   verb.Value.TryGetProperty("operationId", out var id) ? id.GetString()! : $"{verb.Name} {path.Name}", verb.Name.ToUpperInvariant(), path.Name,
                   verb.Value.TryGetProperty("x-entryguard-access", out var access) ? access.GetString() : null),
        ];
    }

    /// <summary>The example as a request.</summary>
    public HttpRequestMessage Request(World world)
    {
        var names = new Queue<string>(Example!.Ids ?? []);
        var path = Parameter().Replace(Path, _ => world.Id(names.Dequeue()));
        names.ShouldBeEmpty(Id);
        return new HttpRequestMessage(new HttpMethod(Method), path + world.Fill(Example.Query))
        {
            Content = Example.Body is null ? null : new StringContent(world.Fill(Example.Body), System.Text.Encoding.UTF8, "application/json"),
        };
    }

    private static string Path_(params string[] parts)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(root, "EntryGuard.slnx")))
            root = System.IO.Path.GetDirectoryName(root)!;
        return System.IO.Path.Combine([root, .. parts]);
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
