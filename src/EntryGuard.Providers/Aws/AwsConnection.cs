using System.Diagnostics.CodeAnalysis;
using Amazon;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using EntryGuard.Domain.Providers;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Aws;

/// <summary>EC2 and STS as one credential reaches them in one region. Lives as long as the secret does; a new secret gets a new one.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Work may be in flight on one that was replaced; its clients hold nothing but the HTTP they share.")]
internal sealed class AwsConnection
{
    // A role's session lasts an hour; a call begun with what is left must be over before it is.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Lasting = TimeSpan.FromHours(1);

    private readonly AwsSecret secret;
    private readonly string externalId;
    private readonly string sessionName;
    private readonly OwnIdentity own;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SemaphoreSlim renewing = new(1);
    private readonly Current signing = new();
    private readonly Current asking = new();
    private readonly AmazonEC2Client ec2;
    private readonly AmazonSecurityTokenServiceClient sts;
    private readonly AmazonSecurityTokenServiceClient roles;
    private long renewAt;   // in UTC ticks; 0: at once

    public AwsConnection(
        AwsSecret secret, string region, string externalId, string sessionName, AwsHttp http, OwnIdentity own, TimeProvider time, ILogger log)
    {
        (this.secret, this.externalId, this.sessionName, this.own, this.time, this.log) = (secret, externalId, sessionName, own, time, log);
        ec2 = new AmazonEC2Client(signing, Configure(new AmazonEC2Config(), secret.Ec2));
        sts = new AmazonSecurityTokenServiceClient(signing, Configure(new AmazonSecurityTokenServiceConfig(), secret.Sts));
        roles = new AmazonSecurityTokenServiceClient(asking, Configure(new AmazonSecurityTokenServiceConfig(), secret.Sts));
        if (secret.Type == AwsSecret.AccessKey)
            signing.Value = new ImmutableCredentials(secret.KeyId, secret.Key, secret.Token);

        T Configure<T>(T config, Uri? endpoint)
            where T : ClientConfig
        {
            config.HttpClientFactory = http;
            config.MaxErrorRetry = 0;   // the engine retries; two loops multiply
            config.RetryMode = RequestRetryMode.Standard;
            config.MaxStaleConnectionRetries = 0;   // not covered by the one above: it sends a change again whose answer was lost
            config.ThrottleRetries = false;
            config.Timeout = AwsSecurityGroupProvider.CallTimeout;
            config.IgnoreConfiguredEndpointUrls = true;   // where we go is said by the credential, not by an environment variable
            config.DisableLogging = true;
            if (endpoint is null)
                config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
            else
                (config.ServiceURL, config.AuthenticationRegion) = (endpoint.AbsoluteUri, region);
            return config;
        }
    }

    /// <summary>Makes one request to EC2.</summary>
    public Task<AwsAnswer<T>> Ec2Async<T>(string action, string subject, Func<IAmazonEC2, CancellationToken, Task<T>> send, CancellationToken ct, CancellationToken asked)
        where T : class => SignedAsync(action, subject, limit => send(ec2, limit), ct, asked);

    /// <summary>The account that the credential belongs to, with what tells it from others of the same number.</summary>
    public async Task<AwsAnswer<string>> IdentityAsync(CancellationToken ct, CancellationToken asked)
    {
        var (who, fault) = await SignedAsync("GetCallerIdentity", "", limit => sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), limit), ct, asked);
        return fault is not null ? new(null, fault)
            : string.IsNullOrEmpty(who?.Account) ? new(null, new AwsFault(new RuleFault("GARBAGE", "The endpoint names no account.", false), null, false))
            : new($"{who.Account}{secret.Place}", null);
    }

    private async Task<AwsAnswer<T>> SignedAsync<T>(string action, string subject, Func<CancellationToken, Task<T>> send, CancellationToken ct, CancellationToken asked)
        where T : class
    {
        if (await PrepareAsync(ct, asked) is { } unsigned)
            return new(null, unsigned);
        var answer = await SendAsync(action, subject, send, ct, asked);
        if (answer.Fault is not { IsExpiry: true } over || secret.Type == AwsSecret.AccessKey)
            return answer;

        // Not the credential is at fault but its session: the next call has a new one.
        Volatile.Write(ref renewAt, 0);
        return new(null, over with { Fault = over.Fault with { IsPermanent = false, IsCredentialFault = false } });
    }

    private async Task<AwsFault?> PrepareAsync(CancellationToken ct, CancellationToken asked)
    {
        if (secret.Type == AwsSecret.AccessKey)
            return null;
        try
        {
            await renewing.WaitAsync(ct);
        }
        catch (OperationCanceledException) when (!asked.IsCancellationRequested)
        {
            return NotReady;
        }

        try
        {
            if (secret.Type == AwsSecret.DefaultChain)
                return await OwnAsync(signing, ct, asked);
            if (Volatile.Read(ref renewAt) > time.GetUtcNow().UtcTicks)
                return null;
            if (await OwnAsync(asking, ct, asked) is { } none)
                return none;
            var request = new AssumeRoleRequest
            {
                RoleArn = secret.RoleArn,
                RoleSessionName = sessionName,
                ExternalId = externalId,
                DurationSeconds = (int)Lasting.TotalSeconds,
            };
            var (made, fault) = await SendAsync("AssumeRole", $"the role {secret.RoleArn}", limit => roles.AssumeRoleAsync(request, limit), ct, asked);
            if (fault is not null)
                return fault with { MayHaveBeenDone = false };   // a session that nobody uses changes nothing
            if (made?.Credentials is not { AccessKeyId.Length: > 0 } keys)
                return NotReady;
            signing.Value = new ImmutableCredentials(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken);
            var end = keys.Expiration is { } until ? new DateTimeOffset(until.ToUniversalTime()) : time.GetUtcNow() + Lasting;
            Volatile.Write(ref renewAt, (end - Margin).UtcTicks);
            return null;
        }
        finally
        {
            renewing.Release();
        }
    }

    private static AwsFault NotReady { get; } =
        new(new RuleFault("UNREACHABLE", "No session could be had in time for the credential.", false) { IsConnectionFault = true }, null, false);

    private async Task<AwsFault?> OwnAsync(Current into, CancellationToken ct, CancellationToken asked)
    {
        try
        {
            into.Value = await own.GetAsync(ct);
            return null;
        }
        catch (Exception e) when (!asked.IsCancellationRequested)
        {
            // Once it had one, having none is an outage of what hands them out.
            var fault = new RuleFault(
                "CREDENTIAL", "The server has no AWS identity of its own. Run it on AWS with a role, or give it one by AWS's environment variables.", !own.HadOne)
            {
                IsCredentialFault = !own.HadOne,
            };
            AwsLog.NoIdentity(log, e.GetType().Name);
            return new(fault, null, false);
        }
    }

    private async Task<AwsAnswer<T>> SendAsync<T>(string action, string subject, Func<CancellationToken, Task<T>> send, CancellationToken ct, CancellationToken asked)
        where T : class
    {
        asked.ThrowIfCancellationRequested();
        var call = new AwsCall(action);
        AwsCall.Current = call;
        try
        {
            return new(await send(ct), null);
        }
        catch (Exception) when (asked.IsCancellationRequested)
        {
            throw new OperationCanceledException(asked);
        }
        catch (Exception e) when (AwsFault.From(e, call, subject) is { } fault)
        {
            if (call.Garbage is { } garbage)
                AwsLog.Garbage(log, action, garbage);
            return new(null, fault);
        }
        finally
        {
            AwsCall.Current = null;
        }
    }

    /// <summary>What the SDK signs the next request with.</summary>
    private sealed class Current : AWSCredentials
    {
        private volatile ImmutableCredentials? value;

        public ImmutableCredentials? Value
        {
            set => this.value = value;
        }

        public override ImmutableCredentials GetCredentials() => value ?? throw new InvalidOperationException("Nothing was prepared.");
    }
}

/// <summary>Who the server itself is at AWS: environment, web identity, container or instance role, in the SDK's order.</summary>
internal sealed class OwnIdentity(Func<CancellationToken, Task<ImmutableCredentials>> find)
{
    private volatile bool hadOne;

    /// <summary>It was found in this process before.</summary>
    public bool HadOne => hadOne;

    public async Task<ImmutableCredentials> GetAsync(CancellationToken ct)
    {
        // The chain asks services of the machine, some of them without a token of cancellation.
        var found = await Task.Run(() => find(ct), ct).WaitAsync(ct);
        hadOne = true;
        return found;
    }
}
