using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Accounts;

/// <summary>Keeps the framework's data protection keys in the database, where all servers find them.</summary>
internal sealed class ProtectionKeys(ProtectionKeyStore store) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.List().Select(static e => XElement.Parse(e))];

    public void StoreElement(XElement element, string friendlyName) => store.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));
}

/// <summary>Encrypts those keys with AES-256-GCM under a key derived from the custodial master key, so that a copy of the database opens no session.</summary>
internal sealed class ProtectionKeyEncryptor(KeyRing ring) : IXmlEncryptor
{
    internal const string Purpose = "data protection keys";
    internal const string ElementName = "encrypted";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedBytes = new byte[12 + plain.Length + 16];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, 12));
        using var gcm = new AesGcm(ring.Derive(Purpose), 16);
        gcm.Encrypt(sealedBytes.AsSpan(0, 12), plain, sealedBytes.AsSpan(12, plain.Length), sealedBytes.AsSpan(12 + plain.Length));
        CryptographicOperations.ZeroMemory(plain);
        return new EncryptedXmlInfo(new XElement(ElementName, Convert.ToBase64String(sealedBytes)), typeof(ProtectionKeyDecryptor));
    }
}

/// <summary>Opens what <see cref="ProtectionKeyEncryptor"/> made. The framework makes one itself, from the services.</summary>
internal sealed class ProtectionKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => Open(services.GetRequiredService<KeyRing>(), encryptedElement);

    /// <exception cref="CryptographicException">It was altered, or made under another master key.</exception>
    public static XElement Open(KeyRing ring, XElement encryptedElement)
    {
        var sealedBytes = Convert.FromBase64String(encryptedElement.Value);
        var plain = new byte[sealedBytes.Length - 28];
        using var gcm = new AesGcm(ring.Derive(ProtectionKeyEncryptor.Purpose), 16);
        gcm.Decrypt(sealedBytes.AsSpan(0, 12), sealedBytes.AsSpan(12, plain.Length), sealedBytes.AsSpan(12 + plain.Length), plain);
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }
}
