using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

/// <remarks>No foreign key but the organization's: what happened stays on record when what it happened to is pruned.</remarks>
internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.Property(a => a.Id).ValueGeneratedOnAdd();
        builder.HasOne<Organization>().WithMany().HasForeignKey(a => a.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(a => new { a.OrganizationId, a.Id });
        builder.HasIndex(a => new { a.SessionId, a.Id }).HasFilter("session_id IS NOT NULL");
        builder.HasIndex(a => new { a.SubjectId, a.Id }).HasFilter("subject_id IS NOT NULL");   // what a user may see
        builder.HasIndex(a => a.CreatedAt);                                                      // what is old enough to be pruned
    }
}
