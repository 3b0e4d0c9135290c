using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Server.Tests.Operations;

public sealed class LogTests
{
    private static readonly List<(MethodInfo Method, LoggerMessageAttribute Message)> Messages =
    [
        .. from type in typeof(Program).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           select (method, message),
    ];

    [Fact]
    public void Every_log_event_has_a_number_of_its_own()
    {
        Messages.Count.ShouldBeGreaterThan(10);
        Messages.GroupBy(m => m.Message.EventId).Where(g => g.Key <= 0 || g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(m => m.Method.Name))}").ShouldBeEmpty();
    }

    [Fact]
    public void No_log_event_takes_what_looks_like_a_secret() =>
        Messages.Where(m => Regex.IsMatch(m.Message.Message, @"\{[^}]*(secret|password|token|apikey|masterkey|credentialdata|connectionstring)[^}]*\}", RegexOptions.IgnoreCase))
            .Select(m => m.Method.Name).ShouldBeEmpty();
}
