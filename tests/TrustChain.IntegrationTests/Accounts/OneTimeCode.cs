using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>What an authenticator shows.</summary>
internal static partial class OneTimeCode
{
    /// <summary>RFC 6238 with SHA-1, 30 seconds and 6 digits, computed here and not by the server's library.</summary>
    public static string Now(string base32)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var bits = string.Concat(base32.ToUpperInvariant().Select(static c => Convert.ToString(Alphabet.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2)).ToArray();
        var counter = BitConverter.GetBytes(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30).Reverse().ToArray();
        var hash = HMACSHA1.HashData(key, counter); // RFC 6238 as authenticators have it.
        var offset = hash[^1] & 0xf;
        var number = ((hash[offset] & 0x7f) << 24 | hash[offset + 1] << 16 | hash[offset + 2] << 8 | hash[offset + 3]) % 1_000_000;
        return number.ToString("000000", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The secret for the app, from the page that offers one.</summary>
    public static string ReadSecret(string page) => Secret().Match(page).Groups[1].Value;

    /// <summary>Turns one-time codes on for whoever is signed in.</summary>
    public static async Task TurnOnAsync(Browser browser)
    {
        var secret = ReadSecret((await browser.GetAsync("/account/codes")).Expect(200, "/account/codes").Text);
        (await browser.PostAsync("/account/codes", ("code", Now(secret)))).Expect(200, "/account/codes").Saying("recovery codes");
    }

    [GeneratedRegex("into the app: <code>([A-Z2-7]+)</code>")]
    private static partial Regex Secret();
}
