using System.Text.Json;

namespace EntryGuard.Providers.Tests;

/// <summary>The shapes in which ports are written, and what is said of every other.</summary>
public sealed class PortConfigTests
{
    [Theory]
    [InlineData("""{ "port": 5432 }""", "tcp/5432")]
    [InlineData("""{ "port": 53, "protocol": "udp" }""", "udp/53")]
    [InlineData("""{ "ports": [5432, "6000-6010", "7000-7000"] }""", "tcp/5432 tcp/6000-6010 tcp/7000")]
    [InlineData("""{ "ports": ["0-65535"], "protocol": "udp" }""", "udp/0-65535")]
    [InlineData("""{ "fromPort": 22, "toPort": 22 }""", "tcp/22")]
    [InlineData("""{ "fromPort": 0, "toPort": 65535 }""", "tcp/0-65535")]
    [InlineData("""{ "protocol": "icmp" }""", "icmp")]
    public void Each_shape_is_read(string settings, string scopes)
    {
        var errors = new Dictionary<string, string>();
        string.Join(' ', PortConfig.Read(JsonDocument.Parse(settings).RootElement, errors)).ShouldBe(scopes);
        errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("[]", "config")]
    [InlineData("null", "config")]
    [InlineData("{}", "config.port")]
    [InlineData("""{ "protocol": "tcp" }""", "config.port")]
    [InlineData("""{ "port": 0 }""", "config.port")]
    [InlineData("""{ "port": 65536 }""", "config.port")]
    [InlineData("""{ "port": 5432.5 }""", "config.port")]
    [InlineData("""{ "port": null }""", "config.port")]
    [InlineData("""{ "port": 1, "ports": [1], "toPort": 1 }""", "config.ports config.toPort")]
    [InlineData("""{ "ports": [1], "fromPort": 1 }""", "config.fromPort")]
    [InlineData("""{ "ports": 5432 }""", "config.ports")]
    [InlineData("""{ "ports": ["5432", "06-7", "7-", "-7", "1-2-3", "0-7", "9-8", true] }""",
        "config.ports[0] config.ports[1] config.ports[2] config.ports[3] config.ports[4] config.ports[5] config.ports[6] config.ports[7]")]
    [InlineData("""{ "ports": [80, 80, "70-90"] }""", "config.ports[1] config.ports[2]")]
    [InlineData("""{ "toPort": 9 }""", "config.fromPort")]
    [InlineData("""{ "fromPort": 0, "toPort": 9 }""", "config.fromPort")]
    [InlineData("""{ "fromPort": 10, "toPort": 9 }""", "config.toPort")]
    [InlineData("""{ "protocol": "icmp", "ports": [1] }""", "config.ports")]
    [InlineData("""{ "protocol": "TCP", "port": 0, "ttl": 1 }""", "config.port config.protocol config.ttl")]
    public void Everything_wrong_is_told_at_once_by_field(string settings, string fields)
    {
        var errors = new Dictionary<string, string>();
        PortConfig.Read(JsonDocument.Parse(settings).RootElement, errors).ShouldBeEmpty();
        errors.Keys.ShouldBe(fields.Split(' '), ignoreOrder: true);
    }

    [Fact]
    public void There_is_a_most_to_list()
    {
        var errors = new Dictionary<string, string>();
        var settings = JsonSerializer.SerializeToElement(new { ports = Enumerable.Range(1, PortConfig.MostPorts + 1) });
        PortConfig.Read(settings, errors).ShouldBeEmpty();
        errors.Keys.ShouldHaveSingleItem().ShouldBe("config.ports");
    }
}
