using EntryGuard.Server.Engine;
using EntryGuard.Server.Features;
using EntryGuard.Server.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddData();
builder.AddEngine(builder.IsShared());
builder.AddApi();
if (await builder.PrintApiDocumentAsync(args, Map))
    return;

await using var app = builder.Build();
await app.PrepareAsync();
Map(app);
await app.RunAsync();

static void Map(WebApplication app)
{
    app.UseApi();
    app.MapApi();
    app.MapApiDocument();
}
