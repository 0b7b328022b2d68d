using Microsoft.AspNetCore.Identity;
using TrustChain.Postgres.Accounts;

namespace TrustChain.Server.Accounts;

/// <summary>
/// One-time codes (RFC 6238) as the second step. Whoever has turned them on keeps that step, also while their secret cannot be opened: the framework would take a person without a
/// readable secret for one without a second step, and let the password alone sign them in.
/// </summary>
internal sealed class OneTimeCodes : AuthenticatorTokenProvider<Person>
{
    public override Task<bool> CanGenerateTwoFactorTokenAsync(UserManager<Person> manager, Person user) => Task.FromResult(user.AuthenticatorKey is not null);

    public override async Task<bool> ValidateAsync(string purpose, string token, UserManager<Person> manager, Person user) =>
        await manager.GetAuthenticatorKeyAsync(user) is not null && await base.ValidateAsync(purpose, token, manager, user);
}
