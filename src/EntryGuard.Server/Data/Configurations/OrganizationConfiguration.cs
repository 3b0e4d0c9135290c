using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class OrganizationConfiguration : IEntityTypeConfiguration<Organization>
{
    public void Configure(EntityTypeBuilder<Organization> builder)
    {
        builder.Property(o => o.Name).HasMaxLength(200);
        builder.Property(o => o.Slug).HasMaxLength(63);
        builder.Property(o => o.PasswordMinLength).HasDefaultValue(12);
        builder.Property(o => o.PasswordHistory).HasDefaultValue(5).HasSentinel(-1);   // 0 is a choice
        builder.HasIndex(o => o.Slug).IsUnique();
    }
}
