using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Overview : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_sessions_organization_id_kind_status",
                table: "sessions",
                columns: new[] { "organization_id", "kind", "status" },
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_resource_ips_organization_id_status",
                table: "resource_ips",
                columns: new[] { "organization_id", "status" },
                filter: "due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_health_events_organization_id_category_id",
                table: "health_events",
                columns: new[] { "organization_id", "category", "id" },
                filter: "resolved_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_sessions_organization_id_kind_status",
                table: "sessions");

            migrationBuilder.DropIndex(
                name: "ix_resource_ips_organization_id_status",
                table: "resource_ips");

            migrationBuilder.DropIndex(
                name: "ix_health_events_organization_id_category_id",
                table: "health_events");
        }
    }
}
