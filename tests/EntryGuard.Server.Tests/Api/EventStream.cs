using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Tests.Api;

/// <summary>Reads <c>/events</c> as a browser would.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    // Only so that a test whose event never comes fails instead of hanging.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpResponseMessage answer;
    private readonly StreamReader reader;
    private readonly CancellationTokenSource limit = new(Patience);

    private EventStream(HttpResponseMessage answer, StreamReader reader) => (this.answer, this.reader) = (answer, reader);

    public string LastId { get; private set; } = "";

    /// <summary>Opened, and <c>ready</c> read.</summary>
    public static async Task<EventStream> OpenAsync(HttpClient http, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var stream = new EventStream(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        (await stream.Next())!.Value.Type.ShouldBe("ready");
        return stream;
    }

    /// <summary>The next event; null: the server ended the stream.</summary>
    public async Task<(string Type, EventResponse Event)?> Next()
    {
        var (type, data) = ("message", "");
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Length == 0)
                return (type, JsonSerializer.Deserialize<EventResponse>(data, Json)!);
            var (field, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].TrimStart());
            switch (field)
            {
                case "event":
                    type = value;
                    break;
                case "id":
                    LastId = value;
                    break;
                case "data":
                    data += value;
                    break;
            }
        }

        return null;
    }

    /// <summary>The next so many rows.</summary>
    public async Task<IReadOnlyList<EventResponse>> Rows(int count)
    {
        var rows = new List<EventResponse>();
        while (rows.Count < count)
        {
            var (type, row) = (await Next()).ShouldNotBeNull($"after {rows.Count.ToString(CultureInfo.InvariantCulture)} rows");
            if (type == "audit")
                rows.Add(row);
        }

        return rows;
    }

    /// <summary>The types of the next so many rows.</summary>
    public async Task<IReadOnlyList<string>> Types(int count) => [.. (await Rows(count)).Select(e => e.Audit!.EventType)];

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        answer.Dispose();
        limit.Dispose();
        return ValueTask.CompletedTask;
    }
}
