using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Sqlite.Migrations
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
                type: "TEXT",
                nullable: false,
                defaultValue: "MEMBER");

            migrationBuilder.AddColumn<long>(
                name: "deleted_at",
                table: "users",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "frozen_at",
                table: "users",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "users",
                type: "TEXT",
                nullable: false,
                defaultValue: "PERSON");

            migrationBuilder.AddColumn<Guid>(
                name: "api_key_id",
                table: "sessions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "mfa_at",
                table: "sessions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "frozen_at",
                table: "resources",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "capped_by",
                table: "resource_ips",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "role_id",
                table: "resource_ips",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "frozen_at",
                table: "organizations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "actor_key",
                table: "audit",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "networks",
                table: "api_keys",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "resource_ids",
                table: "api_keys",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<Guid>(
                name: "rotated_to",
                table: "api_keys",
                type: "TEXT",
                nullable: true);

            migrationBuilder.Sql("UPDATE users SET authority = CASE WHEN is_org_admin THEN 'ADMIN' ELSE 'MEMBER' END");

            migrationBuilder.DropColumn(
                name: "is_org_admin",
                table: "users");

            migrationBuilder.CreateTable(
                name: "outbox_mails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    organization_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    to = table.Column<string>(type: "TEXT", maxLength: 320, nullable: false),
                    about_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    idempotency_key = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    letter = table.Column<byte[]>(type: "BLOB", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    next_attempt_at = table.Column<long>(type: "INTEGER", nullable: true),
                    sent_at = table.Column<long>(type: "INTEGER", nullable: true),
                    gave_up_at = table.Column<long>(type: "INTEGER", nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true)
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
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    organization_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    description = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: true),
                    max_session = table.Column<long>(type: "INTEGER", nullable: true),
                    is_reason_required = table.Column<bool>(type: "INTEGER", nullable: false),
                    reason_pattern = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    networks = table.Column<string>(type: "TEXT", nullable: false),
                    hours = table.Column<string>(type: "TEXT", nullable: true),
                    time_zone = table.Column<string>(type: "TEXT", nullable: true),
                    mfa_within = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
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
                    role_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    resource_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    organization_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
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
                    role_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    user_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    organization_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
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
                type: "INTEGER",
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
