using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;

namespace EntryGuard.Server.Features.Explain;

/// <summary>Says in sentences what an explanation means.</summary>
internal static class ExplainWords
{
    /// <param name="asked">The address asked about.</param>
    /// <param name="isOpen">Null: not known.</param>
    /// <param name="claims">All of the organization that bear on it.</param>
    /// <param name="hidden">How many of them belong to others than the reader, who may not see whose.</param>
    /// <param name="rules">Rules that let it in; null: the provider could not be asked.</param>
    /// <param name="sight">What was seen.</param>
    public static string Of(Cidr asked, bool? isOpen, IReadOnlyList<ResourceIp> claims, int hidden, IReadOnlyList<ObservedRule>? rules, Sight sight)
    {
        var (live, leaving) = (claims.Where(c => c.State.IsLive).ToList(), claims.Where(c => c.State.IsLeaving).ToList());
        var said = new List<string>
        {
            isOpen switch
            {
                true => $"Open for {asked}.",
                false => $"Shut for {asked}: no rule lets it in.",
                null when sight.Fault is { } fault => $"Whether it is open for {asked} is not known. {fault.Message}",
                null => $"No rule for {asked} was seen, but the provider's list was not complete.",
            },
        };
        if (live.Count > 0)
            said.Add($"{Count(live.Count, "live claim")} {Verb(live.Count, "wants", "want")} it open, {End(live.Max(c => c.EndsAt))}.");
        if (leaving.Count > 0)
            said.Add(leaving.Exists(c => c.State.IsOverdue)
                ? $"{Count(leaving.Count, "claim")} {Verb(leaving.Count, "is", "are")} being closed, and that is overdue; it is tried until the rule is gone."
                : $"{Count(leaving.Count, "claim")} {Verb(leaving.Count, "is", "are")} being closed.");
        if (hidden > 0)
            said.Add($"{hidden} of these {Verb(hidden, "belongs", "belong")} to somebody else.");
        if (sight.OtherOrganizations > 0)
            said.Add($"{Count(sight.OtherOrganizations, "claim")} of other organizations {Verb(sight.OtherOrganizations, "bears", "bear")} on the same allow-list and address.");
        var foreign = (rules ?? []).Where(r => !r.IsMarkedBy(sight.Installation)).ToList();
        if (foreign.Count > 0)
            said.Add($"{Count(foreign.Count, "rule")} that somebody else made {Verb(foreign.Count, "lets", "let")} it in, and {Verb(foreign.Count, "stays", "stay")} whatever happens here: "
                + $"{string.Join(", ", foreign.Select(r => r.Rule.ToString()).Distinct().Take(5))}.");
        else if (isOpen == true && claims.Count == 0 && sight.OtherOrganizations == 0)
            said.Add("A rule of ours stands that no claim accounts for; look at the provider, and take it off there if nobody needs it.");
        return string.Join(' ', said);
    }

    private static string End(DateTimeOffset last) => last < Session.Never ? $"the last until {last:yyyy-MM-dd HH:mm:ss}Z" : "one of them without an end";

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";

    private static string Verb(int number, string one, string many) => number == 1 ? one : many;
}
