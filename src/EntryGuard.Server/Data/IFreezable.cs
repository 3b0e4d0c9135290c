namespace EntryGuard.Server.Data;

/// <summary>What an admin can freeze: an organization, a user, a Resource. Every start shares its row, so none passes whoever freezes it.</summary>
public interface IFreezable
{
    /// <summary>No session starts there since then; null: they may. What is open is not touched by this.</summary>
    DateTimeOffset? FrozenAt { get; set; }
}
