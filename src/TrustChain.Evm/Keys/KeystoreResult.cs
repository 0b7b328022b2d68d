using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Evm.Keys;

/// <summary>What opening a key file gave: the key, or why there is none.</summary>
public sealed record KeystoreResult
{
    private KeystoreResult(Secp256k1Key? key, KeystoreFailure? failure, string? detail) => (Key, Failure, Detail) = (key, failure, detail);

    /// <summary>True when the file was opened.</summary>
    [MemberNotNullWhen(true, nameof(Key))]
    [MemberNotNullWhen(false, nameof(Failure), nameof(Detail))]
    public bool Succeeded => Key is not null;

    /// <summary>The key in the file.</summary>
    public Secp256k1Key? Key { get; }

    /// <summary>The kind of failure.</summary>
    public KeystoreFailure? Failure { get; }

    /// <summary>The failure in words an operator can act on; holds nothing secret.</summary>
    public string? Detail { get; }

    internal static KeystoreResult Opened(Secp256k1Key key) => new(key, null, null);

    internal static KeystoreResult WrongPassPhrase() =>
        new(null, KeystoreFailure.WrongPassPhrase, "The pass phrase does not open this key file, or the file was changed.");

    internal static KeystoreResult Malformed(string detail) => new(null, KeystoreFailure.Malformed, detail);
}

/// <summary>Why a key file was not opened.</summary>
public enum KeystoreFailure
{
    /// <summary>The message authentication code differs: another pass phrase, or changed bytes.</summary>
    WrongPassPhrase,

    /// <summary>Not a version 3 key file, or one whose parameters are not accepted.</summary>
    Malformed,
}
