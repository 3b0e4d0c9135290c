using EntryGuard.Bench;

return args switch
{
    ["gate"] => await GateBench.RunAsync(),
    ["access"] => await AccessBench.RunAsync(),
    ["clouds"] => await CloudBench.RunAsync(),
    ["consoles", var path] => await ConsoleBench.RunAsync(path),
    ["server", var path] => await ServerBench.RunAsync(path),
    [GateServer.Verb, var sink, var echo] => await GateServer.RunAsync(sink, echo),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/EntryGuard.Bench -- VERB");
    Console.Error.WriteLine("  gate          races HAProxy, under a minute");
    Console.Error.WriteLine("  access        what deciding costs beside its query, and how soon a role's removal acts, under a minute");
    Console.Error.WriteLine("  clouds        counts calls to a fake of EC2, some minutes");
    Console.Error.WriteLine("  consoles PATH 200 open pages of the published server (script/publish artifacts/server): their memory, and how soon a change is on all of them, a minute");
    Console.Error.WriteLine("  server PATH   start-up and memory of the built server, e.g. src/EntryGuard.Server/bin/Release/net10.0/entryguard");
    return 2;
}
