using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace TrustChain.Cli.Bench;

/// <summary>Which events a run sends.</summary>
internal enum CorpusKind
{
    /// <summary>Object events of three EPCs.</summary>
    Object,

    /// <summary>The same with one sensor element of three reports.</summary>
    Sensor,

    /// <summary>Object events, every tenth with sensor data and every tenth with a quantity of a lot in place of EPCs: for queries.</summary>
    Mixed,
}

/// <summary>
/// The events of a run: 1.0 to 1.3 kB each, three EPCs each, the same bytes for the same seed, items and steps. The first events name every item once
/// and bring it into being; the others observe items at random, or all in turn.
/// </summary>
internal sealed class EventCorpus(CorpusKind kind, int seed, BenchItems items, IReadOnlyList<string> steps, bool everyItemEvenly = false)
{
    /// <summary>EPCs in each event.</summary>
    public const int EpcsPerEvent = 3;

    private const int SensorTurn = 5;
    private const int LotTurn = 9;
    private const int SmallestBytes = 1000;
    private const int LargestBytes = 1300;

    private static readonly DateTimeOffset FirstTime = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Items of an event, by number.</summary>
    public int[] ItemsOf(int number)
    {
        var chosen = new int[EpcsPerEvent];
        var random = RandomOf(number, Purpose.Items);
        var inTurn = everyItemEvenly || Creates(number);
        for (var i = 0; i < chosen.Length; i++)
        {
            do
            {
                chosen[i] = inTurn ? (int)((((long)number * EpcsPerEvent) + i) % items.Count) : random.Next(items.Count);
            }
            while (!inTurn && Array.IndexOf(chosen, chosen[i], 0, i) >= 0);
        }
        return chosen;
    }

    /// <summary>The event's JSON.</summary>
    public byte[] Create(int number)
    {
        var random = RandomOf(number, Purpose.Size);
        var missing = random.Next(SmallestBytes, LargestBytes + 1) - Write(number, "").Length;
        return Write(number, missing <= 0 ? "" : random.GetString("0123456789ABCDEFGHJKMNPQRSTVWXYZ", missing));
    }

    private byte[] Write(int number, string padding)
    {
        var random = RandomOf(number, Purpose.Content);
        var time = TimeOf(number);
        using var output = new MemoryStream(LargestBytes + 64);
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "ObjectEvent");
            json.WriteString("eventID", $"urn:uuid:{Uuid(number)}");
            json.WriteString("eventTime", Time(time));
            json.WriteString("eventTimeZoneOffset", "+08:00");
            WriteItems(json, number);
            json.WriteString("action", Creates(number) ? "ADD" : "OBSERVE");
            json.WriteString("bizStep", Creates(number) ? "commissioning" : steps[random.Next(steps.Count)]);
            json.WriteString("disposition", Creates(number) ? "active" : "in_progress");
            WriteId(json, "readPoint", "https://id.gs1.org/414/9521321000018/254/line-4");
            WriteId(json, "bizLocation", "https://id.gs1.org/414/9521321000018");
            json.WriteStartArray("bizTransactionList");
            WriteTyped(json, "po", "bizTransaction", string.Create(CultureInfo.InvariantCulture, $"https://example.org/orders/{random.Next(1_000_000)}"));
            var production = string.Create(CultureInfo.InvariantCulture, $"https://example.org/production/{random.Next(1_000_000)}-{padding}");
            WriteTyped(json, "prodorder", "bizTransaction", production);
            json.WriteEndArray();
            if (kind == CorpusKind.Sensor || (kind == CorpusKind.Mixed && number % 10 == SensorTurn))
            {
                WriteSensorElement(json, random, time);
            }
            json.WriteEndObject();
        }
        return output.ToArray();
    }

    private void WriteItems(Utf8JsonWriter json, int number)
    {
        if (kind == CorpusKind.Mixed && number % 10 == LotTurn)
        {
            json.WriteStartArray("quantityList");
            json.WriteStartObject();
            json.WriteString("epcClass", items.Lot(LotOf(number)));
            json.WriteNumber("quantity", 1 + (number % 500));
            json.WriteString("uom", "KGM");
            json.WriteEndObject();
            json.WriteEndArray();
            return;
        }
        json.WriteStartArray("epcList");
        foreach (var item in ItemsOf(number))
        {
            json.WriteStringValue(items.Uri(item));
        }
        json.WriteEndArray();
    }

    /// <summary>The lot that a mixed corpus' event speaks of, if it speaks of one: about three events each.</summary>
    public int LotOf(int number) => number / 10 % Math.Max(1, items.Count / 30);

    /// <summary>When an event of the corpus happened.</summary>
    public static DateTimeOffset TimeOf(int number) => FirstTime.AddSeconds(number);

    private static void WriteSensorElement(Utf8JsonWriter json, Random random, DateTimeOffset time)
    {
        json.WriteStartArray("sensorElementList");
        json.WriteStartObject();
        json.WriteStartObject("sensorMetadata");
        json.WriteString("time", Time(time));
        json.WriteString("deviceID", "https://id.gs1.org/8004/9521321-probe-12");
        json.WriteEndObject();
        json.WriteStartArray("sensorReport");
        WriteReport(json, "Temperature", 15 + (random.NextDouble() * 10), "CEL");
        WriteReport(json, "RelativeHumidity", 40 + (random.NextDouble() * 40), "A93");
        WriteReport(json, "Illuminance", random.NextDouble() * 800, "LUX");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteReport(Utf8JsonWriter json, string type, double value, string unit)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteNumber("value", Math.Round(value, 2));
        json.WriteString("uom", unit);
        json.WriteEndObject();
    }

    private static void WriteId(Utf8JsonWriter json, string name, string id)
    {
        json.WriteStartObject(name);
        json.WriteString("id", id);
        json.WriteEndObject();
    }

    private static void WriteTyped(Utf8JsonWriter json, string type, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString(name, value);
        json.WriteEndObject();
    }

    private bool Creates(int number) => (long)number * EpcsPerEvent < items.Count;

    private enum Purpose
    {
        Id,
        Size,
        Items,
        Content,
    }

    /// <summary>Each event has generators of its own, so that any event can be made alone and its parts do not depend on each other.</summary>
    private Random RandomOf(int number, Purpose purpose) => new(BinaryPrimitives.ReadInt32BigEndian(Digest(number, purpose)));

    /// <summary>Distinct for every seed and number, which a generator's output is not.</summary>
    private Guid Uuid(int number) => new(Digest(number, Purpose.Id).AsSpan(0, 16));

    private byte[] Digest(int number, Purpose purpose)
    {
        Span<byte> input = stackalloc byte[12];
        BinaryPrimitives.WriteInt32BigEndian(input, seed);
        BinaryPrimitives.WriteInt32BigEndian(input[4..], number);
        BinaryPrimitives.WriteInt32BigEndian(input[8..], (int)purpose);
        return SHA256.HashData(input);
    }

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
