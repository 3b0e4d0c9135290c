using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

/// <remarks>What the engine writes here has no length the database would enforce: a provider's long error must not keep a closing from being recorded.</remarks>
internal sealed class ResourceIpConfiguration : IEntityTypeConfiguration<ResourceIp>
{
    private const string IsOpen = "due_at IS NOT NULL";

    public void Configure(EntityTypeBuilder<ResourceIp> builder)
    {
        builder.Ignore(c => c.State);
        builder.Ignore(c => c.ClosingSince);
        builder.Property(c => c.Status).IsConcurrencyToken();
        builder.Property(c => c.Wanted).IsConcurrencyToken();
        builder.Property(c => c.AttemptId).IsConcurrencyToken();
        builder.HasOne<Organization>().WithMany().HasForeignKey(c => c.OrganizationId).OnDelete(DeleteBehavior.Restrict);

        // The organization is part of both keys: no claim on a Resource of another organization, whatever code says.
        builder.HasOne(c => c.Session).WithMany(s => s.ResourceIps).HasForeignKey(c => new { c.SessionId, c.OrganizationId })
            .HasPrincipalKey(s => new { s.Id, s.OrganizationId }).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne(c => c.Resource).WithMany().HasForeignKey(c => new { c.ResourceId, c.OrganizationId })
            .HasPrincipalKey(r => new { r.Id, r.OrganizationId }).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<AllowList>().WithMany().HasForeignKey(c => c.AllowListKey).OnDelete(DeleteBehavior.Restrict);

        // Few claims have a date and most rows are history, so these stay small for ever.
        builder.HasIndex(c => new { c.DueAt, c.Id }).HasFilter(IsOpen);                 // what is due next
        builder.HasIndex(c => new { c.AllowListKey, c.Status }).HasFilter(IsOpen);      // what is unsettled, and what is live, on an allow-list
        builder.HasIndex(c => new { c.Address, c.AllowListKey }).HasFilter(IsOpen);     // who shares an address
        builder.HasIndex(c => new { c.OrganizationId, c.Status }).HasFilter(IsOpen);    // what is open in an organization, and what is being closed
        builder.HasIndex(c => new { c.OrganizationId, c.RoleId }).HasFilter("wanted = 'PRESENT'");   // what rests on a role
    }
}
