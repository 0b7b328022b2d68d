using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using TrustChain.Core.Signing;

namespace TrustChain.Server.Accounts;

/// <summary>
/// A second cookie that changes whenever somebody signs in, confirms, or gets another password or one-time codes, of which the session knows the digest. The cookie of the session itself stays
/// the same all its life, so without this whoever had copied it once would share in all of that.
/// </summary>
internal static class SessionBinding
{
    private const string Cookie = "tc-session-bind";
    private const string Item = "bind"; // of a ticket's properties, which only the server has
    private const string Before = "bind-before"; // until the ticket is stored

    /// <summary>Gives the browser another value.</summary>
    public static void Renew(AuthenticationProperties properties, HttpContext http)
    {
        var value = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16));
        if (properties.Items.TryGetValue(Item, out var before))
        {
            properties.Items[Before] = before;
        }
        properties.Items[Item] = Digest(value);
        http.Response.Cookies.Append(Cookie, value, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = http.Request.IsHttps });
    }

    /// <summary>Whether the browser has the present value.</summary>
    public static bool Holds(AuthenticationProperties properties, HttpRequest request) =>
        properties.Items.TryGetValue(Item, out var digest) && digest is not null
        && request.Cookies.TryGetValue(Cookie, out var value) && value.Length <= 100
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(digest), Encoding.ASCII.GetBytes(Digest(value)));

    /// <summary>
    /// Whether a ticket that is to be stored was made from the one that is stored, and not from one before it: a request that began earlier may end later, and must not bring back what was
    /// replaced meanwhile.
    /// </summary>
    public static bool Follows(AuthenticationProperties stored, AuthenticationProperties renewed)
    {
        var from = renewed.Items.Remove(Before, out var before) ? before : renewed.Items.TryGetValue(Item, out var same) ? same : null;
        return stored.Items.TryGetValue(Item, out var present) && present is not null && present == from;
    }

    private static string Digest(string value) => Base64UrlText.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
}
