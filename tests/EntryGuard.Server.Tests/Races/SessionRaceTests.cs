using EntryGuard.Testing;
using static EntryGuard.Server.Tests.Races.Act;
using static EntryGuard.Server.Tests.Races.Meanwhile;

namespace EntryGuard.Server.Tests.Races;

/// <summary>
/// Every pair of things that may happen to one session at once, in both orders. The first has written everything and stands just before its
/// commit when the second begins. A row: the second; whether it waits for the first; both answers; then, once the engine is quiet, the
/// session (+ the one a start made), and the lists that let the user in.
/// </summary>
[Trait("Category", "Slow")]
public sealed class SessionRaceTests
{
    [Theory]
    [PostgresOnly(Start, Passes, "201, 201", "PARTIAL + ACTIVE + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Passes, "201, 200", "CANCELLED MANUAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Extend, Passes, "201, 200", "PARTIAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Expire, Passes, "201, done", "EXPIRED EXPIRED + ACTIVE", "web db mail log")]
    [PostgresOnly(Outcome, Passes, "201, done", "PARTIAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Retry, Passes, "201, 200", "ACTIVE + ACTIVE", "web db mail log")]
    [PostgresOnly(AccessLost, Waits, "201, 200", "PARTIAL + ACTIVE", "db mail log")]
    [PostgresOnly(ConfigChange, Waits, "201, 200", "PARTIAL + ACTIVE", "web:9443 db mail log")]
    public Task E18_a_start_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Start, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Passes, "200, 201", "CANCELLED MANUAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "200, 400 SESSION_NOT_EXTENDABLE", "CANCELLED MANUAL", "")]
    [PostgresOnly(Expire, Passes, "200, done", "CANCELLED MANUAL", "")]
    [PostgresOnly(Outcome, Waits, "200, done", "CANCELLED MANUAL", "")]
    [PostgresOnly(Retry, Waits, "200, 400 RESOURCE_IP_NOT_RETRYABLE", "CANCELLED MANUAL", "")]
    [PostgresOnly(AccessLost, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(ConfigChange, Waits, "200, 200", "CANCELLED MANUAL", "")]
    public Task E19_a_stop_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Stop, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Passes, "200, 201", "PARTIAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "200, 200", "PARTIAL", "web mail log")]
    [PostgresOnly(Expire, Passes, "200, done", "PARTIAL", "web mail log")]
    [PostgresOnly(Outcome, Waits, "200, done", "PARTIAL", "web mail log")]
    [PostgresOnly(Retry, Waits, "200, 200", "ACTIVE", "web db mail log")]
    [PostgresOnly(AccessLost, Waits, "200, 200", "PARTIAL", "mail log")]
    [PostgresOnly(ConfigChange, Waits, "200, 200", "PARTIAL", "web:9443 mail log")]
    public Task E19_an_extension_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Extend, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Passes, "done, 201", "EXPIRED EXPIRED + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Waits, "done, 200", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Extend, Waits, "done, 400 SESSION_NOT_EXTENDABLE", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Expire, Passes, "done, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Outcome, Waits, "done, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Retry, Waits, "done, 400 RESOURCE_IP_NOT_RETRYABLE", "EXPIRED EXPIRED", "")]
    [PostgresOnly(AccessLost, Waits, "done, 200", "EXPIRED EXPIRED", "")]
    [PostgresOnly(ConfigChange, Waits, "done, 200", "EXPIRED EXPIRED", "")]
    public Task E22_a_clock_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Expire, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Passes, "done, 201", "PARTIAL + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Waits, "done, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "done, 200", "PARTIAL", "web mail log")]
    [PostgresOnly(Expire, Passes, "done, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Outcome, Waits, "done, done", "PARTIAL", "web mail log")]
    [PostgresOnly(Retry, Waits, "done, 200", "ACTIVE", "web db mail log")]
    [PostgresOnly(AccessLost, Waits, "done, 200", "PARTIAL", "mail log")]
    [PostgresOnly(ConfigChange, Waits, "done, 200", "PARTIAL", "web:9443 mail log")]
    public Task E18_an_outcome_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Outcome, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Passes, "200, 201", "ACTIVE + ACTIVE", "web db mail log")]
    [PostgresOnly(Stop, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "200, 200", "ACTIVE", "web db mail log")]
    [PostgresOnly(Expire, Passes, "200, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Outcome, Waits, "200, done", "ACTIVE", "web db mail log")]
    [PostgresOnly(Retry, Waits, "200, 400 RESOURCE_IP_NOT_RETRYABLE", "ACTIVE", "web db mail log")]
    [PostgresOnly(AccessLost, Waits, "200, 200", "ACTIVE", "db mail log")]
    [PostgresOnly(ConfigChange, Waits, "200, 200", "ACTIVE", "web:9443 db mail log")]
    public Task E19_a_retry_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, Retry, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Waits, "200, 404 RESOURCE_NOT_FOUND", "PARTIAL", "mail log")]
    [PostgresOnly(Stop, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "200, 200", "PARTIAL", "mail log")]
    [PostgresOnly(Expire, Passes, "200, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Outcome, Waits, "200, done", "PARTIAL", "mail log")]
    [PostgresOnly(Retry, Waits, "200, 200", "ACTIVE", "db mail log")]
    [PostgresOnly(AccessLost, Waits, "200, 404 NOT_FOUND", "PARTIAL", "mail log")]
    [PostgresOnly(ConfigChange, Waits, "200, 200", "PARTIAL", "mail log")]
    public Task E18_access_is_taken_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, AccessLost, second, meanwhile, answers, sessions, rules);

    [Theory]
    [PostgresOnly(Start, Waits, "200, 201", "PARTIAL + ACTIVE", "web:8443 db mail log")]
    [PostgresOnly(Stop, Waits, "200, 200", "CANCELLED MANUAL", "")]
    [PostgresOnly(Extend, Waits, "200, 200", "PARTIAL", "web:8443 mail log")]
    [PostgresOnly(Expire, Passes, "200, done", "EXPIRED EXPIRED", "")]
    [PostgresOnly(Outcome, Waits, "200, done", "PARTIAL", "web:8443 mail log")]
    [PostgresOnly(Retry, Waits, "200, 200", "ACTIVE", "web:8443 db mail log")]
    [PostgresOnly(AccessLost, Waits, "200, 200", "PARTIAL", "mail log")]
    [PostgresOnly(ConfigChange, Waits, "200, 200", "PARTIAL", "web:9443 mail log")]
    public Task E18_a_configuration_change_is_before_its_commit_and(
        TestDatabase database, Act second, Meanwhile meanwhile, string answers, string sessions, string rules) =>
        RaceAsync(database, ConfigChange, second, meanwhile, answers, sessions, rules);

    private static async Task RaceAsync(
        TestDatabase database, Act first, Act second, Meanwhile meanwhile, string answers, string sessions, string rules)
    {
        await using var scene = await RaceScene.SetAsync(database);
        var raced = await scene.RaceAsync(first, second);
        await scene.App.Advance(TimeSpan.Zero);
        (raced.Meanwhile, raced.Answers, await scene.StatusesAsync(), scene.Rules()).ShouldBe((meanwhile, answers, sessions, rules));
        await scene.Laws.HoldAsync();

        await scene.App.Advance(TimeSpan.FromHours(3));
        scene.Rules().ShouldBe("");
        (await scene.StatusesAsync()).Split(" + ").ShouldAllBe(s => s.StartsWith("EXPIRED") || s.StartsWith("CANCELLED"));
        await scene.Laws.HoldAsync();
    }
}
