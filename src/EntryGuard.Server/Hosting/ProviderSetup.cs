using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Aws;
using EntryGuard.Providers.Gate;
using EntryGuard.Providers.Http;
using EntryGuard.Providers.OpenStack;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Hosting;

/// <summary>The providers of this server. Here a new one is added.</summary>
internal static class ProviderSetup
{
    public static void AddProviders(this WebApplicationBuilder builder)
    {
        var gates = builder.Configuration.GetSection("EntryGuard:Gate");
        builder.Services.AddSingleton(_ => ReadEndpoints(builder.Configuration));
        builder.Services.AddSingleton<GateProvider>(s => new GateProvider(ReadLimits(gates), s.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IResourceProvider>(s => s.GetRequiredService<GateProvider>());
        builder.Services.AddSingleton<IResourceProvider>(s => new AwsSecurityGroupProvider(
            s.GetRequiredService<EndpointLimits>(), ReadOrganizations(builder.Configuration.GetSection("EntryGuard:Aws:DefaultChain")),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<AwsSecurityGroupProvider>>()));
        builder.Services.AddOpenStackHttp();
        builder.Services.AddSingleton<IResourceProvider, OpenStackSecurityGroups>();
    }

    private static IEnumerable<OrganizationId> ReadOrganizations(IConfigurationSection section) =>
        (section.Get<string[]>() ?? []).Select(text => new OrganizationId(Guid.ParseExact(text, "D")));

    // Entries that are no range are host names.
    private static EndpointLimits ReadEndpoints(ConfigurationManager configuration)
    {
        var entries = configuration.GetSection("EntryGuard:PrivateEndpoints").Get<string[]>() ?? [];
        var ranges = entries.Select(text => Cidr.TryParse(text, out var range, out _) ? range : Cidr.None).Where(range => range != Cidr.None);
        return new EndpointLimits([.. entries.Where(text => !Cidr.TryParse(text, out _, out _))], [.. ranges]);
    }

    private static GateLimits ReadLimits(IConfigurationSection gates) => new(
        Ranges(gates, "Listen", GateLimits.Default.Listen), Ranges(gates, "Forward", GateLimits.Default.Forward), gates.GetValue("RemovalDelay", TimeSpan.Zero));

    private static IReadOnlyList<Cidr> Ranges(IConfigurationSection gates, string key, IReadOnlyList<Cidr> otherwise)
    {
        if (gates.GetSection(key).Get<string[]>() is not { Length: > 0 } texts)
            return otherwise;
        return [.. texts.Select(text => Cidr.TryParse(text, out var range, out var fault)
            ? range
            : throw new RefusedToStartException($"EntryGuard:Gate:{key} contains '{text}', which {fault}."))];
    }
}
