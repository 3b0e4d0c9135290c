using EntryGuard.Server.Hosting.Start;
using EntryGuard.Server.Mail;
using Microsoft.Extensions.Configuration;

namespace EntryGuard.Server.Tests.Mail;

public sealed class MailSettingsTests
{
    private const string Url = "EntryGuard:PublicUrl=https://entryguard.example";
    private const string Host = "EntryGuard:Mail:Host=mail.example.org";
    private const string From = "EntryGuard:Mail:From=EntryGuard <door@entryguard.example>";

    [Fact]
    public void A_mail_server_needs_a_sender_and_a_public_address_for_the_links()
    {
        Faults(Host, From, Url).ShouldBeEmpty();
        Faults(Host, Url).ShouldHaveSingleItem().ShouldStartWith("EntryGuard:Mail:From is missing");
        Faults(Host, From).ShouldHaveSingleItem().ShouldStartWith("EntryGuard:PublicUrl is missing, and EntryGuard:Mail:Host is set");
        Faults("EntryGuard:Mail:Port=25").ShouldBeEmpty();   // no host, no mail
    }

    [Theory]
    [InlineData("mail.example.org", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.2", true)]
    [InlineData("::1", true)]
    public void Without_TLS_mail_goes_to_this_machine_only(string host, bool isFine) =>
        Faults($"EntryGuard:Mail:Host={host}", From, Url, "EntryGuard:Mail:Security=none").Count.ShouldBe(isFine ? 0 : 1);

    [Theory]
    [InlineData("EntryGuard:Mail:Host=smtp://mail.example.org")]
    [InlineData("EntryGuard:Mail:Port=0")]
    [InlineData("EntryGuard:Mail:Security=ssl")]
    [InlineData("EntryGuard:Mail:From=door")]
    [InlineData("EntryGuard:Mail:From=a@example.org, b@example.org")]
    public void What_cannot_be_is_refused(string setting) => Faults(setting).ShouldContain(f => f.StartsWith(setting.Split('=')[0], StringComparison.Ordinal) && f.Contains("write", StringComparison.Ordinal));

    [Fact]
    public void A_password_comes_with_a_name_from_one_place_that_can_be_read_and_is_never_repeated()
    {
        const string Name = "EntryGuard:Mail:Username=door";
        const string Password = "EntryGuard:Mail:Password=hunter2";
        Faults(Host, From, Url, Name, Password).ShouldBeEmpty();
        Faults(Host, From, Url, Name).ShouldHaveSingleItem().ShouldContain("go together");
        Faults(Host, From, Url, Password).ShouldHaveSingleItem().ShouldNotContain("hunter2");
        var both = Faults(Host, From, Url, Name, Password, "EntryGuard:Mail:PasswordFile=/run/password").ShouldHaveSingleItem();
        both.ShouldContain("exclude each other");
        both.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_file_that_cannot_be_used_keeps_no_server_from_starting_but_is_told()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "no certificate");
            Faults(Host, From, Url, "EntryGuard:Mail:CaFile=/nowhere/at/all").ShouldBeEmpty();
            new MailSettings { CaFile = file }.UnusableFiles().ShouldHaveSingleItem().ShouldStartWith("EntryGuard:Mail:CaFile cannot be used");
            new MailSettings { CaFile = "/nowhere/at/all", PasswordFile = "/nowhere/at/all" }.UnusableFiles().Count().ShouldBe(2);
            new MailSettings { PasswordFile = file }.UnusableFiles().ShouldBeEmpty();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static List<string> Faults(params string[] settings) => [.. SettingsCheck.Faults((IConfigurationRoot)new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create(s[0], (string?)s[1]))).Build())];
}
