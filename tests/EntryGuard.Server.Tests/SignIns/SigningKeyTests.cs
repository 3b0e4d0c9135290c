using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class SigningKeyTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Keys_change_every_30_days_are_published_a_day_before_and_until_their_tokens_are_dead(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var token = (await ann.Join()).AccessToken!;
        var first = (await Published(app)).ShouldHaveSingleItem();
        Kid(token).ShouldBe(first);
        app.Time.Advance(TimeSpan.FromDays(29) - TimeSpan.FromSeconds(1));
        (await Published(app)).ShouldBe([first]);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        var both = await Published(app);
        (both.Count, both[0]).ShouldBe((2, first));
        app.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        token = (await ann.Login()).AccessToken!;
        Kid(token).ShouldBe(first);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        Kid((await ann.Login()).AccessToken!).ShouldBe(both[1]);
        app.Time.Advance(TimeSpan.FromMinutes(13));
        (await ann.With(token).GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK, "signed by the one before");
        app.Time.Advance(TimeSpan.FromMinutes(4));
        (await Published(app)).ShouldBe([both[1]]);
        app.Time.Advance(TimeSpan.FromDays(200));
        token = (await ann.Login()).AccessToken!;
        (await ann.With(token).GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK, "a server that was long away goes on");
    }

    [Theory, EveryDatabase]
    public async Task A_token_of_another_node_is_good_here_and_verifies_by_what_is_published(TestDatabase database)
    {
        await using var one = await TestApp.StartAsync(database);
        await using var two = await TestApp.StartAsync(database);
        var token = (await one.As("ann").Join()).AccessToken!;
        (await two.As("ann").With(token).GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await Published(two)).ShouldBe(await Published(one));

        var key = (await Document(two)).Keys[0];
        using var verifier = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = System.Buffers.Text.Base64Url.DecodeFromChars(key.X), Y = System.Buffers.Text.Base64Url.DecodeFromChars(key.Y) },
        });
        var end = token.LastIndexOf('.');
        verifier.VerifyData(System.Text.Encoding.ASCII.GetBytes(token[..end]), System.Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan(end + 1)), HashAlgorithmName.SHA256).ShouldBeTrue();
        (await two.Client().GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative))).ShouldNotContain("\"d\"");
    }

    private static async Task<IReadOnlyList<string>> Published(TestApp app) => [.. (await Document(app)).Keys.Select(k => k.Kid)];

    private static async Task<JwksResponse> Document(TestApp app) => (await app.Client().GetFromJsonAsync<JwksResponse>(new Uri("/.well-known/jwks.json", UriKind.Relative)))!;

    private static string Kid(string token) =>
        System.Text.Json.Nodes.JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[0]))!["kid"]!.GetValue<string>();
}
