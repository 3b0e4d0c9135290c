using EntryGuard.Contracts;

namespace EntryGuard.Server.Web;

/// <summary>
/// The address of the family that the page was not asked over, where this server has a name that only that family reaches: the browser is sent
/// there to ask, and brings back a proof that a start takes.
/// </summary>
internal sealed class OtherFamily(Browser browser, IConfiguration configuration, TimeProvider time)
{
    // A proof holds for 5 minutes; this one has to reach the server and be read there.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(4);
    private DetectIpResponse? seen;
    private string? besides;

    /// <summary>As last seen beside this address; null: none, or nobody looked.</summary>
    public string? Address(string observed) => besides == observed ? seen?.Ip : null;

    /// <summary>Where somebody comes from in the family of this address; null: not known.</summary>
    public string? Now(string observed, string address) => new[] { observed, Address(observed) }.OfType<string>().FirstOrDefault(a => Family(a) == Family(address));

    /// <summary>What may be opened, for the address of the other family as well, if it was seen.</summary>
    public async Task<ApiAnswer<AccessResponse>> AccessAsync(ApiClient client, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(client);
        var (beside, answer) = (besides, await client.GetAccessAsync(Proof, ct));
        return answer.Body is null || Proof is null || answer.Body.IpAddress == beside ? answer
            : await client.GetAccessAsync(ct);   // what was seen was seen from elsewhere
    }

    /// <summary>This server can be asked over the other family than this address is of.</summary>
    public bool CanLook(string observed) => Name(observed) is not null;

    /// <summary>Looks anew.</summary>
    public async Task LookAsync(string observed)
    {
        var answer = Name(observed) is { } url ? await browser.DetectAsync(url) : null;
        (seen, besides) = (answer?.Version == 10 - Family(observed) ? answer : null, observed);
    }

    /// <summary>For a start from this address; null: no other was seen.</summary>
    public async Task<string?> ProofAsync(string observed)
    {
        if (besides != observed || (seen is not null && Proof is null))
            await LookAsync(observed);
        return seen?.Proof;
    }

    /// <summary>4 or 6.</summary>
    public static int Family(string address) => address.Contains(':', StringComparison.Ordinal) ? 6 : 4;

    // Null: none was seen, or too long ago.
    private string? Proof => seen is not null && time.GetUtcNow() - seen.Timestamp <= Fresh ? seen.Proof : null;

    private string? Name(string observed) => configuration[Family(observed) == 4 ? "EntryGuard:Detect:Ipv6Url" : "EntryGuard:Detect:Ipv4Url"] is { Length: > 0 } url ? url : null;
}
