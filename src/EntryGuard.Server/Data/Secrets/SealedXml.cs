using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace EntryGuard.Server.Data.Secrets;

/// <summary>One XML element encrypted with the master key: AES-256-GCM, a random nonce each; nonce, tag and text as one base64 value.</summary>
internal static class SealedXml
{
    public static readonly XName Name = "entryGuardSealed";

    private const int NonceSize = 12;
    private const int TagSize = 16;

    private static ReadOnlySpan<byte> Purpose => "entryguard key ring v1"u8;

    public static XElement Seal(XElement clear, MasterKey key)
    {
        var text = Encoding.UTF8.GetBytes(clear.ToString(SaveOptions.DisableFormatting));
        try
        {
            var box = new byte[NonceSize + TagSize + text.Length];
            var nonce = box.AsSpan(0, NonceSize);
            RandomNumberGenerator.Fill(nonce);
            using var aes = new AesGcm(key.Seal, TagSize);
            aes.Encrypt(nonce, text, box.AsSpan(NonceSize + TagSize), box.AsSpan(NonceSize, TagSize), Purpose);
            return new XElement(Name, new XComment(" encrypted with the installation's master key "), new XElement("value", Convert.ToBase64String(box)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <exception cref="CryptographicException">Another master key, or somebody changed the value.</exception>
    public static XElement Open(XElement element, MasterKey key)
    {
        var box = Convert.FromBase64String(element.Element("value")!.Value);
        if (box.Length < NonceSize + TagSize)
            throw new CryptographicException("The sealed key is cut short.");
        var text = new byte[box.Length - NonceSize - TagSize];
        try
        {
            using var aes = new AesGcm(key.Seal, TagSize);
            aes.Decrypt(box.AsSpan(0, NonceSize), box.AsSpan(NonceSize + TagSize), box.AsSpan(NonceSize, TagSize), text, Purpose);
            return XElement.Parse(Encoding.UTF8.GetString(text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }
}

/// <summary>Called by Data Protection when it stores a key.</summary>
internal sealed class MasterKeyXmlEncryptor(MasterKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(SealedXml.Seal(plaintextElement, key), typeof(MasterKeyXmlDecryptor));
}

/// <summary>Named in every stored key, so its full name is part of the data: never rename it. Data Protection wants this constructor.</summary>
internal sealed class MasterKeyXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => SealedXml.Open(encryptedElement, services.GetRequiredService<MasterKey>());
}
