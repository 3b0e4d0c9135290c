using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Engine;

/// <summary>Configuration section <c>EntryGuard</c>: who this installation is.</summary>
public sealed class IdentitySettings
{
    /// <summary>Where people reach it, "https://entryguard.example.org". Part of the identity: a copy for tests has another. Null: not compared.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>An operator says that this database is the installation now, as it is.</summary>
    public bool TakeOver { get; set; }

    /// <summary>An operator says that this database was restored from a backup: everything live is ended first.</summary>
    public bool Restored { get; set; }
}

/// <summary>At start-up: is this the database the installation has always had, under its own name (E27)? Grants the <see cref="WriteRight"/>, or not.</summary>
public sealed class IdentityCheck(Databases databases, Restore restore, WriteRight right, IOptions<IdentitySettings> settings, ILogger<IdentityCheck> log)
{
    /// <summary>After the migrations, before anything may call a provider to change something.</summary>
    /// <param name="tell">A line for the operator about what a restore did.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RefusedToStartException">A restore could not be finished; the message says what is left.</exception>
    public Task RunAsync(Action<string> tell, CancellationToken ct) => databases.AloneAsync(_ => CheckAsync(tell, ct), ct);

    private async Task CheckAsync(Action<string> tell, CancellationToken ct)
    {
        var (url, takeOver, restored) = (settings.Value.PublicUrl, settings.Value.TakeOver, settings.Value.Restored);
        var found = await DatabaseIdentity.ReadAsync(databases, ct);
        var stored = await StoredAsync(ct);
        if (restored)
            await restore.RunAsync(tell, ct);
        if (stored.DatabaseIdentity is null || restored || takeOver)
        {
            await DatabaseIdentity.AcceptAsync(databases, ct);
            await RememberUrlAsync(url, ct);
            if (restored || takeOver)
                log.TakenOver();
            right.Grant();
            return;
        }

        if (WhyOther(stored, found, url) is { } why)
        {
            right.Refuse(why);
            log.OtherIdentity(why);
            return;
        }

        if (stored.PublicUrl is null)
            await RememberUrlAsync(url, ct);
        right.Grant();
    }

    private static string? WhyOther(Installation stored, string found, string? url)
    {
        const string Hint = "Nothing is changed at any provider until you decide. Is this a restored backup: start once with --restored. "
            + "Was the database moved or upgraded, and does no other copy run: start once with --take-over. Is it a copy for tests: stop it.";
        if (stored.DatabaseIdentity != found)
            return $"This database is not the one that installation {stored.Code} last ran on. {Hint}";
        return url is not null && stored.PublicUrl is { } known && known.TrimEnd('/') != url.TrimEnd('/')
            ? $"EntryGuard:PublicUrl is {url}, but installation {stored.Code} is known as {known}. {Hint}"
            : null;
    }

    private async Task<Installation> StoredAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.Installations.AsNoTracking().SingleAsync(ct);
    }

    private async Task RememberUrlAsync(string? url, CancellationToken ct)
    {
        if (url is null)
            return;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        (await db.Installations.SingleAsync(ct)).PublicUrl = url;
        await work.CommitAsync(ct);
    }
}

internal static partial class IdentityLog
{
    [LoggerMessage(1511, LogLevel.Critical, "{Why}")]
    public static partial void OtherIdentity(this ILogger log, string why);

    [LoggerMessage(1512, LogLevel.Warning, "An operator declared this database to be the installation's from now on")]
    public static partial void TakenOver(this ILogger log);
}
