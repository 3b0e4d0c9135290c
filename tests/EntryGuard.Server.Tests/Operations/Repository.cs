namespace EntryGuard.Server.Tests.Operations;

/// <summary>Files of this repository that tests compare with what is built.</summary>
internal static class Repository
{
    /// <param name="path">From its root.</param>
    public static string File(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "EntryGuard.slnx")))
                return Path.Combine(folder.FullName, path);
        }

        throw new InvalidOperationException("The tests do not run inside of the repository.");
    }
}
