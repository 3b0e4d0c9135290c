using EntryGuard.Contracts;
using EntryGuard.Domain;

namespace EntryGuard.Testing;

/// <summary>
/// A person who uses the server through its API. Organization, user and key come into being with the first request, Resources and their
/// assignment with the first mention. What is not called Try counts on success.
/// </summary>
public sealed partial class TestUser(TestApp app, string name, string organization, bool isAdmin)
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SemaphoreSlim turn = new(1);
    private SignedIn? signedIn;

    public string Email => $"{name}@{organization}.example";
    public string OrganizationName => organization;

    /// <summary>Ids and the API key.</summary>
    public async Task<SignedIn> SignIn()
    {
        await turn.WaitAsync();
        try
        {
            if (signedIn is not null)
                return signedIn;
            var org = await app.Seed.Organization(organization);
            var user = await app.Seed.User(org, Email, isAdmin);
            var (_, key) = await app.Seed.ApiKey(org, user);
            return signedIn = new SignedIn(org, user, key);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The API, signed in as this user, from an address.</summary>
    public async Task<ApiClient> Api(string from = "198.51.100.1")
    {
        var api = new ApiClient(app.Client(from));
        api.UseKey((await SignIn()).Key);
        return api;
    }

    /// <summary>Plain HTTP, signed in as this user.</summary>
    public async Task<HttpClient> Http(string from = "198.51.100.1") => (await Api(from)).Http;

    /// <summary>The ids of these Resources, made and assigned to the user where they are not yet.</summary>
    public async Task<IReadOnlyList<ResourceId>> Reach(params string[] resources)
    {
        var me = await SignIn();
        var ids = new List<ResourceId>();
        foreach (var resource in resources)
        {
            var id = await app.Seed.Resource(me.Organization, resource);
            await app.Seed.Assignment(me.Organization, me.User, id);
            ids.Add(id);
        }

        return ids;
    }

    /// <summary>Starts a session on one Resource for one address.</summary>
    public async Task<SessionResponse> StartSession(string resource, string address, double hours = 1) =>
        (await TryStartSession([resource], [address], hours)).Value;

    /// <summary>Starts a session on several Resources, for up to one address per family.</summary>
    public async Task<SessionResponse> StartSession(string[] resources, string[] addresses, double hours = 1) =>
        (await TryStartSession(resources, addresses, hours)).Value;

    /// <inheritdoc cref="StartSession(string[], string[], double)"/>
    public async Task<ApiAnswer<SessionResponse>> TryStartSession(string[] resources, string[] addresses, double hours = 1, string? idempotencyKey = null)
    {
        var ids = await Reach(resources);
        return await (await Api()).StartSessionAsync(new StartSessionRequest
        {
            DurationSeconds = (int)(hours * 3600),
            Ipv4Address = addresses.SingleOrDefault(a => !a.Contains(':', StringComparison.Ordinal)),
            Ipv6Address = addresses.SingleOrDefault(a => a.Contains(':', StringComparison.Ordinal)),
            ResourceIds = [.. ids.Select(id => id.Value.ToString())],
        }, idempotencyKey, None);
    }

    public async Task<SessionResponse> Get(Guid session) => (await (await Api()).GetSessionAsync(session, None)).Value;

    public async Task<SessionResponse> Stop(SessionResponse session) => (await TryStop(session)).Value;

    public async Task<ApiAnswer<SessionResponse>> TryStop(SessionResponse session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return await (await Api()).StopSessionAsync(session.Id, false, None);
    }

    /// <summary>As an admin: anybody's session.</summary>
    public async Task<ApiAnswer<SessionResponse>> TryStopAny(SessionResponse session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return await (await Api()).StopSessionAsync(session.Id, true, None);
    }

    public async Task<SessionResponse> Extend(SessionResponse session, int hours) => (await TryExtend(session, hours)).Value;

    public async Task<ApiAnswer<SessionResponse>> TryExtend(SessionResponse session, int hours)
    {
        ArgumentNullException.ThrowIfNull(session);
        return await (await Api()).ExtendSessionAsync(session.Id, new ExtendSessionRequest { AdditionalHours = hours }, None);
    }

    public async Task<ApiAnswer<ResourceIpResponse>> TryRetry(ResourceIpResponse claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return await (await Api()).RetryResourceIpAsync(claim.Id, None);
    }

    public async Task<ApiAnswer<ResourceIpResponse>> TryDeclareGone(ResourceIpResponse claim, string reason)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return await (await Api()).DeclareGoneAsync(claim.Id, new DeclareGoneRequest { Reason = reason }, None);
    }

    /// <summary>Who a test user is.</summary>
    public sealed record SignedIn(OrganizationId Organization, UserId User, string Key);
}
