using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TrustChain.DeviceClient;

/// <summary>
/// The second encoding of docs/devices.md, for devices that have no room for JSON: the same event in CBOR (RFC 8949), signed as a COSE_Sign1 (RFC 9052). Safe for concurrent use.
/// </summary>
public static class TelemetryCbor
{
    /// <summary>The event of <see cref="TelemetryFormat.WriteEvent"/> in CBOR.</summary>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="measurements">At least one, ascending in time, of one day in UTC. A number with more digits than a double holds is rounded to one.</param>
    /// <param name="encrypt">As there.</param>
    public static byte[] WriteEvent(string device, IReadOnlyList<Measurement> measurements, Func<Measurement, string?>? encrypt = null)
    {
        var cbor = new Output();
        cbor.Map(7);
        cbor.Text("@context").Text("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld");
        cbor.Text("type").Text("ObjectEvent");
        cbor.Text("action").Text("OBSERVE");
        cbor.Text("eventTime").Text(TelemetryFormat.Time(measurements[^1].Time));
        cbor.Text("eventTimeZoneOffset").Text("+00:00");
        cbor.Text("epcList").Array(1).Text(device);
        var readings = measurements.GroupBy(static m => TelemetryFormat.Time(m.Time)).ToList();
        cbor.Text("sensorElementList").Array(readings.Count);
        foreach (var reading in readings)
        {
            cbor.Map(2).Text("sensorMetadata").Map(1).Text("time").Text(reading.Key);
            cbor.Text("sensorReport").Array(reading.Count());
            foreach (var measurement in reading)
            {
                WriteReport(cbor, measurement, encrypt?.Invoke(measurement));
            }
        }
        return cbor.ToArray();
    }

    /// <summary>The statement of <see cref="TelemetryFormat.Sign"/> as a COSE_Sign1, over what <see cref="WriteEvent"/> wrote.</summary>
    public static byte[] Sign(IDeviceKey key, string origin, string device, long sequence, byte[]? previous, long boot, DateTimeOffset clock, byte[] payload)
    {
        var header = new Output();
        header.Map(previous is null ? 8 : 9);
        header.Integer(1).Integer(-7); // alg: ES256
        header.Integer(4).Bytes(SHA256.HashData(Encoding.ASCII.GetBytes(TelemetryFormat.RequiredMembers(key.PublicJwk)))); // kid
        header.Integer(16).Text("application/vnd.trustchain.telemetry+cose"); // typ
        header.Text("aud").Text(origin);
        header.Text("boot").Integer(boot);
        header.Text("clock").Text(TelemetryFormat.Time(clock));
        header.Text("device").Text(device);
        if (previous is not null)
        {
            header.Text("prev").Bytes(previous);
        }
        header.Text("seq").Integer(sequence);
        var head = header.ToArray();
        var signed = new Output().Array(4).Text("Signature1").Bytes(head).Bytes([]).Bytes(payload).ToArray();
        return new Output().Tag(18).Array(4).Bytes(head).Map(0).Bytes(payload).Bytes(key.Sign(signed)).ToArray();
    }

    /// <summary>SHA-256 of a statement: what the next one names as the one before it.</summary>
    public static byte[] Digest(byte[] statement) => SHA256.HashData(statement);

    private static void WriteReport(Output cbor, Measurement measurement, string? encrypted)
    {
        var (_, type, component, member, value, unit) = measurement;
        unit = encrypted is null ? unit : null;
        cbor.Map(2 + (component is null ? 0 : 1) + (unit is null ? 0 : 1)).Text("type").Text(type);
        if (component is not null)
        {
            cbor.Text("component").Text(component);
        }
        cbor.Text(encrypted is null ? member : "stringValue");
        if (encrypted is not null || member == "stringValue")
        {
            cbor.Text(encrypted ?? value);
        }
        else if (member == "booleanValue")
        {
            cbor.Flag(value == "true");
        }
        else
        {
            cbor.Number(decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture));
        }
        if (unit is not null)
        {
            cbor.Text("uom").Text(unit);
        }
    }

    /// <summary>Writes CBOR with definite lengths and the shortest form of everything.</summary>
    private sealed class Output
    {
        private readonly List<byte> _bytes = [];

        public Output Map(int pairs) => Head(5, (ulong)pairs);

        public Output Array(int items) => Head(4, (ulong)items);

        public Output Tag(int tag) => Head(6, (ulong)tag);

        public Output Integer(long value) => value < 0 ? Head(1, (ulong)(-1 - value)) : Head(0, (ulong)value);

        public Output Bytes(byte[] bytes) => Head(2, (ulong)bytes.Length).Raw(bytes);

        public Output Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            return Head(3, (ulong)bytes.Length).Raw(bytes);
        }

        public Output Flag(bool value) => Raw([(byte)(value ? 0xF5 : 0xF4)]);

        /// <summary>A whole number as an integer, another as the shortest float that says the same as a double.</summary>
        public Output Number(decimal value)
        {
            if (decimal.IsInteger(value) && value is >= long.MinValue and <= long.MaxValue)
            {
                return Integer((long)value);
            }
            // By its text: the cast from decimal to double is not always to the nearest one.
            var number = double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            var bytes = new byte[9];
            if ((double)(Half)number == number)
            {
                bytes[0] = 0xF9;
                BinaryPrimitives.WriteHalfBigEndian(bytes.AsSpan(1), (Half)number);
                return Raw(bytes[..3]);
            }
            if ((float)number == number)
            {
                bytes[0] = 0xFA;
                BinaryPrimitives.WriteSingleBigEndian(bytes.AsSpan(1), (float)number);
                return Raw(bytes[..5]);
            }
            bytes[0] = 0xFB;
            BinaryPrimitives.WriteDoubleBigEndian(bytes.AsSpan(1), number);
            return Raw(bytes);
        }

        public byte[] ToArray() => [.. _bytes];

        private Output Head(int type, ulong argument)
        {
            var bytes = new byte[9];
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(1), argument);
            var (low, length) = argument switch { < 24 => ((int)argument, 0), <= byte.MaxValue => (24, 1), <= ushort.MaxValue => (25, 2), <= uint.MaxValue => (26, 4), _ => (27, 8) };
            return Raw([(byte)((type << 5) | low), .. bytes[(9 - length)..]]);
        }

        private Output Raw(byte[] bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }
    }
}
