using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features;
using EntryGuard.Server.Features.SignIns;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Hosting.Start;
using EntryGuard.Server.Mail;
using EntryGuard.Server.Walkthrough;
using EntryGuard.Server.Web;

var command = CommandLine.Read(args);
if (command.Verb == "walkthrough")
    return await Story.PlayAsync(CancellationToken.None);
if (!CommandLine.Verbs.ContainsKey(command.Verb))
{
    await Console.Error.WriteLineAsync(CommandLine.Usage);
    return 2;
}

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [.. command.Settings], WebRootPath = WebSetup.Root() });
    builder.AddData();
    builder.AddProviders();
    builder.Services.AddMail(builder.Configuration);
    builder.AddFirstMinutes();
    builder.AddEngine(builder.IsShared());
    builder.AddApi();
    builder.AddWeb();
    builder.Services.AddFeatures();
    builder.AddTelemetry();
    if (await builder.PrintApiDocumentAsync(args, MapApiAlone))
        return 0;

    await using var app = builder.Build();
    app.RefuseBadSettings();
    switch (command.Verb)
    {
        case "close":
            return await app.CloseAsync();
        case "rewrap":
            return await app.RewrapAsync();
        case "reset-mfa":
            return await ResetMfaVerb.RunAsync(app);
    }

    await app.PrepareAsync();
    if (app.HasConsole())
        Map(app);
    else
        MapApiAlone(app);
    return await app.ServeAsync();
}
catch (RefusedToStartException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static void Map(WebApplication app)
{
    app.UseApi(WebSetup.UseWeb);
    MapRoutes(app);
    app.MapWeb();
}

// Pages would ask for the keys of their forms, and so for a database: the API's document is written without any.
static void MapApiAlone(WebApplication app)
{
    app.UseApi((_, _) => { });
    MapRoutes(app);
}

static void MapRoutes(WebApplication app)
{
    app.MapApi();
    app.MapKeys();
    app.MapApiDocument();
    app.MapHealth();
    app.MapMetrics();
}
