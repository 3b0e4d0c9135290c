using System.Globalization;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Mail;
using Npgsql;

namespace EntryGuard.Server.Hosting.Start;

/// <summary>One thing the operator may configure.</summary>
/// <param name="Key">"EntryGuard:Sessions:MinimumSeconds"; environment variables write <c>__</c> for the colons.</param>
/// <param name="Otherwise">What counts if it is not set, as the documentation says it.</param>
/// <param name="Fault">What is wrong with a value and what to write instead, to follow the key; null: nothing.</param>
/// <param name="IsList">Entries are <c>Key:0</c>, <c>Key:1</c>, ...</param>
/// <param name="OnlyOnce">Means this one start, so it is given on the command line and nowhere else.</param>
public sealed record Setting(string Key, string Otherwise, Func<string, string?> Fault, bool IsList = false, bool OnlyOnce = false)
{
    /// <summary>All there are. What is not here is refused at start.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("EntryGuard:DataDirectory", "data", Anything),
        new("EntryGuard:Postgres", "none: SQLite", Connection),
        new("EntryGuard:MasterKeyFile", "none", Anything),
        new("EntryGuard:PublicUrl", "none", Url),
        new("EntryGuard:Sessions:MinimumSeconds", "60", Whole(1, 86_400)),
        new("EntryGuard:Sessions:DefaultMinutes", "60", Whole(1, 525_600)),
        new("EntryGuard:RateLimits:PerAddressPerMinute", "1200", Whole(0, 1_000_000)),
        new("EntryGuard:RateLimits:PerKeyPerMinute", "600", Whole(0, 1_000_000)),
        new("EntryGuard:RateLimits:SignIn", "true", YesOrNo),
        new("EntryGuard:Console", "true", YesOrNo),
        new("EntryGuard:Detect:Ipv4Url", "none", NamedUrl),
        new("EntryGuard:Detect:Ipv6Url", "none", NamedUrl),
        new("EntryGuard:Registration", "first", FirstOrOpen),
        new("EntryGuard:Proxies", "none", Range, IsList: true),
        new("EntryGuard:Metrics:From", "loopback", Range, IsList: true),
        new("EntryGuard:Gate:Listen", "loopback", Range, IsList: true),
        new("EntryGuard:Gate:Forward", "loopback", Range, IsList: true),
        new("EntryGuard:Gate:RemovalDelay", "00:00:00", Delay),
        new("EntryGuard:PrivateEndpoints", "none", RangeOrHost, IsList: true),
        new("EntryGuard:Aws:DefaultChain", "none", OrganizationId, IsList: true),
        new("EntryGuard:Cluster:ClusterId", "the installation's code", Anything),
        new("EntryGuard:Cluster:AdvertisedAddress", "loopback", Address),
        new("EntryGuard:Cluster:SiloPort", "0", Whole(0, 65_535)),
        new("EntryGuard:Mail:Host", "none: no mail", Host),
        new("EntryGuard:Mail:Port", "587", Whole(1, 65_535)),
        new("EntryGuard:Mail:Security", "starttls", OneOf("starttls", "tls", "none")),
        new("EntryGuard:Mail:Username", "none", Anything),
        new("EntryGuard:Mail:Password", "none", Anything),
        new("EntryGuard:Mail:PasswordFile", "none", Anything),
        new("EntryGuard:Mail:From", "none", value => MailSettings.FaultOfAddress(value)),
        new("EntryGuard:Mail:CaFile", "those this machine trusts", Anything),
        new("EntryGuard:Reconciliation:MostRemovals", "10", Whole(0, 1_000_000)),
        new("EntryGuard:Reconciliation:MostPercent", "20", Whole(0, 100)),
        new("EntryGuard:Retention:SessionDays", "90", Whole(0, 36_500)),
        new("EntryGuard:Retention:AuditDays", "365", Whole(0, 36_500)),
        new("EntryGuard:Demo", "false", YesOrNo),
        new("EntryGuard:FirstRun:Enabled", "false", YesOrNo),
        new("EntryGuard:FirstRun:EnvironmentFile", "none", Anything),
        new("EntryGuard:Restored", "false", YesOrNo, OnlyOnce: true),
        new("EntryGuard:TakeOver", "false", YesOrNo, OnlyOnce: true),
        new("EntryGuard:Close:Overdue", "false", YesOrNo, OnlyOnce: true),
        new("EntryGuard:Close:All", "false", YesOrNo, OnlyOnce: true),
        new("EntryGuard:Rewrap:To", "none", Anything, OnlyOnce: true),
        new("EntryGuard:ResetMfa:Organization", "none", Anything, OnlyOnce: true),
        new("EntryGuard:ResetMfa:Email", "none", Anything, OnlyOnce: true),
    ];

    private static string? Anything(string value) => null;

    private static string? YesOrNo(string value) => bool.TryParse(value, out _) ? null : $"is '{value}'; write true or false";

    private static string? FirstOrOpen(string value) =>
        value is "first" or "open" ? null : $"is '{value}'; write first (nobody once there is an organization) or open (anybody)";

    private static Func<string, string?> Whole(int least, int most) => value =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? null : $"is '{value}'; write a whole number from {least} to {most}";

    private static Func<string, string?> OneOf(params string[] words) => value =>
        words.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"is '{value}'; write one of {string.Join(", ", words)}";

    private static string? Host(string value) =>
        Uri.CheckHostName(value) == UriHostNameType.Unknown ? $"is '{value}'; write the name or the address of one host, without a scheme and a port" : null;

    private static string? Range(string value) => Cidr.TryParse(value, out _, out var fault) ? null : fault;

    // What is made of digits, dots and colons was meant to be a range.
    private static string? RangeOrHost(string value) =>
        Cidr.TryParse(value, out _, out var fault) || (Uri.CheckHostName(value) == UriHostNameType.Dns && value.Any(char.IsAsciiLetter))
            ? null : value.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':' or '/') ? fault : $"is '{value}'; write a host name or a range such as 10.0.0.0/8";

    private static string? OrganizationId(string value) =>
        Guid.TryParseExact(value, "D", out _) ? null : $"is '{value}'; write an organization's id as the API shows it, such as 0198c2f4-7d3a-7c1e-9b52-3f6d8a4e1b07";

    private static string? Address(string value) =>
        !Cidr.TryParse(value, out var address, out var fault) ? fault
        : address.IsSingleAddress ? null : $"is the range {value}; write the one address at which the other nodes reach this one";

    private static string? Delay(string value) =>
        TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var delay) && delay >= TimeSpan.Zero && delay < TimeSpan.FromSeconds(15)
            ? null : $"is '{value}'; write a time such as 00:00:02, less than 15 s";

    private static string? Url(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.PathAndQuery is "/" or "" && url.UserInfo.Length == 0
            ? null : $"is '{value}'; write scheme and host, such as https://entryguard.example.org";

    // A page's policy can name no IPv6 address, and no certificate of the web is for one.
    private static string? NamedUrl(string value) =>
        Url(value) ?? (new Uri(value).HostNameType == UriHostNameType.Dns ? null : $"is '{value}'; write a host name instead of the address, such as https://ipv6.entryguard.example.org");

    // Never repeats the value: it may hold a password.
    private static string? Connection(string value)
    {
        const string Example = "write for instance Host=db.example.org;Database=entryguard;Username=entryguard;Password=…";
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(value);
            return string.IsNullOrEmpty(settings.Host) ? $"names no Host; {Example}"
                : string.IsNullOrEmpty(settings.Database) ? $"names no Database; {Example}" : null;
        }
        catch (ArgumentException)
        {
            return $"is no connection string; {Example}";
        }
    }
}
