using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace TrustChain.Server.Accounts;

/// <summary>
/// The secret of one-time codes between the page that shows it and the form that proves it was taken over. It is in no database meanwhile: whoever opens the page gets one of
/// their own, and what somebody else was shown can never become the account's. Valid for 30 minutes and for one person.
/// </summary>
internal sealed class PendingCodes(IDataProtectionProvider protection)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>The form's hidden field.</summary>
    public string Protect(Guid person, string secret) => For(person).Protect(secret, Lifetime);

    /// <summary>The secret; null for what is malformed, too old or somebody else's.</summary>
    public string? Unprotect(Guid person, string text)
    {
        if (text.Length is 0 or > 1000)
        {
            return null;
        }
        try
        {
            return For(person).Unprotect(text);
        }
        catch (CryptographicException)
        {
            return null; // The answer to the question asked.
        }
    }

    private ITimeLimitedDataProtector For(Guid person) => protection.CreateProtector("TrustChain.PendingCodes", person.ToString()).ToTimeLimitedDataProtector();
}
