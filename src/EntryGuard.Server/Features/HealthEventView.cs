using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features;

/// <summary>How what is wrong with a Resource is shown.</summary>
internal static class HealthEventView
{
    /// <summary>In SQL; finish with <see cref="Row.ToResponse"/>.</summary>
    public static Expression<Func<HealthEvent, Row>> Projection => e => new Row { Event = e, ResourceName = e.Resource!.Name };

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required HealthEvent Event { get; init; }
        public required string ResourceName { get; init; }

        public HealthEventResponse ToResponse() => new()
        {
            Id = Event.Id.Value,
            ResourceId = Event.ResourceId.Value,
            ResourceName = ResourceName,
            Category = Names.Wire(Event.Category),
            Message = Event.Message,
            FirstSeenAt = Event.FirstSeenAt,
            LastSeenAt = Event.LastSeenAt,
            ResolvedAt = Event.ResolvedAt,
        };
    }
}
