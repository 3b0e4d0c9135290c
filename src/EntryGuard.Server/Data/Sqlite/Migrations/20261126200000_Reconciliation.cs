using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace EntryGuard.Server.Data.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Reconciliation : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "reconcile_asked_at",
                table: "allow_lists",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "reconcile_unbraked",
                table: "allow_lists",
                type: "INTEGER",
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
