using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace EntryGuard.Server.Data;

/// <summary>The spelling of names outside C#: <c>resource_ips.due_at</c> in the database, <c>EXPIRING</c> in rows and on the wire.</summary>
public static class Names
{
    /// <summary>"ResourceIp" becomes "resource_ip".</summary>
    public static string Snake(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var text = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(name[i]) && !char.IsAsciiLetterUpper(name[i - 1]) && name[i - 1] != '_')
                text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    /// <summary>"AccessRevoked" becomes "ACCESS_REVOKED".</summary>
    public static string Wire<T>(T value)
        where T : struct, Enum => Wires<T>.Of[value];

    /// <summary>The value spelled exactly so on the wire; null if there is none.</summary>
    public static T? FromWire<T>(string text)
        where T : struct, Enum => Wires<T>.Values.TryGetValue(text, out var value) ? value : null;

    internal static void ToSnakeCase(ModelBuilder model)
    {
        foreach (var entity in model.Model.GetEntityTypes())
        {
            if (entity.GetTableName() is { } table)
                entity.SetTableName(Snake(table));
            foreach (var property in entity.GetProperties())
                property.SetColumnName(Snake(property.GetColumnName(StoreObjectIdentifier.Table(entity.GetTableName()!)) ?? property.Name));
        }

        // Names of constraints are made of the names above, so they come last; all lower case, as PostgreSQL shows and finds them without quotes.
        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var key in entity.GetKeys())
                key.SetName(Lower(key.GetName()));
            foreach (var key in entity.GetForeignKeys())
                key.SetConstraintName(Lower(key.GetConstraintName()));
            foreach (var index in entity.GetIndexes())
                index.SetDatabaseName(Lower(index.GetDatabaseName()));
        }
    }

    private static string? Lower(string? name) => name?.ToLowerInvariant();

    private static class Wires<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Of = Enum.GetValues<T>().ToDictionary(v => v, v => Snake(v.ToString()).ToUpperInvariant());
        public static readonly Dictionary<string, T> Values = Of.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}

/// <summary>Stores an enum by its wire name, so that a row can be read without the code.</summary>
public sealed class EnumText<T>() : ValueConverter<T, string>(value => Names.Wire(value), text => Read(text))
    where T : struct, Enum
{
    private static T Read(string text) => Names.FromWire<T>(text) ?? throw new InvalidOperationException($"'{text}' is no {typeof(T).Name}");
}
