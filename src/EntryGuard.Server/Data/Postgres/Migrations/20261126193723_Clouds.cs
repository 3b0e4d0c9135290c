using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Clouds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_sessions_organization_id_id",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "capacity_limit",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "capacity_used",
                table: "resources");

            migrationBuilder.AlterColumn<Guid>(
                name: "user_id",
                table: "sessions",
                type: "uuid",
                nullable: true,
                oldClrType: typeof(Guid),
                oldType: "uuid");

            migrationBuilder.AddColumn<Guid>(
                name: "answers_for",
                table: "sessions",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "created_by_email",
                table: "sessions",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "found_again_at",
                table: "sessions",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "sessions",
                type: "text",
                nullable: false,
                defaultValue: "SESSION");

            migrationBuilder.AddColumn<string>(
                name: "label",
                table: "sessions",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "review_at",
                table: "sessions",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "foreign_rules",
                table: "resources",
                type: "text",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "listed_at",
                table: "resources",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "policy",
                table: "resources",
                type: "text",
                nullable: false,
                defaultValue: "REPAIR");

            migrationBuilder.AddColumn<string>(
                name: "quotas",
                table: "resources",
                type: "text",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "verify_at",
                table: "resources",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

            migrationBuilder.AddColumn<string>(
                name: "allowed_by",
                table: "resource_ips",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "drift_of",
                table: "resource_ips",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "mark",
                table: "resource_ips",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "external_id",
                table: "organizations",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<bool>(
                name: "opens_while_overdue",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "widest_ipv4",
                table: "organizations",
                type: "integer",
                nullable: false,
                defaultValue: 24);

            migrationBuilder.AddColumn<int>(
                name: "widest_ipv6",
                table: "organizations",
                type: "integer",
                nullable: false,
                defaultValue: 56);

            migrationBuilder.CreateTable(
                name: "health_events",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    resource_id = table.Column<Guid>(type: "uuid", nullable: false),
                    category = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    first_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    resolved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_health_events", x => x.id);
                    table.ForeignKey(
                        name: "fk_health_events_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_health_events_resources_resource_id_organization_id",
                        columns: x => new { x.resource_id, x.organization_id },
                        principalTable: "resources",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_sessions_answers_for_organization_id",
                table: "sessions",
                columns: new[] { "answers_for", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_sessions_organization_id_kind_id",
                table: "sessions",
                columns: new[] { "organization_id", "kind", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_resources_verify_at",
                table: "resources",
                column: "verify_at",
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_health_events_organization_id_id",
                table: "health_events",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_health_events_resource_id_category",
                table: "health_events",
                columns: new[] { "resource_id", "category" },
                unique: true,
                filter: "resolved_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_health_events_resource_id_organization_id",
                table: "health_events",
                columns: new[] { "resource_id", "organization_id" });

            migrationBuilder.AddForeignKey(
                name: "fk_sessions_users_answers_for_organization_id",
                table: "sessions",
                columns: new[] { "answers_for", "organization_id" },
                principalTable: "users",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            RowAccess.AsEngine(migrationBuilder, "UPDATE organizations SET external_id = replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')");
            RowAccess.TenantTable(migrationBuilder, "health_events");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_sessions_users_answers_for_organization_id",
                table: "sessions");

            migrationBuilder.DropTable(
                name: "health_events");

            migrationBuilder.DropIndex(
                name: "ix_sessions_answers_for_organization_id",
                table: "sessions");

            migrationBuilder.DropIndex(
                name: "ix_sessions_organization_id_kind_id",
                table: "sessions");

            migrationBuilder.DropIndex(
                name: "ix_resources_verify_at",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "answers_for",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "created_by_email",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "found_again_at",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "kind",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "label",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "review_at",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "foreign_rules",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "listed_at",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "policy",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "quotas",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "verify_at",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "allowed_by",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "drift_of",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "mark",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "external_id",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "opens_while_overdue",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "widest_ipv4",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "widest_ipv6",
                table: "organizations");

            migrationBuilder.AlterColumn<Guid>(
                name: "user_id",
                table: "sessions",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"),
                oldClrType: typeof(Guid),
                oldType: "uuid",
                oldNullable: true);

            migrationBuilder.AddColumn<int>(
                name: "capacity_limit",
                table: "resources",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "capacity_used",
                table: "resources",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_sessions_organization_id_id",
                table: "sessions",
                columns: new[] { "organization_id", "id" });
        }
    }
}
