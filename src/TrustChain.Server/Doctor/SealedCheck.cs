using System.Buffers.Text;
using System.Security.Cryptography;
using System.Xml.Linq;
using TrustChain.Postgres.Database;
using TrustChain.Server.Accounts;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Doctor;

/// <summary>Whether what the database holds sealed opens under the present custodial master key. What does not was sealed under one that has been replaced.</summary>
internal static class SealedCheck
{
    private const string Check = "keys";

    // The framework's protected payloads begin with these four bytes and the id of the key that protects them:
    // https://learn.microsoft.com/aspnet/core/security/data-protection/implementation/authenticated-encryption-details
    private const int IdSize = 16;

    private static readonly byte[] Magic = [0x09, 0xF0, 0xC9, 0xF0];

    public static void Run(DoctorReport report, KeyRing ring, SealedContent content)
    {
        var closed = content.Keys.Where(k => !Opens(ring, k.Kid, k.Secret)).ToList();
        if (closed.Count > 0)
        {
            var named = string.Join(", ", closed.Take(5).Select(static k => $"{k.Kid} of {k.Organisation}")) + (closed.Count > 5 ? " and others" : "");
            report.Fault(
                Check,
                $"{closed.Count} of {content.Keys.Count} keys that the service holds for organisations do not open: {named}",
                "bring back the custodial key file that belongs to this database; if it was replaced on purpose, end these keys (\"A new custodial master key\" in docs/operations.md)");
        }
        else if (content.Keys.Count > 0)
        {
            report.Ok(Check, "the custodial master key opens the keys that the service holds");
        }
        var open = content.ProtectionKeys.Select(e => FindOpen(ring, e)).OfType<Guid>().ToHashSet();
        var lost = content.CodeSecrets.Count(s => FindKey(s) is not { } key || !open.Contains(key));
        if (lost > 0)
        {
            report.Warn(
                Check,
                $"the secrets of one-time codes of {lost} people do not open: none of their codes is valid",
                "a recovery code or a passkey lets them in; for whoever has neither: POST /api/people/LOGIN/codes-off as an admin of the service (docs/accounts.md)");
        }
    }

    private static bool Opens(KeyRing ring, string kid, string secret)
    {
        try
        {
            using var opened = ring.Unwrap(secret, kid);
            return true;
        }
        catch (CryptographicException)
        {
            return false; // The answer to the question asked.
        }
    }

    /// <summary>The id of a protection key that opens; null of one that does not.</summary>
    private static Guid? FindOpen(KeyRing ring, string element)
    {
        var key = XElement.Parse(element);
        try
        {
            return (Guid?)key.Attribute("id") is { } id && key.Descendants(ProtectionKeyEncryptor.ElementName).All(e => ProtectionKeyDecryptor.Open(ring, e) is not null) ? id : null;
        }
        catch (CryptographicException)
        {
            return null; // The answer to the question asked.
        }
    }

    private static Guid? FindKey(string payload)
    {
        if (!Base64Url.IsValid(payload))
        {
            return null;
        }
        var bytes = Base64Url.DecodeFromChars(payload);
        return bytes.AsSpan().StartsWith(Magic) && bytes.Length >= Magic.Length + IdSize ? new Guid(bytes.AsSpan(Magic.Length, IdSize)) : null;
    }
}
