using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class People : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_users_organization_id_email",
                table: "users");

            migrationBuilder.DropIndex(
                name: "ix_resource_ips_organization_id",
                table: "resource_ips");

            migrationBuilder.AddColumn<string>(
                name: "authority",
                table: "users",
                type: "text",
                nullable: false,
                defaultValue: "MEMBER");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "deleted_at",
                table: "users",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "frozen_at",
                table: "users",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "users",
                type: "text",
                nullable: false,
                defaultValue: "PERSON");

            migrationBuilder.AddColumn<Guid>(
                name: "api_key_id",
                table: "sessions",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "mfa_at",
                table: "sessions",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "frozen_at",
                table: "resources",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "capped_by",
                table: "resource_ips",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "role_id",
                table: "resource_ips",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "frozen_at",
                table: "organizations",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "actor_key",
                table: "audit",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "networks",
                table: "api_keys",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "resource_ids",
                table: "api_keys",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<Guid>(
                name: "rotated_to",
                table: "api_keys",
                type: "uuid",
                nullable: true);

            RowAccess.AsEngine(migrationBuilder, "UPDATE users SET authority = CASE WHEN is_org_admin THEN 'ADMIN' ELSE 'MEMBER' END");

            migrationBuilder.DropColumn(
                name: "is_org_admin",
                table: "users");

            migrationBuilder.CreateTable(
                name: "outbox_mails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    to = table.Column<string>(type: "character varying(320)", maxLength: 320, nullable: false),
                    about_id = table.Column<Guid>(type: "uuid", nullable: true),
                    idempotency_key = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    letter = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    gave_up_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    error = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outbox_mails", x => x.id);
                    table.ForeignKey(
                        name: "fk_outbox_mails_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "roles",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    description = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: true),
                    max_session = table.Column<long>(type: "bigint", nullable: true),
                    is_reason_required = table.Column<bool>(type: "boolean", nullable: false),
                    reason_pattern = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    networks = table.Column<string>(type: "text", nullable: false),
                    hours = table.Column<string>(type: "text", nullable: true),
                    time_zone = table.Column<string>(type: "text", nullable: true),
                    mfa_within = table.Column<long>(type: "bigint", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_roles", x => x.id);
                    table.UniqueConstraint("ak_roles_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_roles_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "role_resources",
                columns: table => new
                {
                    role_id = table.Column<Guid>(type: "uuid", nullable: false),
                    resource_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_role_resources", x => new { x.role_id, x.resource_id });
                    table.ForeignKey(
                        name: "fk_role_resources_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_role_resources_resources_resource_id_organization_id",
                        columns: x => new { x.resource_id, x.organization_id },
                        principalTable: "resources",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_role_resources_roles_role_id_organization_id",
                        columns: x => new { x.role_id, x.organization_id },
                        principalTable: "roles",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "role_users",
                columns: table => new
                {
                    role_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_role_users", x => new { x.role_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_role_users_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_role_users_roles_role_id_organization_id",
                        columns: x => new { x.role_id, x.organization_id },
                        principalTable: "roles",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_role_users_users_user_id_organization_id",
                        columns: x => new { x.user_id, x.organization_id },
                        principalTable: "users",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_users_organization_id_email",
                table: "users",
                columns: new[] { "organization_id", "email" },
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_sessions_api_key_id",
                table: "sessions",
                column: "api_key_id",
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_resource_ips_organization_id_role_id",
                table: "resource_ips",
                columns: new[] { "organization_id", "role_id" },
                filter: "wanted = 'PRESENT'");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_mails_about_id_created_at",
                table: "outbox_mails",
                columns: new[] { "about_id", "created_at" },
                filter: "about_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_mails_next_attempt_at",
                table: "outbox_mails",
                column: "next_attempt_at",
                filter: "next_attempt_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_mails_organization_id_idempotency_key",
                table: "outbox_mails",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_role_resources_organization_id",
                table: "role_resources",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_role_resources_resource_id_organization_id",
                table: "role_resources",
                columns: new[] { "resource_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_role_resources_role_id_organization_id",
                table: "role_resources",
                columns: new[] { "role_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_role_users_organization_id",
                table: "role_users",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_role_users_role_id_organization_id",
                table: "role_users",
                columns: new[] { "role_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_role_users_user_id_organization_id",
                table: "role_users",
                columns: new[] { "user_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_roles_organization_id_name",
                table: "roles",
                columns: new[] { "organization_id", "name" },
                unique: true);

            RowAccess.TenantTable(migrationBuilder, "outbox_mails", tenant: "SELECT, INSERT");
            RowAccess.TenantTable(migrationBuilder, "role_resources");
            RowAccess.TenantTable(migrationBuilder, "role_users");
            RowAccess.TenantTable(migrationBuilder, "roles");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "outbox_mails");

            migrationBuilder.DropTable(
                name: "role_resources");

            migrationBuilder.DropTable(
                name: "role_users");

            migrationBuilder.DropTable(
                name: "roles");

            migrationBuilder.DropIndex(
                name: "ix_users_organization_id_email",
                table: "users");

            migrationBuilder.DropIndex(
                name: "ix_sessions_api_key_id",
                table: "sessions");

            migrationBuilder.DropIndex(
                name: "ix_resource_ips_organization_id_role_id",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "authority",
                table: "users");

            migrationBuilder.DropColumn(
                name: "deleted_at",
                table: "users");

            migrationBuilder.DropColumn(
                name: "frozen_at",
                table: "users");

            migrationBuilder.DropColumn(
                name: "kind",
                table: "users");

            migrationBuilder.DropColumn(
                name: "api_key_id",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "mfa_at",
                table: "sessions");

            migrationBuilder.DropColumn(
                name: "frozen_at",
                table: "resources");

            migrationBuilder.DropColumn(
                name: "capped_by",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "role_id",
                table: "resource_ips");

            migrationBuilder.DropColumn(
                name: "frozen_at",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "actor_key",
                table: "audit");

            migrationBuilder.DropColumn(
                name: "networks",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "resource_ids",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "rotated_to",
                table: "api_keys");

            migrationBuilder.AddColumn<bool>(
                name: "is_org_admin",
                table: "users",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateIndex(
                name: "ix_users_organization_id_email",
                table: "users",
                columns: new[] { "organization_id", "email" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_resource_ips_organization_id",
                table: "resource_ips",
                column: "organization_id");
        }
    }
}
