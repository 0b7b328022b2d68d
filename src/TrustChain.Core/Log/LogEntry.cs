namespace TrustChain.Core.Log;

/// <summary>What an entry of the log is about: its second byte. Numbers are part of the format and never reused.</summary>
public enum EntryKind : byte
{
    /// <summary>A record of an event: a salted digest.</summary>
    Event = 0x01,

    /// <summary>A key registered, rotated, revoked or recovered: JCS in the clear.</summary>
    Key = 0x02,

    /// <summary>A certificate issued or revoked.</summary>
    Certificate = 0x03,

    /// <summary>A recall set or lifted.</summary>
    Recall = 0x04,

    /// <summary>Consent given or withdrawn.</summary>
    Grant = 0x05,

    /// <summary>A read under a grant.</summary>
    Access = 0x06,

    /// <summary>A lien or pledge set or released.</summary>
    Encumbrance = 0x07,

    /// <summary>Content erased.</summary>
    Erasure = 0x08,

    /// <summary>An act of the operator.</summary>
    OperatorAct = 0x09,

    /// <summary>A step in the life of a device's keys and ownership.</summary>
    Device = 0x0A,
}

/// <summary>Builds entries: <c>0x01 || kind || body</c>. The first byte is the version of the layout.</summary>
public static class LogEntry
{
    /// <summary>Version of the entry layout.</summary>
    public const byte Version = 0x01;

    /// <summary>Length of the salt that hides an event's record, in bytes.</summary>
    public const int SaltSize = 32;

    /// <summary>Longest body, in bytes: an entry bundle gives the entry's length in 16 bits.</summary>
    public const int MaxBody = ushort.MaxValue - 2;

    /// <summary>Entry of an event: the body is SHA-256(salt || JCS of the record).</summary>
    /// <param name="salt">32 random bytes.</param>
    /// <param name="recordJcs">The record in canonical JSON.</param>
    public static byte[] ForEvent(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> recordJcs) => ForSalted(EntryKind.Event, salt, recordJcs);

    /// <summary>Entry that hides what it is about: the body is SHA-256(salt || JCS).</summary>
    /// <param name="kind">Which kind.</param>
    /// <param name="salt">32 random bytes.</param>
    /// <param name="jcs">Canonical JSON.</param>
    public static byte[] ForSalted(EntryKind kind, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> jcs)
    {
        if (salt.Length != SaltSize)
        {
            throw new ArgumentException($"A salt has {SaltSize} bytes.", nameof(salt));
        }
        Span<byte> input = jcs.Length <= 1024 ? stackalloc byte[SaltSize + jcs.Length] : new byte[SaltSize + jcs.Length];
        salt.CopyTo(input);
        jcs.CopyTo(input[SaltSize..]);
        var entry = new byte[2 + Hash32.Size];
        (entry[0], entry[1]) = (Version, (byte)kind);
        Hash32.Compute(input).CopyTo(entry.AsSpan(2));
        return entry;
    }

    /// <summary>Entry whose body is canonical JSON in the clear.</summary>
    /// <exception cref="ArgumentException">The body is too long.</exception>
    public static byte[] ForPublic(EntryKind kind, ReadOnlySpan<byte> jcs)
    {
        if (jcs.Length > MaxBody)
        {
            throw new ArgumentException($"An entry's body has at most {MaxBody} bytes.", nameof(jcs));
        }
        return [Version, (byte)kind, .. jcs];
    }
}
