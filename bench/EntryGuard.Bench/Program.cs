using EntryGuard.Bench;

return args switch
{
    ["gate"] => await GateBench.RunAsync(),
    [GateServer.Verb, var sink, var echo] => await GateServer.RunAsync(sink, echo),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/EntryGuard.Bench -- gate    (races HAProxy, under a minute)");
    return 2;
}
