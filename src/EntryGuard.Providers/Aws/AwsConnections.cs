using System.Security.Cryptography;
using System.Text;
using Amazon;
using EntryGuard.Domain.Providers;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Aws;

/// <summary>
/// The connections in use, by credential, secret and region. A rotated secret gets a connection of its own, and work in flight ends on the old
/// one, which is forgotten when the place is needed.
/// </summary>
internal sealed class AwsConnections(AwsHttp http, OwnIdentity own, Http.EndpointLimits limits, TimeProvider time, ILogger log)
{
    private const int Most = 256;
    private readonly Lock guard = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, AwsConnection Connection)>> known = [];
    private readonly LinkedList<(string Key, AwsConnection Connection)> byUse = new();

    /// <summary>The connection for a call, or the reason why there can be none.</summary>
    public (AwsConnection? Connection, RuleFault? Fault) Find(ProviderContext context)
    {
        if (context.Credential is not { } credential)
            return (null, new RuleFault("CREDENTIAL", "The Resource has no credential.", true) { IsCredentialFault = true });
        var (secret, fault) = AwsSecret.Read(credential.Type, credential.Secret, limits);
        if (secret is null)
            return (null, new RuleFault("CREDENTIAL", $"The credential {fault}.", true) { IsCredentialFault = true });
        var region = context.Config.Region!;
        if (secret.Ec2 is null && !RegionEndpoint.EnumerableAllRegions.Any(r => r.SystemName == region))
            return (null, new RuleFault("NO_SUCH_REGION", $"AWS has no region {region} that this server knows. Check the Resource's region.", true));
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential.Secret)));
        var key = $"{credential.Id.Value}\n{credential.Type}\n{hash}\n{credential.ExternalId}\n{context.Organization.Value}\n{region}";
        lock (guard)
        {
            if (known.TryGetValue(key, out var node))
            {
                byUse.Remove(node);
                byUse.AddFirst(node);
                return (node.Value.Connection, null);
            }

            var made = new AwsConnection(
                secret, region, credential.ExternalId, $"entryguard-{context.Organization.Value:N}", http, own, time, log);
            known[key] = byUse.AddFirst((key, made));
            if (known.Count > Most)
            {
                known.Remove(byUse.Last!.Value.Key);
                byUse.RemoveLast();
            }

            return (made, null);
        }
    }
}
