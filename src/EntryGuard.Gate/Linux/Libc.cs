using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace EntryGuard.Gate.Linux;

/// <summary>The system calls of the loop, and the constants they need. All descriptors are made non-blocking and close-on-exec.</summary>
/// <remarks>Numbers are those of the generic Linux ABI (x86-64 and arm64 agree on all of them). Failure is -1 and <see cref="Error"/>.</remarks>
internal static unsafe partial class Libc
{
    public const int EINTR = 4, EAGAIN = 11, ENFILE = 23, EMFILE = 24, EINPROGRESS = 115, ENOBUFS = 105, ENOMEM = 12;
    public const uint EPOLLIN = 0x1, EPOLLOUT = 0x4, EPOLLERR = 0x8, EPOLLHUP = 0x10, EPOLLRDHUP = 0x2000, EPOLLET = 1u << 31;
    public const int MaxAddressSize = 28;   // sockaddr_in6

    private const int EPOLL_CTL_ADD = 1, EPOLL_CTL_MOD = 3;
    private const int CloExec = 0x80000, NonBlock = 0x800;   // the same for EPOLL_, EFD_, SOCK_ and O_
    private const int AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1;
    private const int SOL_SOCKET = 1, SO_ERROR = 4, SO_KEEPALIVE = 9, SO_LINGER = 13, IPPROTO_TCP = 6, TCP_NODELAY = 1;
    private const int SHUT_WR = 1, F_SETPIPE_SZ = 1031;
    private const uint SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2;

    /// <summary>The error number of the last call on this thread.</summary>
    public static int Error => Marshal.GetLastPInvokeError();

    public static bool IsOutOfResources(int error) => error is EMFILE or ENFILE or ENOBUFS or ENOMEM;

    public static int EpollCreate() => epoll_create1(CloExec);

    public static int EpollAdd(int epoll, int fd, uint events, ulong data) => EpollControl(epoll, EPOLL_CTL_ADD, fd, events, data);

    public static int EpollChange(int epoll, int fd, uint events, ulong data) => EpollControl(epoll, EPOLL_CTL_MOD, fd, events, data);

    public static int EventFd() => eventfd(0, CloExec | NonBlock);

    /// <summary>Makes an eventfd readable. It cannot fail but by a counter of 2^64-2, which is readable too.</summary>
    public static void Signal(int eventFd)
    {
        var one = 1UL;
        _ = write(eventFd, &one, sizeof(ulong));
    }

    public static void Quiet(int eventFd)
    {
        ulong count;
        _ = read(eventFd, &count, sizeof(ulong));
    }

    /// <summary>A connection that waits on the listener; TCP_NODELAY and SO_KEEPALIVE are inherited from it.</summary>
    public static int Accept(int listener, out IPAddress peer)
    {
        var buffer = stackalloc byte[MaxAddressSize];
        var size = MaxAddressSize;
        var fd = accept4(listener, buffer, &size, CloExec | NonBlock);
        peer = fd < 0 ? IPAddress.None : ReadAddress(new ReadOnlySpan<byte>(buffer, MaxAddressSize));
        return fd;
    }

    public static int Socket(IPAddress address) => socket(IsV6(address) ? AF_INET6 : AF_INET, SOCK_STREAM | CloExec | NonBlock, 0);

    public static int Connect(int fd, IPEndPoint to)
    {
        var buffer = stackalloc byte[MaxAddressSize];
        return connect(fd, buffer, WriteAddress(to, new Span<byte>(buffer, MaxAddressSize)));
    }

    /// <summary>True if a socket is connected to itself, which TCP allows where the kernel picks the port that is dialled.</summary>
    public static bool IsConnectedToItself(int fd)
    {
        var own = stackalloc byte[MaxAddressSize];
        var peer = stackalloc byte[MaxAddressSize];
        int ownSize = MaxAddressSize, peerSize = MaxAddressSize;
        return getsockname(fd, own, &ownSize) == 0 && getpeername(fd, peer, &peerSize) == 0
            && new ReadOnlySpan<byte>(own, ownSize).SequenceEqual(new ReadOnlySpan<byte>(peer, peerSize));
    }

    public static void SetNoDelay(int fd) => SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);

    public static void SetKeepAlive(int fd) => SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);

    /// <summary>The error a connect ended with; 0 for success.</summary>
    public static int TakeError(int fd)
    {
        int error = 0, size = sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? Error : error;
    }

    public static int ShutdownWrite(int fd) => shutdown(fd, SHUT_WR);

    /// <summary>Up to <paramref name="count"/> bytes from one to the other, one of which is a pipe; 0 is the end of the stream.</summary>
    public static nint Splice(int from, int to, int count) => splice(from, null, to, null, (nuint)count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

    public static int Pipe(out int read, out int write)
    {
        var ends = stackalloc int[2];
        var result = pipe2(ends, CloExec | NonBlock);
        (read, write) = (ends[0], ends[1]);
        return result;
    }

    /// <summary>False if refused, above the user's quota: then the pipe stays as it is.</summary>
    public static bool SetPipeSize(int pipe, int bytes) => fcntl(pipe, F_SETPIPE_SZ, bytes) >= 0;

    /// <summary>Never retried: Linux has released the descriptor even when it answers EINTR.</summary>
    public static void Close(int fd) => _ = close(fd);

    /// <summary>Closes with a reset; whatever is unsent is thrown away.</summary>
    public static void Reset(int fd)
    {
        var linger = stackalloc int[2] { 1, 0 };
        _ = setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, 2 * sizeof(int));
        Close(fd);
    }

    private static void SetOption(int fd, int level, int name, int value) => _ = setsockopt(fd, level, name, &value, sizeof(int));

    private static int EpollControl(int epoll, int operation, int fd, uint events, ulong data)
    {
        var entry = stackalloc byte[EpollEvents.Stride];
        EpollEvents.Write(entry, events, data);
        return epoll_ctl(epoll, operation, fd, entry);
    }

    private static bool IsV6(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;

    private static IPAddress ReadAddress(ReadOnlySpan<byte> sockaddr) => MemoryMarshal.Read<ushort>(sockaddr) == AF_INET
        ? new IPAddress(sockaddr.Slice(4, 4))
        : new IPAddress(sockaddr.Slice(8, 16));

    private static int WriteAddress(IPEndPoint endPoint, Span<byte> sockaddr)
    {
        sockaddr.Clear();
        var isV6 = IsV6(endPoint.Address);
        MemoryMarshal.Write(sockaddr, (ushort)(isV6 ? AF_INET6 : AF_INET));
        BinaryPrimitives.WriteUInt16BigEndian(sockaddr[2..], (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(sockaddr[(isV6 ? 8 : 4)..], out _);
        if (!isV6)
            return 16;
        MemoryMarshal.Write(sockaddr[24..], (uint)endPoint.Address.ScopeId);
        return MaxAddressSize;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int listener, byte* address, int* size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, byte* address, int* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getpeername(int fd, byte* address, int* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, void* value, int* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, void* value, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nuint count, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);
}
