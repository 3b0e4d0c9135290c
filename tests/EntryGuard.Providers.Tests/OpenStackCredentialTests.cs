using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using EntryGuard.Providers.OpenStack;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Providers.Tests;

/// <summary>What may stand in <c>credentialData</c>. No server is needed.</summary>
public sealed class OpenStackCredentialTests
{
    private const string Good = """
        { "authUrl": "https://keystone.example.org:5000/v3", "applicationCredentialId": "id", "applicationCredentialSecret": "hunter2" }
        """;

    private static readonly OpenStackSecurityGroups Provider =
        new(null!, new EndpointLimits(["neutron.internal"], [Cidr.Parse("10.9.0.0/16")]), TimeProvider.System, NullLogger<OpenStackSecurityGroups>.Instance);

    [Theory]
    [InlineData("APPLICATION_CREDENTIAL", Good)]
    [InlineData("NO_AUTH", """{ "networkUrl": "http://neutron.internal:9696", "projectId": "p" }""")]
    [InlineData("NO_AUTH", """{ "networkUrl": "http://10.9.1.2:9696/v2.0/", "projectId": "p" }""")]
    public void A_good_one_is_taken(string type, string data) => Provider.CheckCredential(default, type, data).ShouldBeNull();

    [Theory]
    [InlineData("APPLICATION_CREDENTIAL", "[]", "object")]
    [InlineData("APPLICATION_CREDENTIAL", "hunter2", "object")]
    [InlineData("APPLICATION_CREDENTIAL", "{}", "authUrl|applicationCredentialId|applicationCredentialSecret")]
    [InlineData("APPLICATION_CREDENTIAL", """{ "authUrl": "http://keystone.example.org", "applicationCredentialId": "x", "applicationCredentialSecret": "hunter2" }""", "authUrl|not encrypted")]
    [InlineData("APPLICATION_CREDENTIAL", """{ "authUrl": "https://10.1.1.1", "applicationCredentialId": 7, "applicationCredentialSecret": "hunter2" }""", "authUrl|not public|applicationCredentialId")]
    [InlineData("APPLICATION_CREDENTIAL", """{ "authUrl": "https://169.254.169.254", "applicationCredentialId": "x", "applicationCredentialSecret": "hunter2" }""", "metadata")]
    [InlineData("APPLICATION_CREDENTIAL", """{ "authUrl": "https://k.example.org", "applicationCredentialId": "x", "applicationCredentialSecret": "hunter2", "password": "hunter2" }""", "unknown")]
    [InlineData("APPLICATION_CREDENTIAL", """{ "authUrl": "https://k.example.org", "applicationCredentialId": "x", "applicationCredentialSecret": " ", "networkUrl": "ftp://x" }""", "applicationCredentialSecret|networkUrl")]
    [InlineData("NO_AUTH", """{ "networkUrl": "https://neutron.example.org", "projectId": "p" }""", "networkUrl|EntryGuard:PrivateEndpoints")]
    [InlineData("NO_AUTH", """{ "networkUrl": "http://neutron.internal:9696" }""", "projectId")]
    [InlineData("PASSWORD", "{}", "APPLICATION_CREDENTIAL")]
    public void A_bad_one_is_refused_with_all_that_is_wrong_and_no_secret(string type, string data, string words)
    {
        var fault = Provider.CheckCredential(new OrganizationId(Guid.NewGuid()), type, data).ShouldNotBeNull();
        foreach (var word in words.Split('|'))
            fault.ShouldContain(word);
        fault.ShouldNotContain("hunter2");
    }

    [Fact]
    public void Without_resources_there_are_no_rights_to_name() => Provider.For([]).ShouldBeNull();

    [Fact]
    public void Rights_name_each_group_and_the_project_as_far_as_it_is_known()
    {
        var rights = Provider.For([Resource("g1", "p1@neutron.internal:9696"), Resource("g2", null), Resource("g2", null)]).ShouldNotBeNull();
        using var rules = JsonDocument.Parse(rights.DocumentJson);
        rules.RootElement.EnumerateArray().Select(r => $"{r.GetProperty("service")} {r.GetProperty("method")} {r.GetProperty("path")}").ShouldBe(
        [
            "network GET /v2.0/security-group-rules", "network POST /v2.0/security-group-rules", "network DELETE /v2.0/security-group-rules/*",
            "network GET /v2.0/security-groups/g1", "network GET /v2.0/security-groups/g2",
            "network GET /v2.0/quotas/*/details.json", "network GET /v2.0/quotas/p1/details.json",
        ]);
        rights.Words.ShouldContain("every group of its project");
    }

    private static PrivilegedResource Resource(string group, string? identity) => new(new ResourceConfig(group, null, default), identity);
}
