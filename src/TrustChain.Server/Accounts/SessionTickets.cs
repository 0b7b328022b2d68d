using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;

namespace TrustChain.Server.Accounts;

/// <summary>Keeps the tickets of signed-in browsers in the database, so that a person can see and end them, and every server knows them.</summary>
internal sealed class SessionTickets(SessionStore sessions, TimeProvider time) : ITicketStore
{
    /// <summary>Item of a ticket's properties that names its session.</summary>
    public const string SessionId = "session";

    public Task<string> StoreAsync(AuthenticationTicket ticket) => throw new NotSupportedException("A session is kept with the address it comes from.");

    public async Task<string> StoreAsync(AuthenticationTicket ticket, HttpContext httpContext, CancellationToken cancellationToken)
    {
        var (key, id) = (Base64UrlText.Encode(RandomNumberGenerator.GetBytes(32)), Guid.CreateVersion7());
        ticket.Properties.Items[SessionId] = id.ToString();
        var client = httpContext.Request.Headers.UserAgent.ToString();
        await sessions.AddAsync(
            key, id, PersonOf(ticket), TicketSerializer.Default.Serialize(ticket), httpContext.Address(), client.Length > 300 ? client[..300] : client, Expiry(ticket), cancellationToken);
        return key;
    }

    public async Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        if (await RetrieveAsync(key) is { } stored && SessionBinding.Follows(stored.Properties, ticket.Properties))
        {
            await sessions.RenewAsync(key, PersonOf(ticket), TicketSerializer.Default.Serialize(ticket), Expiry(ticket), CancellationToken.None);
        }
    }

    public async Task<AuthenticationTicket?> RetrieveAsync(string key) =>
        await sessions.FindAsync(key, CancellationToken.None) is { } ticket ? TicketSerializer.Default.Deserialize(ticket) : null;

    public Task RemoveAsync(string key) => sessions.EndAsync(key, CancellationToken.None);

    private static Guid PersonOf(AuthenticationTicket ticket) => Guid.Parse(ticket.Principal.FindFirstValue(ClaimTypes.NameIdentifier)!); // Identity names everybody by their id.

    private DateTimeOffset Expiry(AuthenticationTicket ticket) => ticket.Properties.ExpiresUtc ?? time.GetUtcNow().AddHours(1);
}
