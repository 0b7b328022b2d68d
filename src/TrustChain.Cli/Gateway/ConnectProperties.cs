using System.Buffers.Binary;

namespace TrustChain.Cli.Gateway;

/// <summary>Properties of CONNECT whose absence the codec does not tell from 0 (MQTT 5 section 3.1.2.11).</summary>
/// <param name="WantsReasons">Request Problem Information: whether acknowledgements may carry reasons and properties. They may, unless the device says no.</param>
/// <param name="MaximumPacketSize">Longest packet that the device takes; null where it does not say.</param>
internal readonly record struct ConnectProperties(bool WantsReasons, uint? MaximumPacketSize)
{
    private const int Start = 10; // after the protocol's name and version, flags and keep alive (section 3.1.2)

    /// <summary>Reads them.</summary>
    /// <param name="connect">Body of a CONNECT.</param>
    /// <exception cref="ArgumentOutOfRangeException">It ends early.</exception>
    /// <exception cref="IndexOutOfRangeException">It ends early.</exception>
    public static ConnectProperties Read(ReadOnlySpan<byte> connect)
    {
        var rest = connect[Start..];
        var (length, shift) = (0, 0);
        byte part;
        do
        {
            part = rest[0];
            length |= (part & 0x7F) << shift;
            shift += 7;
            rest = rest[1..];
        }
        while (part >= 0x80 && shift < 28);
        rest = rest[..length];
        var found = new ConnectProperties(true, null);
        while (rest.Length > 0)
        {
            var value = rest[1..];
            found = rest[0] switch
            {
                0x17 => found with { WantsReasons = value[0] != 0 },
                0x27 => found with { MaximumPacketSize = BinaryPrimitives.ReadUInt32BigEndian(value) },
                _ => found,
            };
            rest = value[LengthOf(rest[0], value)..];
        }
        return found;
    }

    /// <summary>Length of a property's value (section 2.2.2.2).</summary>
    private static int LengthOf(byte id, ReadOnlySpan<byte> value) => id switch
    {
        0x11 or 0x27 => 4, // session expiry, maximum packet size
        0x21 or 0x22 => 2, // receive maximum, topic alias maximum
        0x17 or 0x19 => 1, // request problem and response information
        0x15 or 0x16 => Text(value), // authentication
        0x26 => Text(value) + Text(value[Text(value)..]), // user property
        _ => value.Length, // there is no other
    };

    private static int Text(ReadOnlySpan<byte> value) => 2 + BinaryPrimitives.ReadUInt16BigEndian(value);
}
