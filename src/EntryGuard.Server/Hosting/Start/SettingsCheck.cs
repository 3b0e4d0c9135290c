using EntryGuard.Server.Data;
using EntryGuard.Server.Mail;
using Microsoft.Extensions.Configuration.CommandLine;

namespace EntryGuard.Server.Hosting.Start;

/// <summary>Reads everything under <c>EntryGuard:</c> before anything acts on it, and says all that is wrong at once.</summary>
internal static class SettingsCheck
{
    private const string Section = "EntryGuard";

    /// <summary>Call before the database is touched.</summary>
    /// <exception cref="RefusedToStartException">With a line per fault: key, what is wrong, what to write.</exception>
    public static void RefuseBadSettings(this WebApplication app)
    {
        var faults = Faults((IConfigurationRoot)app.Configuration).ToList();
        try
        {
            DataSetup.RefuseBadMasterKey(app.Configuration);
        }
        catch (RefusedToStartException e)
        {
            faults.Add(e.Message);
        }

        if (faults.Count > 0)
            throw new RefusedToStartException(
                $"EntryGuard does not start with this configuration:{Environment.NewLine}{string.Join(Environment.NewLine, faults.Select(f => $"  {f}"))}");
    }

    /// <summary>A sentence for each.</summary>
    public static IEnumerable<string> Faults(IConfigurationRoot configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        foreach (var (key, value) in configuration.GetSection(Section).AsEnumerable().Where(s => s.Value is not null).OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (value!.Length == 0 && configuration.GetSection(key).GetChildren().Any())
                continue;   // some sources give a section an empty value
            if (Setting.All.FirstOrDefault(s => Is(s, key)) is not { } setting)
                yield return $"{key} is no setting; did you mean {Nearest(key)}?";
            else if (value.Length > 0 && setting.Fault(value) is { } fault)
                yield return $"{key} {fault}.";
            else if (setting.OnlyOnce && ComesFromElsewhere(configuration, key))
                yield return $"{key} is meant for one start; give it on the command line, not in a file or in the environment.";
        }

        if (IsSet(configuration, "EntryGuard:Restored") && IsSet(configuration, "EntryGuard:TakeOver"))
            yield return "EntryGuard:Restored and EntryGuard:TakeOver exclude each other; give one of them.";
        if (configuration["EntryGuard:PublicUrl"] is not { Length: > 0 } && (configuration["EntryGuard:Detect:Ipv4Url"] ?? configuration["EntryGuard:Detect:Ipv6Url"]) is { Length: > 0 })
            yield return "EntryGuard:Detect needs EntryGuard:PublicUrl as well: only pages from there may ask for an address.";
        foreach (var fault in MailSettings.Faults(configuration))
            yield return fault;
    }

    private static bool Is(Setting setting, string key) => setting.IsList
        ? key.StartsWith($"{setting.Key}:", StringComparison.OrdinalIgnoreCase) && int.TryParse(key.AsSpan(setting.Key.Length + 1), out _)
        : key.Equals(setting.Key, StringComparison.OrdinalIgnoreCase);

    private static bool IsSet(IConfiguration configuration, string key) => bool.TryParse(configuration[key], out var value) && value;

    private static bool ComesFromElsewhere(IConfigurationRoot configuration, string key) =>
        configuration.Providers.Any(p => p is not (CommandLineConfigurationProvider or ChainedConfigurationProvider) && p.TryGet(key, out _));

    private static string Nearest(string key) =>
        Setting.All.Select(s => s.IsList ? $"{s.Key}:0" : s.Key).MinBy(known => Distance(known.ToUpperInvariant(), key.ToUpperInvariant()))!;

    // Levenshtein's: the fewest letters to add, drop or change.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
