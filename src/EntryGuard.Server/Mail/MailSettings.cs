using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EntryGuard.Domain.Net;
using MimeKit;

namespace EntryGuard.Server.Mail;

/// <summary>How what is said to the mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>TLS from the first command on that says anything; a server that does not offer it is not used.</summary>
    StartTls,

    /// <summary>TLS from the start.</summary>
    Tls,

    /// <summary>Not at all: only to this machine.</summary>
    None,
}

/// <summary>Configuration section <c>EntryGuard:Mail</c>, and where its links lead.</summary>
public sealed class MailSettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "EntryGuard:Mail";

    private const string PublicUrlSetting = "EntryGuard:PublicUrl";
    private static readonly Cidr[] ThisMachine = [Cidr.Parse("127.0.0.0/8"), Cidr.Parse("::1")];

    /// <summary>Name or address of the mail server; null: no mail is stored, and none is sent.</summary>
    public string? Host { get; set; }
    public int Port { get; set; } = 587;
    public MailSecurity Security { get; set; } = MailSecurity.StartTls;

    /// <summary>Null: we do not sign in there.</summary>
    public string? Username { get; set; }
    public string? Password { get; set; }

    /// <summary>Read with each connection, so that it may be changed; null: <see cref="Password"/> counts.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>"EntryGuard &lt;entryguard@example.org&gt;".</summary>
    public string? From { get; set; }

    /// <summary>PEM of the CAs that may have signed the mail server's certificate; null: those this machine trusts.</summary>
    public string? CaFile { get; set; }

    /// <summary><c>EntryGuard:PublicUrl</c>, without a slash at its end; null: none.</summary>
    public string? PublicUrl { get; private set; }

    /// <summary>Mail can be sent; else callers have to do without.</summary>
    public bool IsConfigured => Host is { Length: > 0 };

    public static MailSettings Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var settings = configuration.GetSection(Section).Get<MailSettings>() ?? new MailSettings();
        settings.PublicUrl = configuration[PublicUrlSetting] is { Length: > 0 } url ? url.TrimEnd('/') : null;
        return settings;
    }

    /// <summary>What is wrong with the settings taken together; a sentence each.</summary>
    public static IEnumerable<string> Faults(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (Value("Host") is not { } host)
            yield break;
        if (Value("From") is null)
            yield return $"{Section}:From is missing; write the address that mail comes from, such as entryguard@example.org.";
        if (configuration[PublicUrlSetting] is not { Length: > 0 })
            yield return $"{PublicUrlSetting} is missing, and {Section}:Host is set; write where people reach this server, for the links in its mail.";
        if (string.Equals(Value("Security"), "none", StringComparison.OrdinalIgnoreCase) && !IsThisMachine(host))
            yield return $"{Section}:Security is none, but {host} is another machine: links that open accounts would be readable on the way; write starttls or tls.";
        if (Value("Password") is not null && Value("PasswordFile") is not null)
            yield return $"{Section}:Password and {Section}:PasswordFile exclude each other; give one of them.";
        if (Value("Username") is null != (Value("Password") ?? Value("PasswordFile")) is null)
            yield return $"{Section}:Username and a password go together; give both or neither.";

        string? Value(string key) => configuration[$"{Section}:{key}"] is { Length: > 0 } value ? value : null;
    }

    /// <summary>Files that cannot be used now; a sentence each. No reason not to start: closings are not to wait for mail.</summary>
    public IEnumerable<string> UnusableFiles()
    {
        if (PasswordFile is { Length: > 0 } passwordFile && Try(() => File.ReadAllText(passwordFile)) is { } unread)
            yield return $"{Section}:PasswordFile cannot be read: {unread}";
        if (CaFile is { Length: > 0 } caFile && Try(() => ReadCas(caFile)) is { } noCa)
            yield return $"{Section}:CaFile cannot be used: {noCa}";
    }

    /// <summary>Null if the text is one mailbox; else what to write.</summary>
    public static string? FaultOfAddress(string value) => MailboxAddress.TryParse(value, out var mailbox) && mailbox.Address.Contains('@', StringComparison.Ordinal)
        ? null : $"is '{value}'; write an address such as entryguard@example.org, or EntryGuard <entryguard@example.org>";

    internal async Task<string> ReadPasswordAsync(CancellationToken ct) =>
        PasswordFile is { Length: > 0 } file ? (await File.ReadAllTextAsync(file, ct)).TrimEnd('\r', '\n') : Password ?? "";

    internal static X509Certificate2Collection ReadCas(string file)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(file);
        return found.Count > 0 ? found : throw new CryptographicException($"{file} holds no certificate in PEM.");
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (Cidr.TryParse(host, out var address, out _) && ThisMachine.Any(r => r.Contains(address)));

    private static string? Try(Func<object> read)
    {
        try
        {
            _ = read();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return e.Message;
        }
    }
}
