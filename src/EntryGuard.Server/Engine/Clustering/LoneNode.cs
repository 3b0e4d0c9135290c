using System.Net;
using Microsoft.AspNetCore.Connections;

namespace EntryGuard.Server.Engine.Clustering;

/// <summary>A node that has nobody to talk to: its membership is in memory, and it listens on no port, so no two of them can collide.</summary>
internal static class LoneNode
{
    /// <summary>A name, not a port: nothing listens there.</summary>
    public const int Port = 11111;

    public static ISiloBuilder UseLoneNode(this ISiloBuilder silo)
    {
        silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Loopback, Port));

        // Orleans finds its listeners by keys that it keeps to itself; what is registered under them is public.
        foreach (var listener in silo.Services.Where(s => s.IsKeyedService && s.ServiceType == typeof(IConnectionListenerFactory)).ToList())
        {
            silo.Services.Remove(listener);
            silo.Services.AddKeyedSingleton<IConnectionListenerFactory, Deaf>(listener.ServiceKey);
        }

        return silo;
    }

    private sealed class Deaf : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Nobody(endpoint));
    }

    private sealed class Nobody(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(unbound.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            unbound.TrySetResult(null);
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
