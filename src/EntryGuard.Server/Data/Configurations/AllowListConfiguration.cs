using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace EntryGuard.Server.Data.Configurations;

internal sealed class AllowListConfiguration : IEntityTypeConfiguration<AllowList>
{
    public void Configure(EntityTypeBuilder<AllowList> builder) => builder.HasKey(a => a.Key);
}
