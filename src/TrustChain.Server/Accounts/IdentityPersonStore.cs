using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using TrustChain.Postgres.Accounts;

namespace TrustChain.Server.Accounts;

/// <summary>What ASP.NET Core Identity asks of a store, answered from <see cref="PersonStore"/>. Setters change the person in memory; Identity calls update after.</summary>
internal sealed partial class IdentityPersonStore(PersonStore people, IDataProtectionProvider protection, TimeProvider time, ILogger<IdentityPersonStore> logger) :
    IUserPasswordStore<Person>, IUserSecurityStampStore<Person>, IUserLockoutStore<Person>, IUserTwoFactorStore<Person>, IUserAuthenticatorKeyStore<Person>,
    IUserTwoFactorRecoveryCodeStore<Person>, IUserPasskeyStore<Person>
{
    private readonly IDataProtector _authenticatorKeys = protection.CreateProtector("TrustChain.AuthenticatorKey");

    public async Task<IdentityResult> CreateAsync(Person user, CancellationToken cancellationToken) =>
        await people.AddAsync(user, cancellationToken) ? IdentityResult.Success : IdentityResult.Failed(new IdentityErrorDescriber().DuplicateUserName(user.Login));

    public async Task<IdentityResult> UpdateAsync(Person user, CancellationToken cancellationToken) =>
        await people.UpdateAsync(user, cancellationToken) ? IdentityResult.Success : IdentityResult.Failed(new IdentityErrorDescriber().ConcurrencyFailure());

    /// <summary>People are named in audit entries, so none is deleted; an admin disables them.</summary>
    public Task<IdentityResult> DeleteAsync(Person user, CancellationToken cancellationToken) => throw new NotSupportedException("People are disabled, not deleted.");

    public async Task<Person?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) ? await people.FindAsync(id, cancellationToken) : null;

    public Task<Person?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => people.FindAsync(normalizedUserName, cancellationToken);

    public Task<string> GetUserIdAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(Person user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Login);

    public Task<string?> GetNormalizedUserNameAsync(Person user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.LoginNormalized);

    public Task SetUserNameAsync(Person user, string? userName, CancellationToken cancellationToken) => Set(() => user.Login = userName ?? "");

    public Task SetNormalizedUserNameAsync(Person user, string? normalizedName, CancellationToken cancellationToken) => Set(() => user.LoginNormalized = normalizedName ?? "");

    public Task<string?> GetPasswordHashAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task<bool> HasPasswordAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task SetPasswordHashAsync(Person user, string? passwordHash, CancellationToken cancellationToken) => Set(() => user.PasswordHash = passwordHash);

    public Task<string?> GetSecurityStampAsync(Person user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.SecurityStamp);

    public Task SetSecurityStampAsync(Person user, string stamp, CancellationToken cancellationToken) => Set(() => user.SecurityStamp = stamp);

    public Task<int> GetAccessFailedCountAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.FailedCount);

    public Task<int> IncrementAccessFailedCountAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(++user.FailedCount);

    public Task ResetAccessFailedCountAsync(Person user, CancellationToken cancellationToken) => Set(() => user.FailedCount = 0);

    /// <summary>Everybody can be locked out, and a disabled person is for good.</summary>
    public Task<bool> GetLockoutEnabledAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task SetLockoutEnabledAsync(Person user, bool enabled, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<DateTimeOffset?> GetLockoutEndDateAsync(Person user, CancellationToken cancellationToken) =>
        Task.FromResult(user.DisabledAt is null ? user.LockedUntil : DateTimeOffset.MaxValue);

    public Task SetLockoutEndDateAsync(Person user, DateTimeOffset? lockoutEnd, CancellationToken cancellationToken) => Set(() => user.LockedUntil = lockoutEnd);

    public Task<bool> GetTwoFactorEnabledAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.TwoFactor);

    public Task SetTwoFactorEnabledAsync(Person user, bool enabled, CancellationToken cancellationToken) => Set(() => user.TwoFactor = enabled);

    /// <summary>
    /// The secret of one-time codes; null where there is none, or where it was protected under a custodial master key that has been replaced since. Then no code is valid, but
    /// the second step stays: <see cref="OneTimeCodes"/> sees to that.
    /// </summary>
    public Task<string?> GetAuthenticatorKeyAsync(Person user, CancellationToken cancellationToken)
    {
        if (user.AuthenticatorKey is not { } key)
        {
            return Task.FromResult<string?>(null);
        }
        try
        {
            return Task.FromResult<string?>(_authenticatorKeys.Unprotect(key));
        }
        catch (CryptographicException exception)
        {
            Log.SecretClosed(logger, user.Id, exception.Message);
            return Task.FromResult<string?>(null);
        }
    }

    public Task SetAuthenticatorKeyAsync(Person user, string key, CancellationToken cancellationToken) => Set(() => user.AuthenticatorKey = _authenticatorKeys.Protect(key));

    public Task ReplaceCodesAsync(Person user, IEnumerable<string> recoveryCodes, CancellationToken cancellationToken) => Set(() => user.RecoveryCodes = [.. recoveryCodes.Select(Hash)]);

    public async Task<bool> RedeemCodeAsync(Person user, string code, CancellationToken cancellationToken)
    {
        var hash = Hash(code);
        if (user.RecoveryCodes.FirstOrDefault(c => CryptographicOperations.FixedTimeEquals(c, hash)) is not { } used)
        {
            return false;
        }
        user.RecoveryCodes = [.. user.RecoveryCodes.Where(c => c != used)];
        return await people.UpdateAsync(user, cancellationToken); // False when another request used a code at the same moment: neither code counts twice.
    }

    public Task<int> CountCodesAsync(Person user, CancellationToken cancellationToken) => Task.FromResult(user.RecoveryCodes.Count);

    public void Dispose()
    {
    }

    private static Task Set(Action change)
    {
        change();
        return Task.CompletedTask;
    }

    /// <summary>Codes are random enough that a plain digest keeps them.</summary>
    private static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private static partial class Log
    {
        [LoggerMessage(5201, LogLevel.Warning, "The secret of one-time codes of person {Person} does not open: {Reason} Was the custodial master key replaced? A recovery code lets them in, and an admin can turn their codes off.")]
        public static partial void SecretClosed(ILogger logger, Guid person, string reason);
    }
}

/// <summary>A person has as many passkeys as they may have: Identity gives its store no other way to say so.</summary>
internal sealed class TooManyPasskeysException() : Exception($"A person has at most {PersonStore.MaxPasskeys} passkeys.");

/// <summary>The part about passkeys.</summary>
internal sealed partial class IdentityPersonStore
{
    public async Task AddOrUpdatePasskeyAsync(Person user, UserPasskeyInfo passkey, CancellationToken cancellationToken)
    {
        var data = JsonSerializer.Serialize(new PasskeyData(
            passkey.PublicKey, passkey.SignCount, passkey.Transports, passkey.IsUserVerified, passkey.IsBackupEligible, passkey.IsBackedUp, passkey.AttestationObject, passkey.ClientDataJson));
        switch (await people.PutPasskeyAsync(new Passkey(passkey.CredentialId, user.Id, passkey.Name ?? "passkey", data, time.GetUtcNow()), cancellationToken))
        {
            case PasskeyResult.OfAnother:
                throw new InvalidOperationException("The credential belongs to somebody else."); // Identity looks before it asks for this.
            case PasskeyResult.TooMany:
                throw new TooManyPasskeysException();
        }
    }

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(Person user, CancellationToken cancellationToken) =>
        [.. (await people.ListPasskeysAsync(user.Id, cancellationToken)).Select(ToInfo)];

    public async Task<Person?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await people.FindPasskeyAsync(credentialId, cancellationToken) is { } passkey ? await people.FindAsync(passkey.PersonId, cancellationToken) : null;

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(Person user, byte[] credentialId, CancellationToken cancellationToken) =>
        await people.FindPasskeyAsync(credentialId, cancellationToken) is { } passkey && passkey.PersonId == user.Id ? ToInfo(passkey) : null;

    public Task RemovePasskeyAsync(Person user, byte[] credentialId, CancellationToken cancellationToken) => people.RemovePasskeyAsync(user.Id, credentialId, cancellationToken);

    private static UserPasskeyInfo ToInfo(Passkey passkey)
    {
        var data = JsonSerializer.Deserialize<PasskeyData>(passkey.Data)!; // Written by AddOrUpdatePasskeyAsync.
        return new UserPasskeyInfo(
            passkey.CredentialId, data.PublicKey, passkey.CreatedAt, data.SignCount, data.Transports, data.IsUserVerified, data.IsBackupEligible, data.IsBackedUp, data.AttestationObject, data.ClientDataJson)
        {
            Name = passkey.Name,
        };
    }

    /// <summary>What Identity wants back of a passkey.</summary>
    private sealed record PasskeyData(
        byte[] PublicKey, uint SignCount, string[]? Transports, bool IsUserVerified, bool IsBackupEligible, bool IsBackedUp, byte[] AttestationObject, byte[] ClientDataJson);
}
