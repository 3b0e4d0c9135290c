using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What is being written into fields that a provider describes: text by key, until it becomes the JSON that the API takes.</summary>
internal sealed class FieldDraft
{
    private readonly Dictionary<string, string> texts = [];

    /// <summary>Empty: nothing is written.</summary>
    public string this[string key]
    {
        get => texts.GetValueOrDefault(key, "");
        set => texts[key] = value;
    }

    /// <summary>What is written, by key; secrets are left out.</summary>
    public Dictionary<string, string> Kept(IEnumerable<FieldResponse> fields) => fields.Where(f => f.Kind != "SECRET" && texts.ContainsKey(f.Key)).ToDictionary(f => f.Key, f => texts[f.Key]);

    /// <summary>Something is written into one of these.</summary>
    public bool HasAny(IEnumerable<FieldResponse> fields) => fields.Any(f => !string.IsNullOrWhiteSpace(this[f.Key]));

    /// <summary>As it stands in JSON; null: in no way that a field shows.</summary>
    public static string? Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Read)),
        _ => null,
    };

    /// <summary>An object of what is written, without what is not.</summary>
    /// <param name="fields">Those whose key begins so.</param>
    /// <param name="prefix">"config."; empty: all.</param>
    public JsonElement Write(IEnumerable<FieldResponse> fields, string prefix)
    {
        var written = new JsonObject();
        foreach (var field in fields.Where(f => f.Key.StartsWith(prefix, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(this[f.Key])))
            written[field.Key[prefix.Length..]] = Write(field, this[field.Key]);
        return JsonSerializer.SerializeToElement(written);
    }

    // What is no number where one should be goes as it is: the API says what is wrong with it.
    private static JsonNode? Write(FieldResponse field, string text) => field.Kind switch
    {
        "NUMBER" => Number(text),
        "FLAG" => text == "true",
        "LIST" => new JsonArray([.. text.Split([',', ' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(Number)]),
        "MULTILINE" => text,
        _ => text.Trim(),
    };

    private static JsonNode? Number(string text) =>
        int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == text.Trim()
            ? number : text.Trim();
}
