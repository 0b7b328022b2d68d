using System.Buffers.Binary;
using System.Text;

namespace TrustChain.Cli.Gateway;

/// <summary>The CONNACK that lets a device in, byte by byte (MQTT 5 section 3.2): the codec leaves out a property that is 0, and a device that asked for a session has to be told that it has none.</summary>
internal static class ConnectAnswer
{
    /// <summary>Writes it.</summary>
    /// <param name="keepAlive">Seconds between two packets.</param>
    /// <param name="assigned">Name given to a device that came without; null for one that has a name.</param>
    public static byte[] Write(ushort keepAlive, string? assigned)
    {
        List<byte> properties =
        [
            0x11, 0, 0, 0, 0, // Session Expiry Interval: it ends with the connection
            0x21, 0, MqttSession.ReceiveMaximum,
            0x24, 1, // Maximum QoS
            0x25, 0, // Retain Available
            0x27, .. BigEndian(MqttPackets.MaxBytes), // Maximum Packet Size
            0x22, 0, 0, // Topic Alias Maximum
            0x28, 0, // Wildcard Subscription Available
            0x29, 0, // Subscription Identifiers Available
            0x2A, 0, // Shared Subscription Available
            0x13, (byte)(keepAlive >> 8), (byte)keepAlive, // Server Keep Alive
        ];
        if (assigned is not null)
        {
            properties.AddRange([0x12, 0, (byte)assigned.Length, .. Encoding.ASCII.GetBytes(assigned)]);
        }
        return [0x20, (byte)(properties.Count + 3), 0, 0, (byte)properties.Count, .. properties]; // All of it is shorter than 128 bytes.
    }

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
