namespace TrustChain.Postgres.Accounts;

/// <summary>Somebody who signs in to the pages. Changed in memory, then stored whole by <see cref="PersonStore.UpdateAsync"/>.</summary>
public sealed class Person
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>What they type to sign in: an e-mail address or another name of their choice.</summary>
    public string Login { get; set; } = "";

    /// <summary>The login as it is compared.</summary>
    public string LoginNormalized { get; set; } = "";

    /// <summary>Name for others.</summary>
    public string Name { get; set; } = "";

    public string? PasswordHash { get; set; }

    /// <summary>Changes with every way to sign in that is added or taken away.</summary>
    public string SecurityStamp { get; set; } = "";

    /// <summary>Version of the row this was read from.</summary>
    public int Version { get; set; }

    /// <summary>Secret of one-time passwords, encrypted.</summary>
    public string? AuthenticatorKey { get; set; }

    public bool TwoFactor { get; set; }

    /// <summary>SHA-256 of the recovery codes that are left.</summary>
    public IReadOnlyList<byte[]> RecoveryCodes { get; set; } = [];

    public int FailedCount { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? DisabledAt { get; set; }
}

/// <summary>A passkey of a person.</summary>
/// <param name="CredentialId">As the authenticator made it; 1 to 1,023 bytes.</param>
/// <param name="PersonId">Whose it is.</param>
/// <param name="Name">What they call it.</param>
/// <param name="Data">Public key, counter and the like, as JSON of whoever verifies it.</param>
/// <param name="CreatedAt">When it was added.</param>
public sealed record Passkey(byte[] CredentialId, Guid PersonId, string Name, string Data, DateTimeOffset CreatedAt);

/// <summary>What a person sees of a passkey of theirs.</summary>
public sealed record PasskeyName(byte[] CredentialId, string Name, DateTimeOffset CreatedAt);

/// <summary>What became of a passkey that was to be kept.</summary>
public enum PasskeyResult
{
    /// <summary>It is kept.</summary>
    Kept,

    /// <summary>Its credential is somebody else's.</summary>
    OfAnother,

    /// <summary>The person has as many as they may have.</summary>
    TooMany,
}
