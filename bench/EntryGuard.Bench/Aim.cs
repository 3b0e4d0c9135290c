using System.Globalization;

namespace EntryGuard.Bench;

/// <summary>What a figure should not exceed.</summary>
internal static class Aim
{
    /// <summary>Prints the figure beside its aim; true if it was held.</summary>
    public static bool Judge(string what, double figure, double aim, string unit)
    {
        var held = figure <= aim;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-28} {figure,8:0.00} {unit,-4} aim {aim:0.##} {unit}  ratio {figure / aim:0.00}  {(held ? "HELD" : "MISSED")}"));
        return held;
    }
}
