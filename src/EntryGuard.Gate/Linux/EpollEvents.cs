using System.Runtime.InteropServices;

namespace EntryGuard.Gate.Linux;

/// <summary>The layout of <c>struct epoll_event</c>, which is packed on x86-64 only (12 bytes there, 16 elsewhere).</summary>
internal static unsafe class EpollEvents
{
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static readonly int Stride = IsPacked ? 12 : 16;
    private static readonly int DataOffset = IsPacked ? 4 : 8;

    public static void Write(byte* entry, uint events, ulong data)
    {
        *(uint*)entry = events;
        *(ulong*)(entry + DataOffset) = data;
    }

    public static (uint Events, ulong Data) Read(byte* entry) => (*(uint*)entry, *(ulong*)(entry + DataOffset));
}
