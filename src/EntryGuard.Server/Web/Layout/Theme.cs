using MudBlazor;

namespace EntryGuard.Server.Web.Layout;

/// <summary>One theme, one accent. The dark palette is in <c>console.css</c>, so that a page is dark before any script runs.</summary>
internal static class Theme
{
    private static readonly string[] Font = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Cantarell", "sans-serif"];

    public static MudTheme Console { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#3047c8",
            PrimaryContrastText = "#ffffff",
            Secondary = "#4b5365",
            Background = "#f6f7f9",
            Surface = "#ffffff",
            TextPrimary = "#1a1d24",
            TextSecondary = "#545c6b",
            ActionDefault = "#4b5365",
            LinesDefault = "#e2e5eb",
            LinesInputs = "#868e9c",
            TableLines = "#e2e5eb",
            Divider = "#e2e5eb",
            Success = "#1b7a3d",
            Info = "#1f63c4",
            Warning = "#8f5b00",
            Error = "#b3261e",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Font, FontSize = "0.9375rem", LineHeight = "1.5", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontFamily = Font, FontSize = "0.9375rem", FontWeight = "600", LetterSpacing = "normal", TextTransform = "none" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px" },
    };
}
