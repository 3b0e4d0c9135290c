using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Components;

namespace EntryGuard.Server.Web;

/// <summary>
/// What a page as it was first sent hands to its connection. The browser sends it back in one message, which a list of 50 rows would make too
/// large: so it is packed, and what is still large is left out; the page then asks the API again, as if nothing had come.
/// </summary>
internal sealed class PackedState<T> : PersistentComponentStateSerializer<T>
{
    /// <summary>Most bytes of one value. A page has a few, and <see cref="WebSetup.LargestMessage"/> is for all of them, encrypted and as base64.</summary>
    private const int Most = 32 * 1024;

    public override void Persist(T value, IBufferWriter<byte> writer)
    {
        using var packed = new MemoryStream();
        using (var packer = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            JsonSerializer.Serialize(packer, value, JsonSerializerOptions.Web);
        if (packed.Length <= Most)
            writer.Write(packed.GetBuffer().AsSpan(0, (int)packed.Length));
    }

    public override T Restore(ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty)
            return default!;
        using var unpacker = new BrotliStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<T>(unpacker, JsonSerializerOptions.Web)!;
    }
}
