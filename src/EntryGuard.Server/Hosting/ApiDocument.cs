using System.Globalization;
using EntryGuard.Contracts;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace EntryGuard.Server.Hosting;

/// <summary>The OpenAPI document: served at <c>/openapi/v1.json</c>, shown at <c>/docs</c>, checked in as <c>api/openapi.json</c>.</summary>
internal static class ApiDocument
{
    private const string Verb = "openapi";

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "EntryGuard",
                Version = "v1",
                Description = "Opens a network door for one person, for a while, and then certainly closes it.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-API-Key" },
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The API key again, or the access token of a sign-in." },
            };
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // Requests are closed: an unknown field is refused. Answers may grow.
            if (!context.JsonTypeInfo.Type.Name.EndsWith("Request", StringComparison.Ordinal))
                schema.AdditionalPropertiesAllowed = true;
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAsync);
    });

    public static void MapApiDocument(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowPublic();
        app.MapScalarApiReference("/docs", scalar => scalar.WithTitle("EntryGuard API").DisableDefaultFonts().DisableAgent().DisableTelemetry()).AllowPublic();
    }

    /// <summary>Writes the document to the file of the verb <c>openapi FILE</c>, without network and database. False: that was not asked for.</summary>
    public static async Task<bool> PrintApiDocumentAsync(this WebApplicationBuilder builder, string[] args, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is not [Verb, var file])
            return false;
        var background = builder.Services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Namespace != "Microsoft.AspNetCore.Hosting").ToList();
        background.ForEach(s => builder.Services.Remove(s));
        builder.Services.AddSingleton<IServer, NoServer>();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        map(app);
        await app.StartAsync();   // routes are known from here on
        var document = await app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        await File.WriteAllTextAsync(file, (await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1)).ReplaceLineEndings("\n") + "\n");
        await app.StopAsync();
        return true;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var access = Access.Of(new EndpointMetadataCollection(context.Description.ActionDescriptor.EndpointMetadata));
        operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        if (access is not null)
            operation.Extensions["x-entryguard-access"] = new JsonNodeExtension(access.ToString());
        operation.Responses ??= [];
        var problem = await context.GetOrCreateSchemaAsync(typeof(Problem), null, ct);
        context.Document!.AddComponent(nameof(Problem), problem);
        void Add(int status, string why) => operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
        {
            Description = why,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(nameof(Problem), context.Document) },
            },
        };

        // A body that may be left out is described as one that may be null.
        foreach (var content in operation.RequestBody?.Content?.Values ?? [])
            content.Schema = content.Schema?.OneOf?.FirstOrDefault(one => one.Type != JsonSchemaType.Null) ?? content.Schema;
        // The generator keeps one type per status; a start answers 200 with a preview or with the earlier session.
        foreach (var many in context.Description.ActionDescriptor.EndpointMetadata.OfType<IProducesResponseTypeMetadata>()
            .Where(r => r.Type is not null).GroupBy(r => r.StatusCode).Where(g => g.Select(r => r.Type).Distinct().Count() > 1))
        {
            operation.Responses[many.Key.ToString(CultureInfo.InvariantCulture)].Content!["application/json"].Schema = new OpenApiSchema
            {
                OneOf = [.. many.Select(r => r.Type!.Name).Distinct().Select(name => new OpenApiSchemaReference(name, context.Document))],
            };
        }

        if (operation.Responses.ContainsKey("400") || operation.RequestBody is not null || operation.Parameters is { Count: > 0 })
            Add(400, "A field is wrong, or the moment; `error` and `validationErrors` say which.");
        if (access is { IsPublic: false })
        {
            operation.Security =
            [
                .. access.IsForSignedIn ? (OpenApiSecurityRequirement[])[] : [new() { [new OpenApiSecuritySchemeReference("apiKey", context.Document)] = [] }],
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] },
            ];
            Add(401, "No valid API key or access token.");
            Add(403, "The key, or the user, may not do this.");
        }

        if (context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) == true)
            Add(404, "There is no such thing, or it is not yours, which reads the same.");
        if (context.Description.HttpMethod is not "GET")
            Add(409, "It contradicts what is there, or somebody else changed it at the same moment.");
        if (operation.RequestBody is not null)
        {
            Add(413, "The body is larger than 256 KB.");
            Add(415, "The body is not JSON.");
        }

        Add(429, "Too many requests; `Retry-After` says when to come back.");
        Add(500, "Our fault.");
    }

    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
