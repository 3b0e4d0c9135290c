using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class UserConfiguration : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable(table => table.HasCheckConstraint("ck_users_email_lower", "email = lower(email)"));
        builder.Ignore(u => u.IsOrgAdmin);
        builder.Property(u => u.Email).HasMaxLength(320);
        builder.Property(u => u.Name).HasMaxLength(200);
        builder.HasAlternateKey(u => new { u.Id, u.OrganizationId });
        builder.HasOne(u => u.Organization).WithMany(o => o.Users).HasForeignKey(u => u.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(u => new { u.OrganizationId, u.Email }).IsUnique().HasFilter("deleted_at IS NULL");
    }
}
