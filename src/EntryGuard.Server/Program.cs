using EntryGuard.Server.Engine;
using EntryGuard.Server.Features;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.Start;
using EntryGuard.Server.Walkthrough;

var command = CommandLine.Read(args);
switch (command.Verb)
{
    case "serve" or "openapi":
        break;
    case "walkthrough":
        return await Story.PlayAsync(CancellationToken.None);
    default:
        await Console.Error.WriteLineAsync(CommandLine.Usage);
        return 2;
}

var builder = WebApplication.CreateBuilder([.. command.Settings]);
builder.AddData();
builder.AddProviders();
builder.AddFirstMinutes();
builder.AddEngine(builder.IsShared());
builder.AddApi();
if (await builder.PrintApiDocumentAsync(args, Map))
    return 0;

await using var app = builder.Build();
await app.PrepareAsync();
Map(app);
await app.RunAsync();
return 0;

static void Map(WebApplication app)
{
    app.UseApi();
    app.MapApi();
    app.MapApiDocument();
}
