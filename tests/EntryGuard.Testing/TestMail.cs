using System.Globalization;
using System.Reflection;
using MimeKit;
using Xunit;
using Xunit.Sdk;

namespace EntryGuard.Testing;

/// <summary>The real mail server that <c>script/smtp</c> started: how to send through it, and what arrived.</summary>
public sealed class TestMail
{
    /// <summary>"localhost;2525;user;password;/path/ca.pem;/path/maildir".</summary>
    public const string ServerVariable = "ENTRYGUARD_TEST_SMTP";

    // Nothing waits so long; a mail that does not arrive at all fails the test after it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private TestMail(string[] facts) =>
        (Host, Port, User, Password, CaFile, Maildir) = (facts[0], int.Parse(facts[1], CultureInfo.InvariantCulture), facts[2], facts[3], facts[4], facts[5]);

    /// <summary>Null if there is none.</summary>
    public static TestMail? Here { get; } = Environment.GetEnvironmentVariable(ServerVariable) is { Length: > 0 } line ? new TestMail(line.Split(';')) : null;

    public string Host { get; }
    public int Port { get; }
    public string User { get; }
    public string Password { get; }
    public string CaFile { get; }
    public string Maildir { get; }

    /// <summary>For a server that sends through it.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["EntryGuard:PublicUrl"] = "https://entryguard.example",
        ["EntryGuard:Mail:Host"] = Host,
        ["EntryGuard:Mail:Port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["EntryGuard:Mail:Username"] = User,
        ["EntryGuard:Mail:Password"] = Password,
        ["EntryGuard:Mail:From"] = "EntryGuard <door@entryguard.example>",
        ["EntryGuard:Mail:CaFile"] = CaFile,
    };

    /// <summary>Waits until so many mails have arrived for somebody, oldest first. The mail server delivers after it has taken one.</summary>
    public async Task<IReadOnlyList<MimeMessage>> Arrived(string to, int count = 1)
    {
        using var news = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(Path.Combine(Maildir, "new"));
        watcher.Created += (_, _) => news.Release();
        watcher.Renamed += (_, _) => news.Release();
        watcher.Error += (_, _) => news.Release();
        watcher.EnableRaisingEvents = true;
        while (true)
        {
            if (await Read(to) is var found && found.Count >= count)
                return found;
            if (!await news.WaitAsync(Longest))
                throw new TimeoutException($"{found.Count} of {count} mails have arrived for {to}.");
        }
    }

    /// <summary>What has arrived for somebody so far.</summary>
    public async Task<IReadOnlyList<MimeMessage>> Read(string to)
    {
        var found = new List<MimeMessage>();
        foreach (var file in new DirectoryInfo(Path.Combine(Maildir, "new")).GetFiles().OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name))
        {
            var message = await MimeMessage.LoadAsync(file.FullName);
            if (message.Headers["Envelope-to"] == to)
                found.Add(message);
        }

        return found;
    }
}

/// <summary>As <see cref="EveryDatabaseAttribute"/>, for what sends mail. Without a mail server it is skipped; in CI that fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryDatabaseWithMailAttribute : EveryDatabaseAttribute
{
    public override async ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        if (TestMail.Here is not null)
            return await base.GetData(testMethod, disposalTracker);
        if (Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException($"There is no mail server to test with: set {TestMail.ServerVariable}, or run script/test.");
        return [new TheoryDataRow([null]) { Skip = $"no mail server: {TestMail.ServerVariable} is not set; see script/smtp" }];
    }
}
