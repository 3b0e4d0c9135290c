using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EntryGuard.Server.Data.Sqlite;

/// <summary>Inode and time of birth of a file: the same after a restart, another for a copy. .NET shows neither.</summary>
/// <remarks>No device number: on containers, LVM and network file systems it changes with the next mount. Linux, statx(2).</remarks>
internal static class FileIdentity
{
    private const int CurrentDirectory = -100;      // AT_FDCWD
    private const uint InodeAndBirth = 0x900;       // STATX_INO | STATX_BTIME

    /// <summary>"1835021-1764000000.123456789"; without the time on file systems that keep none.</summary>
    public static string Of(string path)
    {
        var stat = new byte[256];   // struct statx: stx_mask at 0, stx_ino at 32, stx_btime at 80 (seconds, then nanoseconds)
        if (Statx(CurrentDirectory, path, 0, InodeAndBirth, stat) != 0)
            throw new IOException($"statx of {path} failed with error {Marshal.GetLastPInvokeError()}");
        var inode = BinaryPrimitives.ReadUInt64LittleEndian(stat.AsSpan(32));
        var hasBirth = (BinaryPrimitives.ReadUInt32LittleEndian(stat) & 0x800) != 0;
        var (seconds, nanoseconds) = (BinaryPrimitives.ReadInt64LittleEndian(stat.AsSpan(80)), BinaryPrimitives.ReadUInt32LittleEndian(stat.AsSpan(88)));
        return string.Create(CultureInfo.InvariantCulture, $"{inode}{(hasBirth ? $"-{seconds}.{nanoseconds:000000000}" : "")}");
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] stat);
}
