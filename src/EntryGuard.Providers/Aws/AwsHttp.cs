using System.Net;
using System.Text;
using System.Xml;
using Amazon.Runtime;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.Aws;

/// <summary>The HTTP under the SDK: goes only where <see cref="EndpointLimits"/> lets it, and tells an <see cref="AwsCall"/> what became of it.</summary>
internal sealed class AwsHttp : HttpClientFactory, IDisposable
{
    private readonly HttpClient client;

    public AwsHttp(EndpointLimits limits, TimeProvider time) =>
        client = new HttpClient(new Watch(time) { InnerHandler = limits.NewHandler() }) { Timeout = Timeout.InfiniteTimeSpan };   // each call has its own

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => client.Dispose();

    private sealed class Watch(TimeProvider time) : DelegatingHandler
    {
        // A page of 1000 rules is about 500 KB.
        private const long MostBytes = 8 * 1024 * 1024;

        // Half an answer to this may hold a whole key.
        private const string Kept = "(not shown: it may hold a key)";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (AwsCall.Current is not { } call)
                return await base.SendAsync(request, cancellationToken);

            // Whatever the SDK means by a retry: what may have arrived is not sent again (E12).
            if (call.IsSent)
                throw new IOException("It was sent already.");
            call.Token = request.Headers.TryGetValues("X-Amz-Security-Token", out var tokens) ? tokens.First() : null;
            if (request.Content is { } body)
                request.Content = new WatchedBody(body, call);
            else
                call.IsSent = true;
            var response = await base.SendAsync(request, cancellationToken);
            var read = false;
            try
            {
                await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken);
                var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                (call.Status, call.RetryAfter) = (response.StatusCode, RetryAfter(response));
                var root = RootOf(bytes);
                call.IsAwsError = !response.IsSuccessStatusCode && root is "Response" or "ErrorResponse";
                if (response.IsSuccessStatusCode && root != $"{call.Action}Response")
                    call.Garbage = call.Action == "AssumeRole" ? Kept : call.Words(Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 1024))));
                read = call.Garbage is null;
                return read ? response : throw new IOException("The answer is none.");
            }
            finally
            {
                if (!read)
                    response.Dispose();
            }
        }

        private TimeSpan? RetryAfter(HttpResponseMessage response)
        {
            var asked = response.Headers.RetryAfter;
            var wait = asked?.Delta ?? (asked?.Date - time.GetUtcNow());
            return wait > TimeSpan.Zero ? wait : null;
        }

        // The SDK's readers pass over what they do not know: a web page would look like an empty answer, and an empty answer like a success.
        private static string? RootOf(byte[] bytes)
        {
            try
            {
                using var reader = XmlReader.Create(
                    new MemoryStream(bytes), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true });
                var root = reader.MoveToContent() == XmlNodeType.Element ? reader.LocalName : null;
                while (reader.Read())
                {
                    // To the end: half an answer is none either.
                }

                return root;
            }
            catch (XmlException)
            {
                return null;
            }
        }
    }

    private sealed class WatchedBody : HttpContent
    {
        private readonly HttpContent body;
        private readonly AwsCall call;

        public WatchedBody(HttpContent body, AwsCall call)
        {
            (this.body, this.call) = (body, call);
            foreach (var (name, values) in body.Headers)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            call.IsSent = true;
            return body.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Headers.ContentLength ?? -1;
            return length >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                body.Dispose();
            base.Dispose(disposing);
        }
    }
}
