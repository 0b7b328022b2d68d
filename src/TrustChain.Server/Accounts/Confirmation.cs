using System.Globalization;
using Microsoft.AspNetCore.Authentication;

namespace TrustChain.Server.Accounts;

/// <summary>
/// When whoever sits at a session last showed that it is theirs: by signing in, by their password or by a passkey. What gives access that
/// outlasts the session (passkeys, one-time codes, API keys, invitations, roles) asks for that again after a while, so that a browser left open gives nothing away for good.
/// </summary>
internal static class Confirmation
{
    /// <summary>How long it holds.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const string Item = "confirmed"; // of a ticket's properties, which only the server has

    /// <summary>Notes the moment of signing in; a ticket that is renewed keeps its own.</summary>
    public static void NoteFirst(AuthenticationProperties properties, DateTimeOffset now) => properties.Items.TryAdd(Item, Format(now));

    public static void Note(AuthenticationProperties properties, DateTimeOffset now) => properties.Items[Item] = Format(now);

    public static bool Holds(AuthenticationProperties? properties, DateTimeOffset now) =>
        properties?.Items.TryGetValue(Item, out var text) == true
        && DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
        && now - moment < Lifetime;

    private static string Format(DateTimeOffset moment) => moment.ToString("O", CultureInfo.InvariantCulture);
}
