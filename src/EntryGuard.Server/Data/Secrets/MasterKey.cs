using System.Security.Cryptography;
using System.Text;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>
/// The installation's one key outside of the database: 32 bytes that encrypt the key ring. Whoever has a backup of the database but not
/// this key has no secret; whoever loses it must give every credential anew (E31).
/// </summary>
public sealed class MasterKey
{
    /// <summary>A file with the 32 bytes as they are, or as base64 text. Read first.</summary>
    public const string FileSetting = "EntryGuard:MasterKeyFile";

    /// <summary>Name of the systemd credential: <c>LoadCredential=master-key:...</c>. Read second.</summary>
    public const string SystemdCredential = "master-key";

    /// <summary>The 32 bytes as base64. Read last.</summary>
    public const string Variable = "ENTRYGUARD_MASTER_KEY";

    private const string FileName = "master.key";
    private const int Size = 32;
    private const string HowToMake = "Make one with: head -c 32 /dev/urandom | base64";

    private readonly byte[] seal;
    private readonly byte[] check;

    // One key, two purposes: what is compared in the database says nothing about what encrypts.
    private MasterKey(ReadOnlySpan<byte> key)
    {
        (seal, check) = (new byte[Size], new byte[Size]);
        HKDF.Expand(HashAlgorithmName.SHA256, key, seal, "entryguard key ring v1"u8);
        HKDF.Expand(HashAlgorithmName.SHA256, key, check, "entryguard master key check v1"u8);
    }

    /// <summary>Encrypts the key ring.</summary>
    internal ReadOnlySpan<byte> Seal => seal;

    /// <summary>32 bytes that are the same for the same key only.</summary>
    internal ReadOnlySpan<byte> Check => check;

    /// <summary>The key itself.</summary>
    /// <param name="key">32 bytes; they may be cleared afterwards.</param>
    public static MasterKey From(ReadOnlySpan<byte> key) =>
        key.Length == Size ? new MasterKey(key) : throw new ArgumentException($"A master key has {Size} bytes.", nameof(key));

    /// <summary>Reads the key where the operator put it: file, systemd credential, environment variable; the first that is set counts.</summary>
    /// <exception cref="RefusedToStartException">There is none, or it cannot be used; the message names the setting and the fix.</exception>
    public static MasterKey Read(IConfiguration configuration) => Read(configuration, Environment.GetEnvironmentVariable);

    /// <summary>
    /// For a lone server without any configuration: as above, else a key of its own beside the database, made when the database is.
    /// </summary>
    /// <param name="configuration">The server's.</param>
    /// <param name="directory">The data directory; made if it is missing.</param>
    /// <param name="made">Called with the path of a key that was just made.</param>
    /// <exception cref="RefusedToStartException">As above; none is made for a database that had one.</exception>
    public static MasterKey ReadOrMake(IConfiguration configuration, string directory, Action<string> made)
    {
        ArgumentNullException.ThrowIfNull(made);
        if (Find(configuration, directory) is { } found)
            return found;
        var path = Path.Combine(Directory.CreateDirectory(directory).FullName, FileName);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new StreamWriter(path, options))
            file.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size)));
        made(path);
        return ReadFile(path);
    }

    /// <summary>As above, and makes none: null where one would be made.</summary>
    /// <exception cref="RefusedToStartException">As above.</exception>
    public static MasterKey? Find(IConfiguration configuration, string directory)
    {
        if (FromConfiguration(configuration, Environment.GetEnvironmentVariable) is { } configured)
            return configured;
        if (Path.Combine(directory, FileName) is var path && File.Exists(path))
            return ReadFile(path);
        return File.Exists(Path.Combine(directory, "entryguard.db")) ? throw Missing() : null;
    }

    /// <summary>Reads one file, for instance the new key of a <c>rewrap</c>.</summary>
    /// <exception cref="RefusedToStartException">As above.</exception>
    public static MasterKey ReadFile(string path) => ReadFile(path, path, true);

    internal static MasterKey Read(IConfiguration configuration, Func<string, string?> environment) =>
        FromConfiguration(configuration, environment) ?? throw Missing();

    private static MasterKey? FromConfiguration(IConfiguration configuration, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[FileSetting] is { Length: > 0 } file)
            return ReadFile(file, $"{FileSetting} ({file})", true);

        // systemd gives the file to this process alone; its mode may show an access list as group rights.
        if (environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory && Path.Combine(directory, SystemdCredential) is var path && File.Exists(path))
            return ReadFile(path, $"The systemd credential {SystemdCredential}", false);
        return environment(Variable) is { Length: > 0 } text ? FromText(text, $"The environment variable {Variable}") : null;
    }

    private static RefusedToStartException Missing() => new(
            $"There is no master key. Set {FileSetting} to a file with it, pass the systemd credential {SystemdCredential}, or set {Variable}. {HowToMake}. "
            + "Keep a copy apart from the database's backup: without it no stored credential can be read.");

    private static MasterKey ReadFile(string path, string what, bool mustBePrivate)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        byte[] bytes;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            if (mustBePrivate && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
                throw new RefusedToStartException($"{what} can be read or written by other users. Run: chmod 600 {path}");
            if (file.Length > 1024)
                throw Malformed(what);
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedToStartException($"{what} cannot be read: {e.Message}", e);
        }

        try
        {
            return bytes.Length == Size ? new MasterKey(bytes) : FromText(Encoding.ASCII.GetString(bytes), what);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static MasterKey FromText(string text, string what)
    {
        var bytes = new byte[Size];
        try
        {
            return Convert.TryFromBase64String(text.Trim(), bytes, out var written) && written == Size ? new MasterKey(bytes) : throw Malformed(what);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static RefusedToStartException Malformed(string what) => new($"{what} is no master key: that is {Size} bytes, raw or as base64 text. {HowToMake}");
}
