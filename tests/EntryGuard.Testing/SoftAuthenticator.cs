using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EntryGuard.Testing;

/// <summary>
/// A passkey and the browser before it, in software: ES256, attestation "none", a discoverable key, a user who is verified. W3C Web
/// Authentication Level 3, sections 6.1 (authenticator data), 6.5 (attestation) and 5.8.1 (client data).
/// </summary>
public sealed class SoftAuthenticator(string origin = "http://localhost") : IDisposable
{
    private const byte UserPresent = 0x01, UserVerified = 0x04, HasCredential = 0x40;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] id = RandomNumberGenerator.GetBytes(32);
    private string? userHandle;
    private uint signatures;

    /// <summary>False: it was touched, but asked neither for a finger nor for a PIN.</summary>
    public bool VerifiesUser { get; set; } = true;

    /// <summary>The page that asks.</summary>
    public string Origin { get; set; } = origin;

    /// <summary>What <c>navigator.credentials.create()</c> answers to these options.</summary>
    public JsonElement Make(JsonElement options)
    {
        userHandle = options.GetProperty("user").GetProperty("id").GetString();
        var clientData = ClientData("webauthn.create", options);
        var parameters = key.ExportParameters(false);
        var cose = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cose.WriteStartMap(5);
        foreach (var (label, value) in ((int, object)[])[(1, 2), (3, -7), (-1, 1), (-2, parameters.Q.X!), (-3, parameters.Q.Y!)])
        {
            cose.WriteInt32(label);
            if (value is byte[] bytes)
                cose.WriteByteString(bytes);
            else
                cose.WriteInt32((int)value);
        }

        cose.WriteEndMap();
        byte[] credential = [.. new byte[16], (byte)(id.Length >> 8), (byte)id.Length, .. id, .. cose.Encode()];
        var attestation = new CborWriter(CborConformanceMode.Ctap2Canonical);
        attestation.WriteStartMap(3);
        attestation.WriteTextString("fmt");
        attestation.WriteTextString("none");
        attestation.WriteTextString("attStmt");
        attestation.WriteStartMap(0);
        attestation.WriteEndMap();
        attestation.WriteTextString("authData");
        attestation.WriteByteString([.. AuthenticatorData(options.GetProperty("rp").GetProperty("id").GetString()!, HasCredential), .. credential]);
        attestation.WriteEndMap();
        return Answer(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(clientData),
            ["attestationObject"] = Base64Url.EncodeToString(attestation.Encode()),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>What <c>navigator.credentials.get()</c> answers to these options.</summary>
    public JsonElement Show(JsonElement options)
    {
        signatures++;
        var clientData = ClientData("webauthn.get", options);
        var data = AuthenticatorData(options.GetProperty("rpId").GetString()!, 0);
        byte[] signed = [.. data, .. SHA256.HashData(clientData)];
        return Answer(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(clientData),
            ["authenticatorData"] = Base64Url.EncodeToString(data),
            ["signature"] = Base64Url.EncodeToString(key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            ["userHandle"] = userHandle,
        });
    }

    public void Dispose() => key.Dispose();

    private byte[] ClientData(string type, JsonElement options) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["type"] = type,
        ["challenge"] = options.GetProperty("challenge").GetString(),
        ["origin"] = Origin,
        ["crossOrigin"] = false,
    }.ToJsonString());

    private byte[] AuthenticatorData(string relyingParty, byte more)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, signatures);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(relyingParty)), (byte)(UserPresent | (VerifiesUser ? UserVerified : 0) | more), .. count];
    }

    private JsonElement Answer(JsonObject response) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["id"] = Base64Url.EncodeToString(id),
        ["rawId"] = Base64Url.EncodeToString(id),
        ["type"] = "public-key",
        ["response"] = response,
        ["clientExtensionResults"] = new JsonObject(),
    });
}
