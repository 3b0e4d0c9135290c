using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Reconciliation : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "reconcile_asked_at",
                table: "allow_lists",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "reconcile_unbraked",
                table: "allow_lists",
                type: "boolean",
                nullable: false,
                defaultValue: false);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "reconcile_asked_at",
                table: "allow_lists");

            migrationBuilder.DropColumn(
                name: "reconcile_unbraked",
                table: "allow_lists");
        }
    }
}
