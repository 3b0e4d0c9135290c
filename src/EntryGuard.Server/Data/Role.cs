using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Access;
using EntryGuard.Domain.Net;

namespace EntryGuard.Server.Data;

/// <summary>Some users may open some Resources, on these terms.</summary>
public sealed class Role
{
    public RoleId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }

    /// <summary>Unique within the organization.</summary>
    public required string Name { get; set; }
    public string? Description { get; set; }

    /// <summary>Longest session, extensions included; null: the organization's.</summary>
    public TimeSpan? MaxSession { get; set; }
    public bool IsReasonRequired { get; set; }

    /// <summary>What a reason must hold; null: any words.</summary>
    public string? ReasonPattern { get; set; }

    /// <summary>The only addresses it opens anything for; empty: any.</summary>
    public ImmutableArray<Cidr> Networks { get; set; } = [];

    /// <summary>The only time in which anything is open by it, as <see cref="Schedule"/> writes it, on the wall clock of <see cref="TimeZone"/>; null: any.</summary>
    public string? Hours { get; set; }

    /// <summary>Name in the IANA database; null exactly if <see cref="Hours"/> is.</summary>
    public string? TimeZone { get; set; }

    /// <summary>A second factor must have been shown within this time before; null: none is asked for.</summary>
    public TimeSpan? MfaWithin { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>As they are judged by.</summary>
    public RoleTerms Terms => new()
    {
        Name = Name,
        MaxSession = MaxSession,
        IsReasonRequired = IsReasonRequired,
        ReasonPattern = ReasonPattern,
        Networks = Networks,
        Hours = Hours is null ? null : Schedule.Parse(Hours, TimeZone!, out _),
        MfaWithin = MfaWithin,
    };
}

/// <summary>The user has the role.</summary>
public sealed class RoleUser
{
    public OrganizationId OrganizationId { get; set; }
    public RoleId RoleId { get; set; }
    public UserId UserId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>The role opens the Resource.</summary>
public sealed class RoleResource
{
    public OrganizationId OrganizationId { get; set; }
    public RoleId RoleId { get; set; }
    public ResourceId ResourceId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
