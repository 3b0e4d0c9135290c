namespace EntryGuard.Testing.FakeEc2;

/// <summary>An answer that is an error. Codes and statuses: EC2 API reference, "Error codes for the Amazon EC2 API"; STS API reference, "Common errors".</summary>
public sealed class Ec2Exception(string code, int status, string message) : Exception(message)
{
    /// <summary>"InvalidPermission.Duplicate".</summary>
    public string Code => code;

    /// <summary>Of HTTP.</summary>
    public int Status => status;

    /// <summary>Of the header; null: none.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>"Request throttling for the Amazon EC2 API" names the code; that its status is 503 is what clients report, not what the page says.</summary>
    public static Ec2Exception Throttled(string? retryAfter = null) => new("RequestLimitExceeded", 503, "Request limit exceeded.") { RetryAfter = retryAfter };

    internal static Ec2Exception InvalidValue(string message) => new("InvalidParameterValue", 400, message);

    internal static Ec2Exception NoSuchGroup(string id) => new("InvalidGroup.NotFound", 400, $"The security group '{id}' does not exist");

    /// <summary>Common query parameters: DryRun answers so to those who have the right.</summary>
    internal static Ec2Exception DryRun { get; } = new("DryRunOperation", 412, "Request would have succeeded, but DryRun flag is set.");

    internal static Ec2Exception Unauthorized { get; } = new("UnauthorizedOperation", 403, "You are not authorized to perform this operation.");
}

/// <summary>What goes wrong with a request, in place of an answer.</summary>
public enum Ec2Trouble
{
    /// <summary>The connection ends before anything is done.</summary>
    LostBefore,

    /// <summary>It is done, and the connection ends.</summary>
    LostAfter,

    /// <summary>It is done, and no answer ever comes.</summary>
    Hang,

    /// <summary>A web page with status 200; nothing is done.</summary>
    Garbage,

    /// <summary>It is done, and what is answered breaks off in the middle, with status 200.</summary>
    Half,

    /// <summary>A web page with status 502, as of a proxy; nothing is done.</summary>
    BadGateway,

    /// <summary>It is done, and what is answered is a web page with status 503, as of a proxy that lost patience.</summary>
    Impatient,
}
