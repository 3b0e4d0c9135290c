using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.OpenStack;

/// <summary>What Keystone granted: a token, and where it is good.</summary>
/// <param name="Token">Secret. Null where nobody asks for one.</param>
/// <param name="ProjectId">The project it acts in.</param>
/// <param name="Networks">Public network endpoints of the catalog, as (region, address).</param>
/// <param name="RenewAt">A new one is fetched from then on: some time before it expires.</param>
internal sealed record Grant(string? Token, string ProjectId, IReadOnlyList<(string Region, string Url)> Networks, DateTimeOffset RenewAt)
{
    /// <summary>The project's quota may not be read with it: not asked again while it lasts.</summary>
    public bool IsQuotaHidden { get; set; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => ProjectId;
}

/// <summary>
/// Signs in, and keeps what came of it per credential and secret: a call that began with the old secret goes on with the old token when the
/// secret is changed.
/// </summary>
internal sealed class KeystoneTokens(HttpExchange exchange, TimeProvider time)
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<(CredentialId, string), Slot> slots = new();

    /// <summary>A token that is good for now, from memory if there is one.</summary>
    /// <param name="key">Credential and fingerprint of its secret.</param>
    /// <param name="credential">The secret.</param>
    /// <param name="refused">One that was answered with 401: not that one again. Null: any.</param>
    /// <param name="isFresh">Not from memory: the secret itself is to be tried.</param>
    public async Task<(Grant? Grant, RuleFault? Fault)> GetAsync(
        (CredentialId, string) key, OpenStackCredential.Application credential, Grant? refused, bool isFresh, CancellationToken ct)
    {
        Forget(key);
        var slot = slots.GetOrAdd(key, _ => new Slot());
        await slot.Turn.WaitAsync(ct);
        try
        {
            if (!isFresh && slot.Grant is { } known && known.RenewAt > time.GetUtcNow() && !ReferenceEquals(known, refused))
                return (known, null);
            slot.Grant = null;
            var (grant, fault) = await SignInAsync(credential, ct);
            slot.Grant = grant;
            return (grant, fault);
        }
        finally
        {
            slot.Turn.Release();
        }
    }

    // Tokens of secrets that are not used any more would otherwise stay in memory for ever.
    private void Forget((CredentialId, string) key)
    {
        var now = time.GetUtcNow();
        foreach (var (other, slot) in slots)
        {
            if (other != key && slot.Grant is { } grant && grant.RenewAt <= now)
                slots.TryRemove(other, out _);
        }
    }

    private async Task<(Grant? Grant, RuleFault? Fault)> SignInAsync(OpenStackCredential.Application credential, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["auth"] = new JsonObject
            {
                ["identity"] = new JsonObject
                {
                    ["methods"] = new JsonArray("application_credential"),
                    ["application_credential"] = new JsonObject { ["id"] = credential.Id, ["secret"] = credential.Secret },
                },
            },
        };
        var askedAt = time.GetUtcNow();
        var reply = await exchange.SendAsync(HttpMethod.Post, new Uri($"{credential.AuthUrl.ToString().TrimEnd('/')}/v3/auth/tokens"), null, body, ct);
        return reply is { Status: 201, SubjectToken: { } token } && Read(reply.Body, token, askedAt) is { } grant
            ? (grant, null)
            : (null, OpenStackFaults.OfKeystone(reply));
    }

    private static Grant? Read(JsonElement body, string value, DateTimeOffset askedAt)
    {
        try
        {
            var token = body.GetProperty("token");
            var networks = token.TryGetProperty("catalog", out var catalog)
                ? catalog.EnumerateArray().Where(s => s.GetProperty("type").GetString() == "network")
                    .SelectMany(s => s.GetProperty("endpoints").EnumerateArray())
                    .Where(e => e.GetProperty("interface").GetString() == "public")
                    .Select(e => (e.GetProperty("region_id").GetString() ?? "", e.GetProperty("url").GetString() ?? "")).ToList()
                : [];

            // By our own clock, which need not agree with Keystone's: only how long it lasts is taken from there.
            var lasts = Time(token, "expires_at") - Time(token, "issued_at");
            var margin = lasts / 5 < Margin ? lasts / 5 : Margin;
            return new Grant(value, token.GetProperty("project").GetProperty("id").GetString()!, networks, askedAt + lasts - margin);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;   // an answer of another shape
        }
    }

    private static DateTimeOffset Time(JsonElement token, string name) =>
        DateTimeOffset.Parse(token.GetProperty(name).GetString() ?? "", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private sealed class Slot
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public Grant? Grant { get; set; }
    }
}
