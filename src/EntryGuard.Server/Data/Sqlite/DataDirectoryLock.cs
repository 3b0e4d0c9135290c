using System.Globalization;
using System.Text;

namespace EntryGuard.Server.Data.Sqlite;

/// <summary>One process per data directory (E25). The operating system drops the lock when the process ends, however it ends.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    /// <summary>In the data directory. Its presence means nothing; only the lock on it does.</summary>
    public const string FileName = "entryguard.lock";

    private readonly FileStream file;

    private DataDirectoryLock(FileStream file) => this.file = file;

    /// <exception cref="RefusedToStartException">Another process has the directory, or it cannot be written to.</exception>
    public static DataDirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            // FileShare.None is an exclusive flock(2).
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new DataDirectoryLock(file);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new RefusedToStartException($"The data directory {directory} does not exist. Create it, owned by the user that runs EntryGuard.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new RefusedToStartException($"The data directory {directory} cannot be written to by this user.", e);
        }
        catch (IOException e)
        {
            throw new RefusedToStartException(
                $"Another EntryGuard{Holder(path)} uses the data directory {directory}. Stop it first; for several servers at once use PostgreSQL.", e);
        }
    }

    public void Dispose() => file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return int.TryParse(reader.ReadToEnd(), CultureInfo.InvariantCulture, out var process) ? $" (process {process})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
