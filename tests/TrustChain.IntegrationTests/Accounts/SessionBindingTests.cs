using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using TrustChain.Server.Accounts;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>A request that began before a session was bound anew, and ends after it, brings nothing back.</summary>
public sealed class SessionBindingTests
{
    [Fact]
    public void Ticket_OfARequestThatBeganBefore_IsNotStored()
    {
        var stored = new AuthenticationProperties();
        SessionBinding.Renew(stored, new DefaultHttpContext()); // signed in
        var (slow, sliding, confirmed) = (Copy(stored), Copy(stored), Copy(stored));

        Assert.True(SessionBinding.Follows(stored, sliding)); // extended by use
        SessionBinding.Renew(confirmed, new DefaultHttpContext());
        Assert.True(SessionBinding.Follows(stored, confirmed));
        Assert.Equal(stored.Items.Keys, confirmed.Items.Keys); // What it was made from is not kept.

        Assert.False(SessionBinding.Follows(confirmed, slow));
        Assert.True(SessionBinding.Follows(confirmed, Copy(confirmed)));
        Assert.False(SessionBinding.Follows(new AuthenticationProperties(), slow)); // a session of a version before
        Assert.False(SessionBinding.Follows(new AuthenticationProperties(), new AuthenticationProperties()));
    }

    private static AuthenticationProperties Copy(AuthenticationProperties properties) => new(new Dictionary<string, string?>(properties.Items));
}
