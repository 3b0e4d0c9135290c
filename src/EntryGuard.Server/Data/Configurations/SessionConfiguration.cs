using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class SessionConfiguration : IEntityTypeConfiguration<Session>
{
    public void Configure(EntityTypeBuilder<Session> builder)
    {
        builder.Ignore(s => s.State);
        builder.Ignore(s => s.IsRunning);
        builder.Ignore(s => s.Address);
        builder.Property(s => s.Status).IsConcurrencyToken();
        builder.Property(s => s.Reason).HasMaxLength(2000);
        builder.Property(s => s.Label).HasMaxLength(200);
        builder.Property(s => s.IdempotencyKey).HasMaxLength(255);
        builder.Property(s => s.IdempotencyHash).HasMaxLength(32);
        builder.HasAlternateKey(s => new { s.Id, s.OrganizationId });
        builder.HasOne<Organization>().WithMany().HasForeignKey(s => s.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne(s => s.User).WithMany().HasForeignKey(s => new { s.UserId, s.OrganizationId })
            .HasPrincipalKey(u => new { u.Id, u.OrganizationId }).OnDelete(DeleteBehavior.Restrict);

        builder.HasOne<User>().WithMany().HasForeignKey(s => new { s.AnswersFor, s.OrganizationId })
            .HasPrincipalKey(u => new { u.Id, u.OrganizationId }).OnDelete(DeleteBehavior.Restrict);

        builder.HasIndex(s => s.ApiKeyId).HasFilter("ended_at IS NULL");          // what ends with a key: few have not ended
        builder.HasIndex(s => new { s.UserId, s.IdempotencyKey }).IsUnique().HasFilter("idempotency_key IS NOT NULL");
        builder.HasIndex(s => new { s.UserId, s.OrganizationId, s.Id });          // one user's, newest first
        builder.HasIndex(s => new { s.OrganizationId, s.Kind, s.Id });            // an organization's, newest first
        builder.HasIndex(s => new { s.OrganizationId, s.Status, s.Id });          // ... of one status
        builder.HasIndex(s => new { s.OrganizationId, s.Kind, s.Status }).HasFilter("ended_at IS NULL");   // what is not over: few are not
        builder.HasIndex(s => s.ChangedAt).HasFilter("ended_at IS NULL");         // what the sweep recomputes: few have not ended
    }
}
