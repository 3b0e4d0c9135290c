namespace EntryGuard.Server.Hosting.Start;

/// <summary>The command line: a verb, then settings. Whatever it does not know is left to the configuration (<c>--Section:Key=value</c>).</summary>
/// <param name="Verb">"serve" if none is given.</param>
/// <param name="Settings">For the configuration's command-line source.</param>
public sealed record CommandLine(string Verb, IReadOnlyList<string> Settings)
{
    /// <summary>What the program can do.</summary>
    public static readonly IReadOnlyDictionary<string, string> Verbs = new Dictionary<string, string>
    {
        ["serve"] = "run the server (the default)",
        ["close"] = "--overdue | --all: close rules from the database and the key alone, with the server down",
        ["rewrap"] = "--to FILE: encrypt the secrets' key ring with another master key",
        ["reset-mfa"] = "--organization SLUG --email ADDRESS: take a user's second factor away, for an administrator who lost it",
        ["openapi"] = "FILE: write the API's OpenAPI document",
        ["walkthrough"] = "play the life of a session against a real server, in a folder of its own",
    };

    // Short words for newcomers; the long form is always EntryGuard:….
    private static readonly Dictionary<string, string> Words = new()
    {
        ["--data"] = "EntryGuard:DataDirectory",
        ["--env-file"] = "EntryGuard:FirstRun:EnvironmentFile",
        ["--to"] = "EntryGuard:Rewrap:To",
        ["--organization"] = "EntryGuard:ResetMfa:Organization",
        ["--email"] = "EntryGuard:ResetMfa:Email",
    };

    private static readonly Dictionary<string, string> Flags = new()
    {
        ["--demo"] = "EntryGuard:Demo",
        ["--first-run"] = "EntryGuard:FirstRun:Enabled",
        ["--restored"] = "EntryGuard:Restored",
        ["--take-over"] = "EntryGuard:TakeOver",
        ["--overdue"] = "EntryGuard:Close:Overdue",
        ["--all"] = "EntryGuard:Close:All",
    };

    /// <summary>Reads it. Unknown verbs are kept, for the caller to refuse with <see cref="Usage"/>.</summary>
    public static CommandLine Read(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var verb = args.Count > 0 && !args[0].StartsWith('-') ? args[0] : "serve";
        var settings = new List<string>();
        for (var i = args.Count > 0 && verb == args[0] ? 1 : 0; i < args.Count; i++)
        {
            if (Flags.TryGetValue(args[i], out var flag))
                settings.Add($"--{flag}=true");
            else if (Words.TryGetValue(args[i], out var word) && i + 1 < args.Count)
                settings.Add($"--{word}={args[++i]}");
            else
                settings.Add(args[i]);
        }

        return new CommandLine(verb, settings);
    }

    /// <summary>What to say to a verb that is not one.</summary>
    public static string Usage =>
        $"usage: entryguard [verb] [--data DIR] [--urls URL] [--Section:Key=value …]{Environment.NewLine}"
        + string.Concat(Verbs.Select(v => $"  {v.Key,-12} {v.Value}{Environment.NewLine}"));
}
