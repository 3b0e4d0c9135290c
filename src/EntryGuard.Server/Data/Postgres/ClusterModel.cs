using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data.Postgres;

/// <summary>The membership tables. PostgreSQL only: with SQLite there is one node, and its membership is in memory.</summary>
internal static class ClusterModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<ClusterVersion>(version =>
        {
            version.ToTable("ClusterVersions");
            version.HasKey(v => v.ClusterId);
            version.Property(v => v.ClusterId).HasMaxLength(200);
            version.HasMany(v => v.Nodes).WithOne().HasForeignKey(m => m.ClusterId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ClusterNode>(node =>
        {
            node.ToTable("ClusterNodes");
            node.HasKey(m => new { m.ClusterId, m.Address });
            node.Property(m => m.Address).HasMaxLength(100);
            node.Property(m => m.Status).HasMaxLength(32);
        });
    }
}
