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

            migrationBuilder.AddColumn<bool>(
                name: "mfa_required",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "password_expiration_days",
                table: "organizations",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "password_history",
                table: "organizations",
                type: "integer",
                nullable: false,
                defaultValue: 5);

            migrationBuilder.AddColumn<int>(
                name: "password_min_length",
                table: "organizations",
                type: "integer",
                nullable: false,
                defaultValue: 12);

            migrationBuilder.AddColumn<bool>(
                name: "password_needs_digit",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "password_needs_lower",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "password_needs_special",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "password_needs_upper",
                table: "organizations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

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
                name: "one_time_tokens",
                columns: table => new
                {
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    purpose = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    failures = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_one_time_tokens", x => x.hash);
                    table.ForeignKey(
                        name: "fk_one_time_tokens_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_one_time_tokens_users_user_id_organization_id",
                        columns: x => new { x.user_id, x.organization_id },
                        principalTable: "users",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                });

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
                name: "passkeys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    credential_id = table.Column<byte[]>(type: "bytea", maxLength: 1023, nullable: false),
                    public_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    sign_count = table.Column<long>(type: "bigint", nullable: false),
                    transports = table.Column<string>(type: "text", nullable: false),
                    is_user_verified = table.Column<bool>(type: "boolean", nullable: false),
                    is_backup_eligible = table.Column<bool>(type: "boolean", nullable: false),
                    is_backed_up = table.Column<bool>(type: "boolean", nullable: false),
                    attestation_object = table.Column<byte[]>(type: "bytea", nullable: false),
                    client_data = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_passkeys", x => x.id);
                    table.ForeignKey(
                        name: "fk_passkeys_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_passkeys_users_user_id_organization_id",
                        columns: x => new { x.user_id, x.organization_id },
                        principalTable: "users",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
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
                name: "sign_in_failures",
                columns: table => new
                {
                    account = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    count = table.Column<int>(type: "integer", nullable: false),
                    last_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    locked_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sign_in_failures", x => x.account);
                });

            migrationBuilder.CreateTable(
                name: "sign_ins",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    method = table.Column<string>(type: "text", nullable: false),
                    address = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    user_agent = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    mfa_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    only_enrols = table.Column<bool>(type: "boolean", nullable: false),
                    csrf_hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    end_reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sign_ins", x => x.id);
                    table.UniqueConstraint("ak_sign_ins_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_sign_ins_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_sign_ins_users_user_id_organization_id",
                        columns: x => new { x.user_id, x.organization_id },
                        principalTable: "users",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "signing_keys",
                columns: table => new
                {
                    number = table.Column<int>(type: "integer", nullable: false),
                    kid = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    private_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    signs_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_signing_keys", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "user_secrets",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: true),
                    password_changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    former_hashes = table.Column<string>(type: "text", nullable: false),
                    totp = table.Column<byte[]>(type: "bytea", nullable: true),
                    totp_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    pending_totp = table.Column<byte[]>(type: "bytea", nullable: true),
                    totp_step = table.Column<long>(type: "bigint", nullable: false),
                    recovery_salt = table.Column<byte[]>(type: "bytea", nullable: true),
                    recovery_hashes = table.Column<string>(type: "text", nullable: false),
                    must_enrol = table.Column<bool>(type: "boolean", nullable: false),
                    last_sign_in_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    email_verified_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_user_secrets", x => x.user_id);
                    table.ForeignKey(
                        name: "fk_user_secrets_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_user_secrets_users_user_id_organization_id",
                        columns: x => new { x.user_id, x.organization_id },
                        principalTable: "users",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Cascade);
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

            migrationBuilder.CreateTable(
                name: "refresh_tokens",
                columns: table => new
                {
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    sign_in_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_refresh_tokens", x => x.hash);
                    table.ForeignKey(
                        name: "fk_refresh_tokens_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_refresh_tokens_sign_ins_sign_in_id_organization_id",
                        columns: x => new { x.sign_in_id, x.organization_id },
                        principalTable: "sign_ins",
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
                name: "ix_one_time_tokens_expires_at",
                table: "one_time_tokens",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_one_time_tokens_organization_id",
                table: "one_time_tokens",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_one_time_tokens_user_id_organization_id",
                table: "one_time_tokens",
                columns: new[] { "user_id", "organization_id" });

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
                name: "ix_passkeys_organization_id_credential_id",
                table: "passkeys",
                columns: new[] { "organization_id", "credential_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_passkeys_user_id_organization_id",
                table: "passkeys",
                columns: new[] { "user_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_refresh_tokens_expires_at",
                table: "refresh_tokens",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_refresh_tokens_organization_id",
                table: "refresh_tokens",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_refresh_tokens_sign_in_id_organization_id",
                table: "refresh_tokens",
                columns: new[] { "sign_in_id", "organization_id" });

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

            migrationBuilder.CreateIndex(
                name: "ix_sign_in_failures_last_at",
                table: "sign_in_failures",
                column: "last_at");

            migrationBuilder.CreateIndex(
                name: "ix_sign_ins_expires_at",
                table: "sign_ins",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_sign_ins_organization_id",
                table: "sign_ins",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_sign_ins_user_id_organization_id",
                table: "sign_ins",
                columns: new[] { "user_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_user_secrets_organization_id",
                table: "user_secrets",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_user_secrets_user_id_organization_id",
                table: "user_secrets",
                columns: new[] { "user_id", "organization_id" },
                unique: true);

            RowAccess.TenantTable(migrationBuilder, "one_time_tokens");
            RowAccess.TenantTable(migrationBuilder, "outbox_mails", tenant: "SELECT, INSERT");
            RowAccess.TenantTable(migrationBuilder, "passkeys");
            RowAccess.TenantTable(migrationBuilder, "refresh_tokens");
            RowAccess.TenantTable(migrationBuilder, "role_resources");
            RowAccess.TenantTable(migrationBuilder, "role_users");
            RowAccess.TenantTable(migrationBuilder, "roles");
            RowAccess.EngineTable(migrationBuilder, "sign_in_failures");
            RowAccess.TenantTable(migrationBuilder, "sign_ins");
            RowAccess.EngineTable(migrationBuilder, "signing_keys");
            RowAccess.TenantTable(migrationBuilder, "user_secrets");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "one_time_tokens");

            migrationBuilder.DropTable(
                name: "outbox_mails");

            migrationBuilder.DropTable(
                name: "passkeys");

            migrationBuilder.DropTable(
                name: "refresh_tokens");

            migrationBuilder.DropTable(
                name: "role_resources");

            migrationBuilder.DropTable(
                name: "role_users");

            migrationBuilder.DropTable(
                name: "sign_in_failures");

            migrationBuilder.DropTable(
                name: "signing_keys");

            migrationBuilder.DropTable(
                name: "user_secrets");

            migrationBuilder.DropTable(
                name: "sign_ins");

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
                name: "mfa_required",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_expiration_days",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_history",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_min_length",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_needs_digit",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_needs_lower",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_needs_special",
                table: "organizations");

            migrationBuilder.DropColumn(
                name: "password_needs_upper",
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
