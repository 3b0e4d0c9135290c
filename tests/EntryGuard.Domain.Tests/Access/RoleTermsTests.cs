using EntryGuard.Domain.Access;
using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Tests.Access;

public sealed class RoleTermsTests
{
    private static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);
    private static readonly AccessRequest Plain = new(Cidr.Parse("203.0.113.7"), null, null, Monday, Monday, Monday);

    [Fact]
    public void Without_terms_the_organization_limits()
    {
        var verdict = new RoleTerms { Name = "r" }.Judge(Plain, Day);
        (verdict.IsGranted, verdict.Until, verdict.LimitedBy, verdict.Lack).ShouldBe((true, Monday + Day, "the organization's longest session, 24 h", AccessLack.Nothing));
    }

    [Theory]
    [InlineData(120, 2, "the role r, 2 h")]
    [InlineData(90, 1.5, "the role r, 90 min")]
    [InlineData(24 * 60, 24, "the organization's longest session, 24 h")]
    [InlineData(30 * 24 * 60, 24, "the organization's longest session, 24 h")]   // a role is never longer than the organization
    public void The_shorter_limit_counts_and_is_named(int minutes, double hours, string by)
    {
        var verdict = new RoleTerms { Name = "r", MaxSession = TimeSpan.FromMinutes(minutes) }.Judge(Plain, Day);
        (verdict.Until, verdict.LimitedBy).ShouldBe((Monday.AddHours(hours), by));
    }

    [Fact]
    public void The_limit_counts_from_the_start_not_from_now()
    {
        var verdict = new RoleTerms { Name = "r", MaxSession = TimeSpan.FromHours(2) }.Judge(Plain with { Now = Monday.AddHours(1.5) }, Day);
        verdict.Until.ShouldBe(Monday.AddHours(2));
    }

    [Theory]
    [InlineData(false, null, null, true)]
    [InlineData(true, null, null, false)]
    [InlineData(true, null, "   ", false)]
    [InlineData(true, null, "because", true)]
    [InlineData(true, "^[A-Z]+-[0-9]+", "OPS-17 the disk is full", true)]
    [InlineData(true, "^[A-Z]+-[0-9]+", "the disk is full", false)]
    [InlineData(false, "^[A-Z]+-[0-9]+", "the disk is full", false)]   // where none is asked for, one that is given still has to hold it
    [InlineData(false, "^[A-Z]+-[0-9]+", null, true)]
    public void A_reason(bool isRequired, string? pattern, string? reason, bool granted)
    {
        var verdict = new RoleTerms { Name = "r", IsReasonRequired = isRequired, ReasonPattern = pattern }.Judge(Plain with { Reason = reason }, Day);
        verdict.IsGranted.ShouldBe(granted);
        verdict.Lack.ShouldBe(granted ? AccessLack.Nothing : AccessLack.Reason);
    }

    // (a+)+$ on a long line of a's takes a backtracking engine longer than the sun lasts.
    [Fact]
    public void No_pattern_takes_long() =>
        new RoleTerms { Name = "r", IsReasonRequired = true, ReasonPattern = "^(a+)+$" }.Judge(Plain with { Reason = new string('a', 499) + "!" }, Day).IsGranted.ShouldBeFalse();

    [Theory]
    [InlineData("[")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)b")]
    public void What_needs_backtracking_is_no_pattern(string pattern) => Should.Throw<ArgumentException>(() => RoleTerms.Pattern(pattern));

    [Theory]
    [InlineData("203.0.113.7", true)]
    [InlineData("203.0.113.0/28", true)]
    [InlineData("203.0.113.0/29", true)]
    [InlineData("203.0.113.8", false)]
    [InlineData("2001:db8::/32", false)]
    public void A_network(string network, bool granted)
    {
        var verdict = new RoleTerms { Name = "r", Networks = [Cidr.Parse(network)] }.Judge(Plain, Day);
        (verdict.IsGranted, verdict.Lack).ShouldBe((granted, granted ? AccessLack.Nothing : AccessLack.Network));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0, true)]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void A_second_factor_that_is_not_too_old(int? minutesAgo, bool granted)
    {
        var verdict = new RoleTerms { Name = "r", MfaWithin = TimeSpan.FromMinutes(15) }
            .Judge(Plain with { MfaAt = minutesAgo is { } m ? Monday.AddMinutes(-m) : null }, Day);
        (verdict.IsGranted, verdict.Lack).ShouldBe((granted, granted ? AccessLack.Nothing : AccessLack.Mfa));
    }

    [Theory]
    [InlineData("MON 08:00-11:00", true, 2, "the hours of the role r, MON 08:00-11:00 (Etc/UTC)")]
    [InlineData("MON 08:00-11:00; MON 11:00-18:00", true, 4, "the role r, 4 h")]
    [InlineData("TUE 08:00-11:00", false, 0, "")]
    public void Hours_end_it(string hours, bool granted, int until, string by)
    {
        var terms = new RoleTerms { Name = "r", MaxSession = TimeSpan.FromHours(4), Hours = Schedule.Parse(hours, "Etc/UTC", out _) };
        var verdict = terms.Judge(Plain, Day);
        (verdict.IsGranted, verdict.Until, verdict.LimitedBy, verdict.Lack).ShouldBe((granted, Monday.AddHours(until), by, granted ? AccessLack.Nothing : AccessLack.Hours));
    }
}
