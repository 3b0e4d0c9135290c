using EntryGuard.Domain.Access;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>One way for a user to a Resource; one object for all that a role opens, so that the role is judged once.</summary>
public sealed class Way
{
    private readonly RoleTerms? terms;
    private (AccessRequest Request, TimeSpan Longest, Verdict Verdict)? last;

    /// <param name="grant">DIRECT, ROLE or ADMIN.</param>
    /// <param name="role">The role; null unless it is one.</param>
    public Way(Grant grant, Role? role)
        : this(grant, role, role?.Terms)
    {
    }

    private Way(Grant grant, Role? role, RoleTerms? terms) => (Grant, Role, this.terms) = (grant, role, terms);

    public Grant Grant { get; }

    public Role? Role { get; }

    /// <summary>As it is for somebody who has given whatever reason it asks for.</summary>
    public Way Reasoned() => new(Grant, Role, terms is null ? null : terms with { IsReasonRequired = false, ReasonPattern = null });

    /// <summary>Whether it leads there, and until when.</summary>
    public Verdict Judge(AccessRequest request, TimeSpan longest)
    {
        if (last is not { } known || !ReferenceEquals(known.Request, request) || known.Longest != longest)
            last = known = (request, longest, terms?.Judge(request, longest) ?? RoleTerms.Unlimited(request, longest));
        return known.Verdict;
    }
}
