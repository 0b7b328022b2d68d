using System.Buffers.Binary;

namespace TrustChain.Cli.Gateway;

/// <summary>The one property of CONNECT whose absence the codec does not tell from 0.</summary>
internal static class ConnectProperties
{
    private const int Start = 10; // after the protocol's name and version, flags and keep alive (MQTT 5 section 3.1.2)

    /// <summary>Request Problem Information (section 3.1.2.11.7): whether acknowledgements may carry reasons and properties. They may, unless the device says no.</summary>
    /// <param name="connect">Body of a CONNECT that the codec has read.</param>
    public static bool WantsReasons(ReadOnlySpan<byte> connect)
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
        while (part >= 0x80);
        rest = rest[..length];
        while (rest.Length > 0)
        {
            if (rest[0] == 0x17)
            {
                return rest[1] != 0;
            }
            rest = rest[(1 + LengthOf(rest[0], rest[1..]))..];
        }
        return true;
    }

    /// <summary>Length of a property's value (section 2.2.2.2).</summary>
    private static int LengthOf(byte id, ReadOnlySpan<byte> value) => id switch
    {
        0x11 or 0x27 => 4, // session expiry, maximum packet size
        0x21 or 0x22 => 2, // receive maximum, topic alias maximum
        0x19 => 1, // request response information
        0x15 or 0x16 => Text(value), // authentication
        0x26 => Text(value) + Text(value[Text(value)..]), // user property
        _ => value.Length, // there is no other
    };

    private static int Text(ReadOnlySpan<byte> value) => 2 + BinaryPrimitives.ReadUInt16BigEndian(value);
}
