using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class RoleConfiguration : IEntityTypeConfiguration<Role>
{
    public void Configure(EntityTypeBuilder<Role> builder)
    {
        builder.Ignore(r => r.Terms);
        builder.Property(r => r.Name).HasMaxLength(200);
        builder.Property(r => r.Description).HasMaxLength(1000);
        builder.Property(r => r.ReasonPattern).HasMaxLength(200);
        builder.HasAlternateKey(r => new { r.Id, r.OrganizationId });
        builder.HasOne<Organization>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(r => new { r.OrganizationId, r.Name }).IsUnique();
    }
}

internal sealed class RoleUserConfiguration : IEntityTypeConfiguration<RoleUser>
{
    public void Configure(EntityTypeBuilder<RoleUser> builder)
    {
        builder.HasKey(g => new { g.RoleId, g.UserId });
        builder.HasOne<Organization>().WithMany().HasForeignKey(g => g.OrganizationId).OnDelete(DeleteBehavior.Restrict);

        // It goes with its role or its user; no claim points at it.
        builder.HasOne<Role>().WithMany().HasForeignKey(g => new { g.RoleId, g.OrganizationId })
            .HasPrincipalKey(r => new { r.Id, r.OrganizationId }).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(g => new { g.UserId, g.OrganizationId })
            .HasPrincipalKey(u => new { u.Id, u.OrganizationId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class RoleResourceConfiguration : IEntityTypeConfiguration<RoleResource>
{
    public void Configure(EntityTypeBuilder<RoleResource> builder)
    {
        builder.HasKey(g => new { g.RoleId, g.ResourceId });
        builder.HasOne<Organization>().WithMany().HasForeignKey(g => g.OrganizationId).OnDelete(DeleteBehavior.Restrict);

        // It goes with its role or its Resource; no claim points at it.
        builder.HasOne<Role>().WithMany().HasForeignKey(g => new { g.RoleId, g.OrganizationId })
            .HasPrincipalKey(r => new { r.Id, r.OrganizationId }).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Resource>().WithMany().HasForeignKey(g => new { g.ResourceId, g.OrganizationId })
            .HasPrincipalKey(r => new { r.Id, r.OrganizationId }).OnDelete(DeleteBehavior.Cascade);
    }
}
