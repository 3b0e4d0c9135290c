using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Testing;

/// <summary>Everything the server logs, at every level, exceptions and scopes included.</summary>
public sealed class TestLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();

    /// <summary>So far, in order.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName, lines);

    public void Dispose()
    {
    }

    private sealed class Writer(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Write(LogLevel.None, state, null, state.ToString());
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Write(logLevel, state, exception, formatter(state, exception));

        // Structured values too: a sink may write those that the words leave out.
        private void Write<TState>(LogLevel level, TState state, Exception? exception, string? words)
        {
            var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(", ", pairs.Select(p => $"{p.Key}={p.Value}")) : "";
            lines.Enqueue($"{level} {category}: {words} [{values}] {exception}");
        }
    }
}
