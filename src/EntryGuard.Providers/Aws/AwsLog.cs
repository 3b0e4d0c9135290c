using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Aws;

internal static class AwsLog
{
    private static readonly Action<ILogger, string, string, Exception?> GarbageAnswer = LoggerMessage.Define<string, string>(
        LogLevel.Warning, new EventId(7101, "AwsGarbage"), "What answered {Action} is not AWS; its answer begins: {Excerpt}");

    private static readonly Action<ILogger, string, Exception?> NoOwnIdentity = LoggerMessage.Define<string>(
        LogLevel.Warning, new EventId(7102, "AwsNoIdentity"), "The server has no AWS identity of its own ({Kind})");

    public static void Garbage(ILogger log, string action, string excerpt) => GarbageAnswer(log, action, excerpt, null);

    public static void NoIdentity(ILogger log, string kind) => NoOwnIdentity(log, kind, null);
}
