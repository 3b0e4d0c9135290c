using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class ResourceConfiguration : IEntityTypeConfiguration<Resource>
{
    public void Configure(EntityTypeBuilder<Resource> builder)
    {
        builder.Property(r => r.Name).HasMaxLength(200);
        builder.Property(r => r.Provider).HasMaxLength(64);
        builder.Property(r => r.ResourceType).HasMaxLength(64);
        builder.HasAlternateKey(r => new { r.Id, r.OrganizationId });
        builder.HasOne(r => r.Organization).WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);

        // The organization is part of the key: a Resource cannot use another organization's credential, whatever code says.
        builder.HasOne(r => r.Credential).WithMany().HasForeignKey(r => new { r.CredentialId, r.OrganizationId })
            .HasPrincipalKey(c => new { c.Id, c.OrganizationId }).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<AllowList>().WithMany().HasForeignKey(r => r.AllowListKey).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(r => r.VerifyAt).HasFilter("deleted_at IS NULL");   // what is to be verified next
        builder.HasIndex(r => new { r.OrganizationId, r.Name }).IsUnique().HasFilter("deleted_at IS NULL");
    }
}
