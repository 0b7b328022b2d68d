using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices.Imports;

/// <summary>An event made of imported readings.</summary>
/// <param name="Utf8">One bare ObjectEvent with action OBSERVE in the form of a telemetry statement's payload.</param>
/// <param name="Readings">How many it has, 1 to 1,000.</param>
public sealed record ImportedEvent(byte[] Utf8, int Readings);

/// <summary>
/// Collects the values of one device in any order, and makes events of them: one for each day (UTC) and at most 1,000 readings. The same values give the same
/// events, in whatever order or unit they came. Values are kept in the template's units. Not safe for concurrent use.
/// </summary>
/// <param name="template">The device's template.</param>
/// <param name="now">The service's clock.</param>
public sealed class ImportedReadings(DeviceTemplate template, DateTimeOffset now)
{
    /// <summary>Most values of one device in one import.</summary>
    public const int MaxValues = 2_000_000;

    /// <summary>Longest text of one value, in bytes.</summary>
    public const int MaxValueBytes = 1024;

    // A signed body may have 1 MiB, base64url makes four bytes of three, and the last reading may have 64 long texts.
    private const int MaxEventBytes = 400_000;
    private const double MaxCounter = (1L << 53) - 1;
    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    private static readonly SearchValues<byte> Decimal = SearchValues.Create("0123456789+-.eE"u8);
    private static readonly long Earliest = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private readonly long _latest = now.ToUnixTimeMilliseconds() + (long)Telemetry.MaxAhead.TotalMilliseconds;
    private readonly UnitOfMeasure?[] _units = [.. template.Measures.Select(static m => UnitOfMeasure.TryFind(m.Unit, out var unit) ? unit : null)];
    private readonly List<Entry> _entries = [];
    private readonly List<string> _texts = [];

    /// <summary>Milliseconds since 1970, measure, and value: a number, 1 or 0 for a state, a position in the list of texts for a text.</summary>
    private readonly record struct Entry(long Time, int Measure, double Value);

    /// <summary>Values taken.</summary>
    public int Count => _entries.Count;

    /// <summary>Values that were there twice, the same both times, and are kept once; known after <see cref="Finish"/>.</summary>
    public int Repeated { get; private set; }

    /// <summary>Takes a value.</summary>
    /// <param name="time">RFC 3339 with offset; what is finer than a millisecond is cut off.</param>
    /// <param name="measure">Position in the template, of a measure that is open.</param>
    /// <param name="value">A number in decimal, <c>true</c>, <c>false</c>, <c>1</c> or <c>0</c>, or a text.</param>
    /// <param name="unit">Unit of a number; null for the template's.</param>
    /// <returns>Code and sentence of what is wrong with it; null when it is taken.</returns>
    public (string Code, string Detail)? TryAdd(ReadOnlySpan<byte> time, int measure, ReadOnlySpan<byte> value, UnitOfMeasure? unit)
    {
        if (!EpcisTime.TryParse(time, out var moment) || moment.ToUnixTimeMilliseconds() is var at && at < Earliest)
        {
            return (ImportRules.WrongTime, "The time must be RFC 3339 with an offset, from the year 2000 on.");
        }
        if (at > _latest)
        {
            return (ImportRules.TimeInFuture, "The time is more than ten minutes after the service's clock.");
        }
        if (_entries.Count >= MaxValues || value.Length > MaxValueBytes)
        {
            return (ImportRules.TooLarge, $"There are more than {MaxValues} values, or one is longer than {MaxValueBytes} bytes.");
        }
        var definition = template.Measures[measure];
        if (!definition.IsOpen)
        {
            throw new ArgumentException($"{definition.Name} is encrypted.", nameof(measure));
        }
        double kept;
        switch (definition.Kind)
        {
            case MeasureKind.State:
                if (!TryState(value, out kept))
                {
                    return (ImportRules.WrongKind, $"{definition.Name} is a state: true, false, 1 or 0.");
                }
                break;
            case MeasureKind.Text:
                if (!TryText(value, out var text))
                {
                    return (ImportRules.WrongKind, $"{definition.Name} is a text in UTF-8 without control characters.");
                }
                kept = _texts.Count;
                _texts.Add(text);
                break;
            default:
                if (ReadNumber(definition, value, unit ?? _units[measure]!, _units[measure]!, out kept) is { } fault) // A number has a unit.
                {
                    return fault;
                }
                break;
        }
        _entries.Add(new Entry(at, measure, kept));
        return null;
    }

    /// <summary>Puts the values in order. What was there twice is kept once; of two different values for one moment the first is kept, and a position without its other half goes.</summary>
    /// <returns>What was left out; at most 20, then how many more.</returns>
    public (IReadOnlyList<ImportFault> Faults, int More) Finish()
    {
        var faults = new List<ImportFault>();
        var more = 0;
        var sorted = _entries.Index().OrderBy(static e => e.Item.Time).ThenBy(static e => e.Item.Measure).ThenBy(static e => e.Index).Select(static e => e.Item).ToList();
        _entries.Clear();
        foreach (var entry in sorted)
        {
            if (_entries is [.., var last] && last.Time == entry.Time && last.Measure == entry.Measure)
            {
                if (IsSame(last, entry))
                {
                    Repeated++;
                }
                else
                {
                    Fault(ImportRules.ContradictoryValues, entry, "has two values for this moment");
                }
                continue;
            }
            _entries.Add(entry);
        }
        DropHalfPositions(Fault);
        return (faults, more);

        void Fault(string code, Entry entry, string what)
        {
            if (faults.Count == 20)
            {
                more++;
                return;
            }
            var name = template.Measures[entry.Measure].Name;
            faults.Add(new ImportFault(code, $"{Show(entry.Time)}, {name}", $"{name} {what}."));
        }
    }

    /// <summary>The events, in the order of time; after <see cref="Finish"/>.</summary>
    /// <param name="device">The device's canonical URI.</param>
    public IEnumerable<ImportedEvent> ToEvents(string device)
    {
        var next = 0;
        while (next < _entries.Count)
        {
            yield return WriteEvent(device, ref next);
        }
    }

    private ImportedEvent WriteEvent(string device, ref int next)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var day = _entries[next].Time / 86_400_000;
        var (readings, last) = (0, 0L);
        json.WriteStartObject();
        json.WriteString("@context", Context);
        json.WriteString("type", "ObjectEvent");
        json.WriteString("action", "OBSERVE");
        json.WriteString("eventTimeZoneOffset", "+00:00");
        json.WriteStartArray("epcList");
        json.WriteStringValue(device);
        json.WriteEndArray();
        json.WriteStartArray("sensorElementList");
        while (next < _entries.Count && _entries[next].Time / 86_400_000 == day && readings < Telemetry.MaxReadings && json.BytesCommitted + json.BytesPending < MaxEventBytes)
        {
            last = _entries[next].Time;
            readings++;
            json.WriteStartObject();
            json.WriteStartObject("sensorMetadata");
            json.WriteString("time", Show(last));
            json.WriteEndObject();
            json.WriteStartArray("sensorReport");
            for (; next < _entries.Count && _entries[next].Time == last; next++)
            {
                WriteReport(json, _entries[next]);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("eventTime", Show(last));
        json.WriteEndObject();
        json.Flush();
        return new ImportedEvent(output.WrittenSpan.ToArray(), readings);
    }

    private void WriteReport(Utf8JsonWriter json, Entry entry)
    {
        var measure = template.Measures[entry.Measure];
        json.WriteStartObject();
        json.WriteString("type", measure.Type);
        if (measure.Component is { } component)
        {
            json.WriteString("component", component);
        }
        switch (measure.Kind)
        {
            case MeasureKind.State:
                json.WriteBoolean("booleanValue", entry.Value > 0);
                break;
            case MeasureKind.Text:
                json.WriteString("stringValue", _texts[(int)entry.Value]);
                break;
            case MeasureKind.Counter:
                var (whole, code) = Whole(entry.Value, _units[entry.Measure]!); // A counter has a unit.
                json.WriteNumber("value", (long)whole);
                json.WriteString("uom", code);
                break;
            default:
                json.WriteNumber("value", entry.Value);
                json.WriteString("uom", measure.Unit);
                break;
        }
        json.WriteEndObject();
    }

    private bool IsSame(Entry one, Entry other) =>
        template.Measures[one.Measure].Kind == MeasureKind.Text ? _texts[(int)one.Value] == _texts[(int)other.Value] : one.Value.Equals(other.Value);

    private void DropHalfPositions(Action<string, Entry, string> fault)
    {
        var (latitude, longitude) = (IndexOf(MeasureKind.Latitude), IndexOf(MeasureKind.Longitude));
        if (latitude < 0)
        {
            return;
        }
        var whole = _entries.Where(e => e.Measure == latitude || e.Measure == longitude).CountBy(static e => e.Time).Where(static c => c.Value == 2).Select(static c => c.Key).ToHashSet();
        foreach (var half in _entries.Where(IsHalf))
        {
            fault(ImportRules.WrongPosition, half, "lacks the other half of the position");
        }
        _entries.RemoveAll(IsHalf);

        bool IsHalf(Entry e) => (e.Measure == latitude || e.Measure == longitude) && !whole.Contains(e.Time);

        int IndexOf(MeasureKind kind) => template.Measures.Index().Where(m => m.Item.Kind == kind).Select(static m => m.Index).FirstOrDefault(-1);
    }

    private static (string, string)? ReadNumber(DeviceMeasure measure, ReadOnlySpan<byte> text, UnitOfMeasure unit, UnitOfMeasure own, out double value)
    {
        value = 0;
        if (unit.Quantity != own.Quantity)
        {
            return (ImportRules.WrongQuantity, $"{measure.Name} is measured in {own.Code} or another unit of {own.Quantity}, not in {unit.Code}.");
        }
        // Digits first: the words for what is no number would be read as numbers.
        if (text.Length is 0 or > 64 || text.IndexOfAnyExcept(Decimal) >= 0
            || !double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value))
        {
            return (ImportRules.WrongKind, $"{measure.Name} is a number in decimal.");
        }
        if (unit != own)
        {
            // Twelve digits, as conversion to the base unit leaves them: one amount is one number from whatever unit.
            value = double.Parse(((unit.ToBase(value) - own.Offset) / own.Factor).ToString("E11", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        }
        value += 0.0; // No negative zero.
        if (!double.IsFinite(value))
        {
            return (ImportRules.NotFinite, $"{measure.Name} is too large a number.");
        }
        return measure.Kind switch
        {
            MeasureKind.Counter when value < 0 || Whole(value, own).Value > MaxCounter => (ImportRules.WrongCounter, $"{measure.Name} is a meter: from 0 to 2^53 - 1."),
            MeasureKind.Counter when value > Math.Floor(value) && Finest(own) is null => (ImportRules.WrongCounter, $"{measure.Name} counts in whole numbers."),
            MeasureKind.Latitude when Math.Abs(value) > 90 => (ImportRules.WrongPosition, "A latitude is at most 90 degrees."),
            MeasureKind.Longitude when Math.Abs(value) > 180 => (ImportRules.WrongPosition, "A longitude is at most 180 degrees."),
            _ => null,
        };
    }

    /// <summary>A meter's value in whole numbers: of its own unit, or of a fine one, to which what is finer is rounded.</summary>
    private static (double Value, string Code) Whole(double value, UnitOfMeasure own) =>
        value > Math.Floor(value) && Finest(own) is { } fine && fine.Factor < own.Factor
            ? (Math.Round(own.ToBase(value) / fine.Factor), fine.Code)
            : (Math.Round(value), own.Code);

    private static UnitOfMeasure? Finest(UnitOfMeasure own)
    {
        var code = own.Quantity switch { Quantity.Time => "SEC", Quantity.Length => "MTR", Quantity.Energy => "JOU", Quantity.Volume => "MLT", Quantity.Mass => "GRM", _ => null };
        return UnitOfMeasure.TryFind(code, out var unit) ? unit : null;
    }

    private static bool TryState(ReadOnlySpan<byte> text, out double state)
    {
        state = Ascii.EqualsIgnoreCase(text, "true"u8) || text.SequenceEqual("1"u8) ? 1 : 0;
        return state > 0 || Ascii.EqualsIgnoreCase(text, "false"u8) || text.SequenceEqual("0"u8);
    }

    private static bool TryText(ReadOnlySpan<byte> utf8, out string text)
    {
        text = System.Text.Unicode.Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : "";
        return text.Length > 0 && !text.Any(char.IsControl);
    }

    private static string Show(long milliseconds) => Record.FormatTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
}
