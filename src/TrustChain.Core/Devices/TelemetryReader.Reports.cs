using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices;

/// <summary>One report: which measure, which value, and whether it may be.</summary>
internal ref partial struct TelemetryReader
{
    /// <summary>Reads one report; its measure, -1 for one that the template does not have.</summary>
    private int ReadReport(int expected)
    {
        ReadOnlySpan<byte> type = default, component = default, unit = default;
        var (values, value, place, isJwe) = (0, double.NaN, -1L, false);
        var kind = JsonTokenType.None;
        while (Next() == JsonTokenType.PropertyName)
        {
            var name = _json.ValueIsEscaped ? Unescape() : _json.ValueSpan;
            Next();
            switch (name)
            {
                case [(byte)'t', (byte)'y', (byte)'p', (byte)'e']:
                    type = Text();
                    break;
                case [(byte)'u', (byte)'o', (byte)'m']:
                    unit = Text();
                    break;
                case [(byte)'v', (byte)'a', (byte)'l', (byte)'u', (byte)'e']:
                    values++;
                    kind = _json.TokenType == JsonTokenType.Number ? JsonTokenType.Number : JsonTokenType.Null;
                    value = kind == JsonTokenType.Number && _json.TryGetDouble(out var number) ? number + 0.0 : double.NaN; // No negative zero.
                    break;
                default:
                    if (name.SequenceEqual("component"u8))
                    {
                        component = Text();
                    }
                    else if (name.SequenceEqual("booleanValue"u8))
                    {
                        values++;
                        kind = _json.TokenType;
                        value = kind == JsonTokenType.True ? 1 : 0;
                    }
                    else if (name.SequenceEqual("stringValue"u8))
                    {
                        values++;
                        kind = _json.TokenType;
                        place = _json.TokenStartIndex;
                        isJwe = kind == JsonTokenType.String && IsJwe(_json.ValueSpan);
                        CheckText();
                    }
                    else if (IsOtherValue(name))
                    {
                        values += 2;
                    }
                    else if (name.SequenceEqual("time"u8))
                    {
                        Fail(TelemetryRules.WrongTime, Report("/time"), "The time is that of the reading, not of one report.");
                    }
                    break;
            }
            _json.Skip();
        }
        if (Fault is not null)
        {
            return expected;
        }
        if (type.IsEmpty)
        {
            Fail(TelemetryRules.NoReport, Report(""), "A report needs a \"type\".");
            return expected;
        }
        if (values != 1)
        {
            Fail(TelemetryRules.OneValue, Report(""), "A report has exactly one of \"value\", \"booleanValue\" and \"stringValue\", and no value of another form.");
            return expected;
        }
        var measure = _lookup.Find(type, component, expected);
        if (measure < 0)
        {
            TakeUnknown(type, component, kind, value, unit);
        }
        else if (!double.IsNaN(Row[measure]))
        {
            Fail(TelemetryRules.MeasureTwice, Report(""), $"The reading has {_template.Measures[measure].Name} twice.");
        }
        else
        {
            Row[measure] = Judge(measure, kind, value, unit, place, isJwe);
        }
        return measure;
    }

    /// <summary>The value as it is kept, after its rules.</summary>
    private double Judge(int measure, JsonTokenType kind, double value, ReadOnlySpan<byte> unit, long place, bool isJwe)
    {
        var definition = _template.Measures[measure];
        if (!definition.IsOpen)
        {
            return isJwe ? JudgeKey(measure, definition, place) : Refuse(TelemetryRules.NotEncrypted, "", $"{definition.Name} must be a JWE in \"stringValue\".");
        }
        switch (definition.Kind)
        {
            case MeasureKind.State:
                return kind is JsonTokenType.True or JsonTokenType.False ? value : Refuse(TelemetryRules.WrongKind, "", $"{definition.Name} must be a \"booleanValue\".");
            case MeasureKind.Text:
                return kind == JsonTokenType.String ? place : Refuse(TelemetryRules.WrongKind, "", $"{definition.Name} must be a \"stringValue\".");
        }
        if (kind != JsonTokenType.Number)
        {
            return Refuse(TelemetryRules.WrongKind, "", $"{definition.Name} must be a number in \"value\".");
        }
        if (!(Math.Abs(value) <= MaxValue))
        {
            return Refuse(TelemetryRules.NotFinite, "/value", "The number is too large.");
        }
        if (definition.Kind == MeasureKind.Counter && (value is < 0 or > MaxCounter || value > Math.Floor(value)))
        {
            return Refuse(TelemetryRules.WrongCounter, "/value", $"{definition.Name} is a counter: a whole number from 0 to 2^53 - 1.");
        }
        return unit.SequenceEqual(_lookup.UnitCodes[measure]) ? value : Convert(measure, value, unit);
    }

    /// <summary>The place of an encrypted value, unless whoever may have its key may not read what it is.</summary>
    private double JudgeKey(int measure, DeviceMeasure definition, long place)
    {
        var (isPlace, isAboutRider) = (_lookup.Places[measure], definition.About == MeasureSubject.Rider);
        return !_isNew || !(isPlace || isAboutRider) || EncryptedValue.FindGroup(_utf8.Span[((int)place + 1)..]) is not { } group ? place
            : isPlace && group is not (KeyGroup.Position or KeyGroup.Area)
                ? Refuse(TelemetryRules.WrongKeyGroup, "/stringValue", $"{definition.Name} is a place, and is encrypted under a key of the group \"position\" or \"area\", not \"{DayKeyName.Name(group)}\".")
            : isAboutRider && group != KeyGroup.Rider
                ? Refuse(TelemetryRules.WrongKeyGroup, "/stringValue", $"{definition.Name} is about the rider, and is encrypted under a key of the group \"rider\", not \"{DayKeyName.Name(group)}\".")
            : place;
    }

    private double Convert(int measure, double value, ReadOnlySpan<byte> unit)
    {
        var own = _lookup.Units[measure]!; // A number has one.
        if (!UnitOfMeasure.TryFind(unit, out var other))
        {
            return Refuse(TelemetryRules.UnknownUnit, "/uom", unit.IsEmpty ? "A number needs a \"uom\"." : $"The unit {Quote(unit)} is not known.");
        }
        if (other.Quantity != own.Quantity)
        {
            return Refuse(TelemetryRules.WrongQuantity, "/uom", $"{_template.Measures[measure].Name} is measured in {own.Code} or another unit of {own.Quantity}, not in {other.Code}.");
        }
        // Twelve digits, as conversion to the base unit leaves them: one amount is one number from whatever unit.
        var converted = double.Parse(
            ((other.ToBase(value) - own.Offset) / own.Factor).ToString("E11", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Abs(converted) <= MaxValue ? converted + 0.0 : Refuse(TelemetryRules.NotFinite, "/value", "The number is too large.");
    }

    private void TakeUnknown(ReadOnlySpan<byte> type, ReadOnlySpan<byte> component, JsonTokenType kind, double value, ReadOnlySpan<byte> unit)
    {
        if (kind is not (JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False))
        {
            Fail(TelemetryRules.WrongKind, Report(""), "A measure that the template does not name is a \"value\" with \"uom\", or a \"booleanValue\".");
        }
        else if (kind == JsonTokenType.Number && !double.IsFinite(value))
        {
            Fail(TelemetryRules.NotFinite, Report("/value"), "The number is too large.");
        }
        else if (kind == JsonTokenType.Number && unit.IsEmpty)
        {
            Fail(TelemetryRules.UnknownUnit, Report("/uom"), "A number needs a \"uom\".");
        }
        else if (_unknown is not { Count: MaxUnknown })
        {
            var name = component.IsEmpty ? Encoding.UTF8.GetString(type) : $"{Encoding.UTF8.GetString(type)} {Encoding.UTF8.GetString(component)}";
            _unknown ??= [];
            if (!_unknown.Contains(name))
            {
                _unknown.Add(name);
            }
        }
    }

    // minValue, percRank and all the others that are values too, but of no single moment or of no form that is judged.
    private static bool IsOtherValue(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("hexBinaryValue"u8) || name.SequenceEqual("uriValue"u8) || name.SequenceEqual("minValue"u8) || name.SequenceEqual("maxValue"u8)
        || name.SequenceEqual("meanValue"u8) || name.SequenceEqual("sDev"u8) || name.SequenceEqual("percRank"u8) || name.SequenceEqual("percValue"u8);

    /// <summary>Whether a string, as JSON writes it, looks like a JWE: five parts in base64url, or an object.</summary>
    private static bool IsJwe(ReadOnlySpan<byte> text) =>
        text.Length <= MaxJweBytes && (text is [(byte)'{', .., (byte)'}'] || (text.StartsWith("eyJ"u8) && text.Count((byte)'.') == 4 && text.IndexOfAnyExcept(JweCharacters) < 0));

    private static readonly SearchValues<byte> JweCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);
}
