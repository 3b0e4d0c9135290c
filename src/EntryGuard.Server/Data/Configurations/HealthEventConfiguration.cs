using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class HealthEventConfiguration : IEntityTypeConfiguration<HealthEvent>
{
    public void Configure(EntityTypeBuilder<HealthEvent> builder)
    {
        builder.HasOne<Organization>().WithMany().HasForeignKey(e => e.OrganizationId).OnDelete(DeleteBehavior.Restrict);

        // It goes with its Resource, which goes only when nothing rests on it any more.
        builder.HasOne(e => e.Resource).WithMany().HasForeignKey(e => new { e.ResourceId, e.OrganizationId })
            .HasPrincipalKey(r => new { r.Id, r.OrganizationId }).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(e => new { e.ResourceId, e.Category }).IsUnique().HasFilter("resolved_at IS NULL");
        builder.HasIndex(e => new { e.OrganizationId, e.Id });   // an organization's, newest first
        builder.HasIndex(e => new { e.OrganizationId, e.Category, e.Id }).HasFilter("resolved_at IS NULL");   // ... of what is so now
    }
}
