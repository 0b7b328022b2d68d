using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using TrustChain.Core.Epcis;
using TrustChain.Core.Query;

namespace TrustChain.Core.Devices;

/// <summary>
/// Reads the readings of one event. Hot: every telemetry statement passes here, so it walks the bytes once, makes no string of a value, and collects into
/// pooled arrays. The event is valid EPCIS, hence no member is there twice.
/// </summary>
internal ref partial struct TelemetryReader
{
    private const int MaxUnknown = 100;
    private const int MaxJweBytes = 65_536;
    private const double MaxValue = 1e100;
    private const double MaxCounter = (1L << 53) - 1;

    private readonly ReadOnlyMemory<byte> _utf8;
    private readonly string _device;
    private readonly DeviceTemplate _template;
    private readonly TemplateLookup _lookup;
    private readonly int _width;
    private readonly long _latest;
    private readonly bool _isNew;
    private Utf8JsonReader _json;
    private long[] _ticks;
    private double[] _values;
    private List<string>? _unknown;
    private int _count;
    private int _report;

    public TelemetryReader(ReadOnlyMemory<byte> utf8, string device, DeviceTemplate template, DateTimeOffset now, bool isNew)
    {
        _isNew = isNew;
        _utf8 = utf8;
        _device = device;
        _template = template;
        _lookup = template.Lookup;
        _width = template.Measures.Count;
        _latest = Math.Min(now.UtcTicks, DateTime.MaxValue.Ticks - Telemetry.MaxAhead.Ticks) + Telemetry.MaxAhead.Ticks;
        _json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = 1000 });
        _ticks = ArrayPool<long>.Shared.Rent(64);
        _values = ArrayPool<double>.Shared.Rent(64 * _width);
    }

    /// <summary>The first fault met.</summary>
    public TelemetryFault? Fault { get; private set; }

    public readonly void Dispose()
    {
        ArrayPool<long>.Shared.Return(_ticks);
        ArrayPool<double>.Shared.Return(_values);
    }

    /// <summary>The telemetry; null when there is a fault.</summary>
    public Telemetry? Read()
    {
        long eventTicks = 0;
        var (isObject, isObserve, isDevice) = (false, false, false);
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            return Fail(TelemetryRules.WrongEvent, "", "Telemetry is one event.");
        }
        while (Fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("type"u8))
            {
                isObject = Next() == JsonTokenType.String && _json.ValueTextEquals("ObjectEvent"u8);
            }
            else if (_json.ValueTextEquals("action"u8))
            {
                isObserve = Next() == JsonTokenType.String && _json.ValueTextEquals("OBSERVE"u8);
            }
            else if (_json.ValueTextEquals("eventTime"u8))
            {
                Next();
                TryTime(out eventTicks);
            }
            else if (_json.ValueTextEquals("epcList"u8))
            {
                isDevice = ReadDevice();
            }
            else if (_json.ValueTextEquals("sensorElementList"u8))
            {
                ReadElements();
            }
            else if (_json.ValueTextEquals("quantityList"u8))
            {
                ReadQuantities();
            }
            else
            {
                _json.Skip();
            }
        }
        if (Fault is not null)
        {
            return null;
        }
        while (_json.Read())
        {
            // What follows the event is no JSON, and the reader says so.
        }
        if (!isObject || !isObserve)
        {
            return Fail(TelemetryRules.WrongEvent, isObject ? "/action" : "/type", "Telemetry is an ObjectEvent with action OBSERVE.");
        }
        if (!isDevice)
        {
            return Fail(TelemetryRules.WrongDevice, "/epcList", $"\"epcList\" must be exactly the device, {Quote(Encoding.UTF8.GetBytes(_device))}.");
        }
        if (_count == 0)
        {
            return Fail(TelemetryRules.WrongCount, "/sensorElementList", "There is no reading.");
        }
        if (eventTicks != _ticks[_count - 1])
        {
            return Fail(TelemetryRules.EventTimeNotLast, "/eventTime", "\"eventTime\" must be the time of the last reading.");
        }
        return new Telemetry(_utf8, _template, _ticks[.._count], _values[..(_count * _width)], _unknown ?? (IReadOnlyList<string>)[]);
    }

    private bool ReadDevice()
    {
        if (Next() != JsonTokenType.StartArray)
        {
            _json.Skip();
            return false;
        }
        var (count, same) = (0, false);
        while (Next() != JsonTokenType.EndArray)
        {
            same = count++ == 0 && _json.TokenType == JsonTokenType.String
                && (_json.ValueTextEquals(_device) || ItemUris.Canonicalise(_json.GetString()!) == _device); // It is a string.
            _json.Skip();
        }
        return count == 1 && same;
    }

    private void ReadQuantities()
    {
        if (Next() == JsonTokenType.StartArray && Next() != JsonTokenType.EndArray)
        {
            Fail(TelemetryRules.WrongEvent, "/quantityList", "Telemetry has no items but the device.");
        }
    }

    private void ReadElements()
    {
        if (Next() != JsonTokenType.StartArray)
        {
            Fail(TelemetryRules.WrongCount, "/sensorElementList", "There is no reading.");
            return;
        }
        while (Fault is null && Next() == JsonTokenType.StartObject)
        {
            if (_count == Telemetry.MaxReadings)
            {
                Fail(TelemetryRules.WrongCount, "/sensorElementList", $"There are more than {Telemetry.MaxReadings} readings.");
                return;
            }
            Grow();
            ReadElement();
            _count++;
        }
    }

    private void Grow()
    {
        if (_count == _ticks.Length)
        {
            var ticks = ArrayPool<long>.Shared.Rent(_count * 2);
            _ticks.AsSpan(0, _count).CopyTo(ticks);
            ArrayPool<long>.Shared.Return(_ticks);
            _ticks = ticks;
        }
        if ((_count + 1) * _width > _values.Length)
        {
            var values = ArrayPool<double>.Shared.Rent(_values.Length * 2);
            _values.AsSpan(0, _count * _width).CopyTo(values);
            ArrayPool<double>.Shared.Return(_values);
            _values = values;
        }
        Row.Fill(double.NaN);
    }

    private readonly Span<double> Row => _values.AsSpan(_count * _width, _width);

    private void ReadElement()
    {
        var hasTime = false;
        _report = 0;
        while (Fault is null && Next() == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("sensorMetadata"u8))
            {
                hasTime = ReadMetadata();
            }
            else if (_json.ValueTextEquals("sensorReport"u8))
            {
                ReadReports();
            }
            else
            {
                _json.Skip();
            }
        }
        if (Fault is not null)
        {
            return;
        }
        if (!hasTime)
        {
            Fail(TelemetryRules.WrongTime, Element("/sensorMetadata"), "A reading needs a \"time\" in its \"sensorMetadata\", and no other.");
        }
        else if (_report == 0)
        {
            Fail(TelemetryRules.NoReport, Element(""), "A reading needs at least one report.");
        }
        else
        {
            CheckTime();
            CheckPosition();
        }
    }

    private void CheckTime()
    {
        var ticks = _ticks[_count];
        if (ticks > _latest)
        {
            Fail(TelemetryRules.TimeInFuture, Element("/sensorMetadata/time"), "The reading is more than ten minutes after the service's clock.");
        }
        else if (_count > 0 && ticks <= _ticks[_count - 1])
        {
            Fail(TelemetryRules.TimesNotAscending, Element("/sensorMetadata/time"), "The reading is not after the one before.");
        }
        else if (_count > 0 && ticks / TimeSpan.TicksPerDay != _ticks[0] / TimeSpan.TicksPerDay)
        {
            Fail(TelemetryRules.MoreThanOneDay, Element("/sensorMetadata/time"), "The readings are of more than one day (UTC).");
        }
    }

    private void CheckPosition()
    {
        if (Fault is not null || _lookup.Latitude < 0)
        {
            return;
        }
        var latitude = Row[_lookup.Latitude];
        var longitude = Row[_lookup.Longitude];
        if (double.IsNaN(latitude) != double.IsNaN(longitude))
        {
            Fail(TelemetryRules.WrongPosition, Element("/sensorReport"), "A position is a latitude and a longitude.");
        }
        else if (_lookup.HasOpenPosition && (Math.Abs(latitude) > 90 || Math.Abs(longitude) > 180))
        {
            Fail(TelemetryRules.WrongPosition, Element("/sensorReport"), "A latitude is at most 90 degrees, a longitude at most 180.");
        }
    }

    private bool ReadMetadata()
    {
        if (Next() != JsonTokenType.StartObject)
        {
            return false;
        }
        var (hasTime, hasOther) = (false, false);
        while (Next() == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("time"u8))
            {
                Next();
                hasTime = TryTime(out _ticks[_count]);
                _json.Skip();
            }
            else
            {
                hasOther |= _json.ValueTextEquals("startTime"u8) || _json.ValueTextEquals("endTime"u8);
                _json.Skip();
            }
        }
        return hasTime && !hasOther;
    }

    private void ReadReports()
    {
        if (Next() != JsonTokenType.StartArray)
        {
            return;
        }
        var expected = 0;
        while (Fault is null && Next() == JsonTokenType.StartObject)
        {
            expected = ReadReport(expected) + 1;
            _report++;
        }
    }

    private JsonTokenType Next()
    {
        _json.Read();
        return _json.TokenType;
    }

    private readonly bool TryTime(out long ticks)
    {
        ticks = 0;
        if (_json.TokenType != JsonTokenType.String || !EpcisTime.TryParse(_json.ValueSpan, out var time))
        {
            return false;
        }
        ticks = time.UtcTicks;
        return true;
    }

    /// <summary>Texts are made into strings only when somebody asks for them: that they are Unicode is checked here.</summary>
    private void CheckText()
    {
        if (_json.TokenType == JsonTokenType.String && _json.ValueIsEscaped)
        {
            Unescape(); // It throws.
        }
        else if (_json.TokenType == JsonTokenType.String && !Utf8.IsValid(_json.ValueSpan))
        {
            Fail(TelemetryRules.MalformedJson, Report("/stringValue"), "The text is not UTF-8.");
        }
    }

    private readonly ReadOnlySpan<byte> Text() =>
        _json.TokenType != JsonTokenType.String ? default : _json.ValueIsEscaped ? Unescape() : _json.ValueSpan;

    private readonly ReadOnlySpan<byte> Unescape()
    {
        var text = new byte[_json.ValueSpan.Length];
        return text.AsSpan(0, _json.CopyString(text));
    }

    private readonly string Element(string rest) => string.Create(CultureInfo.InvariantCulture, $"/sensorElementList/{_count}{rest}");

    private readonly string Report(string rest) => Element(string.Create(CultureInfo.InvariantCulture, $"/sensorReport/{_report}{rest}"));

    private static string Quote(ReadOnlySpan<byte> text) => $"\"{Encoding.UTF8.GetString(text[..Math.Min(text.Length, 100)])}\"";

    private double Refuse(string code, string rest, string detail)
    {
        Fail(code, Report(rest), detail);
        return double.NaN;
    }

    private Telemetry? Fail(string code, string path, string detail)
    {
        Fault ??= new TelemetryFault(code, path, detail);
        return null;
    }
}
