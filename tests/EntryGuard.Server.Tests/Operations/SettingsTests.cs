using EntryGuard.Server.Hosting.Start;
using Microsoft.Extensions.Configuration;

namespace EntryGuard.Server.Tests.Operations;

public sealed class SettingsTests
{
    [Fact]
    public void All_faults_are_told_at_once_each_with_key_fault_and_fix()
    {
        var faults = Faults(
            "EntryGuard:Sessions:MinimumSeconds=soon", "EntryGuard:RateLimits:PerKeyPerMinute=-1", "EntryGuard:Proxies:0=10.0.0.1/8", "EntryGuard:Gate:Listen:0=everywhere",
            "EntryGuard:Cluster:SiloPort=70000", "EntryGuard:PublicUrl=example.org", "EntryGuard:Retention:AuditDays=x", "EntryGuard:Demo=perhaps",
            "EntryGuard:Cluster:AdvertisedAddress=10.0.0.0/8", "EntryGuard:Gate:RemovalDelay=60");
        faults.Count.ShouldBe(10);
        faults.ShouldContain("EntryGuard:Sessions:MinimumSeconds is 'soon'; write a whole number from 1 to 86400.");
        faults.ShouldContain(f => f.StartsWith("EntryGuard:Proxies:0 ", StringComparison.Ordinal) && f.Contains("10.0.0.0/8", StringComparison.Ordinal));
        faults.ShouldContain("EntryGuard:Demo is 'perhaps'; write true or false.");
    }

    [Theory]
    [InlineData("EntryGuard:Session:MinimumSeconds", "EntryGuard:Sessions:MinimumSeconds")]
    [InlineData("EntryGuard:DataDir", "EntryGuard:DataDirectory")]
    [InlineData("EntryGuard:Proxy", "EntryGuard:Proxies:0")]
    [InlineData("EntryGuard:Proxies", "EntryGuard:Proxies:0")]
    public void An_unknown_key_is_refused_with_the_nearest_known_one(string key, string nearest) =>
        Faults($"{key}=1").ShouldBe([$"{key} is no setting; did you mean {nearest}?"]);

    [Fact]
    public void A_bad_connection_string_is_not_repeated()
    {
        Faults("EntryGuard:Postgres=Host=db;Pass word=hunter2").ShouldHaveSingleItem().ShouldNotContain("hunter2");
        Faults("EntryGuard:Postgres=Host=db;Password=hunter2").ShouldHaveSingleItem().ShouldContain("names no Database");
        Faults("EntryGuard:Postgres=Host=db;Database=eg;Password=hunter2").ShouldBeEmpty();
    }

    [Fact]
    public void What_means_one_start_is_refused_where_it_would_stay()
    {
        Faults("EntryGuard:Restored=true").ShouldHaveSingleItem().ShouldContain("on the command line");
        SettingsCheck.Faults((IConfigurationRoot)new ConfigurationBuilder().AddCommandLine(["--EntryGuard:Restored=true"]).Build()).ShouldBeEmpty();
        SettingsCheck.Faults((IConfigurationRoot)new ConfigurationBuilder().AddCommandLine(["--EntryGuard:Restored=true", "--EntryGuard:TakeOver=True"]).Build())
            .ShouldHaveSingleItem().ShouldContain("exclude each other");
    }

    [Fact]
    public void A_name_for_one_address_family_is_a_host_name_and_needs_to_know_whose_pages_may_ask_there()
    {
        Faults("EntryGuard:Detect:Ipv6Url=https://ipv6.example.org").ShouldHaveSingleItem().ShouldContain("EntryGuard:PublicUrl");
        Faults("EntryGuard:PublicUrl=https://example.org", "EntryGuard:Detect:Ipv6Url=https://ipv6.example.org").ShouldBeEmpty();
        Faults("EntryGuard:PublicUrl=https://example.org", "EntryGuard:Detect:Ipv4Url=https://192.0.2.1").ShouldHaveSingleItem().ShouldContain("host name");
    }

    [Fact]
    public void Every_setting_is_in_the_manual_with_what_counts_if_it_is_not_set()
    {
        var manual = File.ReadAllText(Repository.File("docs/operations.md"));
        foreach (var setting in Setting.All)
            manual.ShouldContain($"| `{setting.Key}{(setting.IsList ? ":0" : "")}` | {setting.Otherwise} |");
    }

    private static List<string> Faults(params string[] settings) => [.. SettingsCheck.Faults((IConfigurationRoot)new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create(s[0], (string?)s[1]))).Build())];
}
