using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <content>What only static rules do: their claims come and go while they stay.</content>
public sealed partial class SessionWrite
{
    private const string StaticRule = "STATIC_IP_RULE";

    /// <summary>A static rule wants this Resource, with its address, until its end. What it had there before is replaced.</summary>
    public ResourceIp Claim(Session rule, Resource resource)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(resource);
        Retire(rule, resource.Id, EndReason.Superseded);
        var claim = ResourceIp.Born(rule, resource, rule.Address, Grant.Static, rule.ExpiresAt, rule.ExpiresAt, now);
        db.ResourceIps.Add(claim);
        if (!rule.ResourceIps.Contains(claim))
            rule.ResourceIps.Add(claim);
        Touch(claim);
        return claim;
    }

    /// <summary>A static rule does not name this Resource any more, whether it stands there or was closed already.</summary>
    public void Leave(Session rule, ResourceId resource)
    {
        ArgumentNullException.ThrowIfNull(rule);
        Retire(rule, resource, EndReason.Manual);
    }

    /// <summary>A static rule ends then, and everything it wants with it.</summary>
    public void MoveEnd(Session rule, DateTimeOffset end)
    {
        ArgumentNullException.ThrowIfNull(rule);
        rule.ExpiresAt = end;
        foreach (var claim in rule.ResourceIps.Where(c => c.Wanted == Wanted.Present))
        {
            (claim.EndsAt, claim.CapAt) = (end, end);
            claim.MoveEnd(now);
            Touch(claim);
        }
    }

    private void Retire(Session rule, ResourceId resource, EndReason reason)
    {
        foreach (var claim in rule.ResourceIps.Where(c => c.ResourceId == resource && c.IsNamed).ToList())
        {
            if (claim.Wanted == Wanted.Present)
                End(claim, reason);
            else
                claim.EndReason = reason;   // closed before: so that nothing brings it back
            Touch(claim);
        }
    }
}
