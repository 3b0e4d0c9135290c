using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>Checks the signature of a request in its Authorization header. Source: AWS IAM user guide, "Create a signed AWS API request".</summary>
/// <remarks>The date of a request is not compared with the fake's clock, which a test may hold still.</remarks>
internal static class SigV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The id of the access key that a request says it is signed with, its scope, the signed headers and the signature; null: it is not signed.</summary>
    public static (string KeyId, string Scope, string[] Headers, string Signature)? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
            return null;
        var parts = header[(Algorithm.Length + 1)..].Split(',').Select(p => p.Trim().Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1]);
        return parts.TryGetValue("Credential", out var credential) && credential.Split('/', 2) is [var id, var scope]
            && parts.TryGetValue("SignedHeaders", out var headers) && parts.TryGetValue("Signature", out var signature)
            ? (id, scope, headers.Split(';'), signature)
            : null;
    }

    /// <summary>True if whoever made the request has the key's secret.</summary>
    public static bool IsRight(HttpRequest request, byte[] body, string secret, string scope, string[] headers, string signature)
    {
        if (scope.Split('/') is not [var day, var region, var service, "aws4_request"])
            return false;
        var canonical = new StringBuilder()
            .Append(request.Method).Append('\n')
            .Append(request.Path.Value).Append('\n')
            .Append(Query(request)).Append('\n');
        foreach (var name in headers)
            canonical.Append(name).Append(':').Append(string.Join(',', request.Headers[name].Select(v => Squeeze(v ?? "")))).Append('\n');
        canonical.Append('\n').Append(string.Join(';', headers)).Append('\n').Append(Hex(SHA256.HashData(body)));
        var text = $"{Algorithm}\n{request.Headers["X-Amz-Date"]}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in new[] { day, region, service, "aws4_request" })
            key = Sign(key, part);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hex(Sign(key, text))), Encoding.ASCII.GetBytes(signature));
    }

    private static string Query(HttpRequest request) => string.Join('&', request.Query
        .SelectMany(q => q.Value.Select(v => (Name: Uri.EscapeDataString(q.Key), Value: Uri.EscapeDataString(v ?? ""))))
        .OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Value, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}"));

    private static string Squeeze(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static byte[] Sign(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
