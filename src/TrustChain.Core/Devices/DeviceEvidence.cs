using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.Core.Devices;

/// <summary>First line of the evidence of a device's period (<c>docs/devices.md</c> section 9).</summary>
public sealed record DeviceEvidenceHeader
{
    /// <summary>Value of the member <c>type</c>.</summary>
    public const string Type = "trustchain-device-evidence";

    private static readonly string[] Members = ["at", "device", "expectedFrom", "from", "salt", "template", "type", "until", "v"];

    /// <summary>Version of the rules by which days and verdicts are computed here. Another version makes another summary of the same statements.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Version of the rules by which the summary was made: from 1 on.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The device's canonical URI.</summary>
    public required string Device { get; init; }

    /// <summary>The 32 bytes between URI and pseudonym.</summary>
    public required Hash32 Salt { get; init; }

    /// <summary>The template's file, byte for byte.</summary>
    public required byte[] Template { get; init; }

    /// <summary>First day.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day, included.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>From when on readings are expected; null for always.</summary>
    public DateTimeOffset? ExpectedFrom { get; init; }

    /// <summary>When it was made: nothing is expected after it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The line, without line end.</summary>
    public byte[] ToJson() => DeviceEvidence.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteNumber("v", Version);
        json.WriteString("device", Device);
        json.WriteString("salt", Salt.ToBase64Url());
        json.WriteString("template", Base64UrlText.Encode(Template));
        json.WriteString("from", Format(From));
        json.WriteString("until", Format(Until));
        if (ExpectedFrom is { } from)
        {
            json.WriteString("expectedFrom", Record.FormatTime(from));
        }
        json.WriteString("at", Record.FormatTime(At));
        json.WriteEndObject();
    });

    /// <summary>Reads the line; false also for what is no such evidence at all.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out DeviceEvidenceHeader? header, out string? error)
    {
        header = null;
        error = "The first line is not the header of the evidence of a device.";
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 2 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "type") != Type)
            {
                return false;
            }
            if (root.EnumerateObject().Select(static m => m.Name).FirstOrDefault(static name => !Members.Contains(name)) is { } unknown)
            {
                error = $"The header has an unknown member \"{unknown}\".";
                return false;
            }
            DateTimeOffset expected = default;
            if (!root.TryGetProperty("v", out var v) || v.ValueKind != JsonValueKind.Number || !v.TryGetInt32(out var version) || version < 1
                || Text(root, "device") is not { Length: > 0 and <= TelemetryHeader.MaxDeviceChars } device
                || !Hash32.TryParseBase64Url(Text(root, "salt"), out var salt)
                || !Base64UrlText.TryDecode(Text(root, "template"), out var template)
                || !TryDay(Text(root, "from"), out var from) || !TryDay(Text(root, "until"), out var until) || from > until || until.DayNumber - from.DayNumber >= DeviceEvidence.MaxDays
                || !Record.TryParseTime(Text(root, "at"), out var at)
                || (root.TryGetProperty("expectedFrom", out _) && !Record.TryParseTime(Text(root, "expectedFrom"), out expected)))
            {
                error = "The header lacks a member, or one is malformed.";
                return false;
            }
            header = new DeviceEvidenceHeader
            {
                Version = version,
                Device = device,
                Salt = salt,
                Template = template,
                From = from,
                Until = until,
                ExpectedFrom = root.TryGetProperty("expectedFrom", out _) ? expected : null,
                At = at,
            };
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for what is no text
        {
            return false;
        }
    }

    private static string Format(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static bool TryDay(string? text, out DateOnly day) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}

/// <summary>What the days of a device's evidence amount to. Records are cited by their leaf index.</summary>
/// <param name="Days">The days with statements.</param>
/// <param name="Period">What they say together.</param>
public sealed record DeviceSummary(IReadOnlyList<DeviceDay> Days, DevicePeriod Period)
{
    /// <summary>Value of the member <c>type</c> of the last line.</summary>
    public const string Type = "trustchain-device-summary";

    /// <summary>The last line, without line end: the same bytes for the same statements.</summary>
    public byte[] ToJson() => DeviceEvidence.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteNumber("v", 1);
        json.WriteNumber("expectedReadings", Period.ExpectedReadings);
        json.WriteNumber("coveredReadings", Period.CoveredReadings);
        json.WriteStartArray("verdicts");
        foreach (var verdict in Period.Verdicts)
        {
            json.WriteStartObject();
            json.WriteString("check", verdict.Check);
            json.WriteString("outcome", verdict.Outcome switch { VerdictOutcome.Passed => "passed", VerdictOutcome.Failed => "failed", _ => "could-not-check" });
            json.WriteString("code", verdict.Code);
            json.WriteString("detail", verdict.Detail);
            WriteRecords(json, verdict.Records);
            json.WriteNumber("moreRecords", verdict.MoreRecords);
            json.WriteStartArray("runs");
            foreach (var run in verdict.Runs)
            {
                json.WriteStartObject();
                json.WriteNumber("key", run.KeyNumber);
                json.WriteNumber("first", run.First);
                json.WriteNumber("last", run.Last);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (var finding in Period.Findings)
        {
            json.WriteStartObject();
            json.WriteString("code", finding.Code);
            json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
            json.WriteString("from", Record.FormatTime(finding.From));
            json.WriteString("until", Record.FormatTime(finding.Until));
            json.WriteString("detail", finding.Detail);
            WriteRecords(json, finding.Records);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("days");
        foreach (var day in Days)
        {
            json.WriteRawValue(day.ToJson(), skipInputValidation: true);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteRecords(Utf8JsonWriter json, IReadOnlyList<long> records)
    {
        json.WriteStartArray("records");
        foreach (var record in records)
        {
            json.WriteNumberValue(record);
        }
        json.WriteEndArray();
    }
}

/// <summary>Computes a device's days from the evidence of its statements, as the service did. Signatures and proofs are the bundle verifier's business.</summary>
/// <param name="header">First line of the evidence.</param>
/// <param name="template">The template in it.</param>
public sealed class DeviceEvidence(DeviceEvidenceHeader header, DeviceTemplate template)
{
    /// <summary>Longest period, in days.</summary>
    public const int MaxDays = 366;

    private static readonly EpcisReadOptions Lenient = new() { CheckDigits = CheckDigitPolicy.Warn };

    private readonly List<StatementFacts> _facts = [];
    private readonly Dictionary<long, int> _keyNumbers = [];
    private readonly List<string> _faults = [];

    /// <summary>What does not fit: records that are not the device's, or cannot be read. Such records are left out.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Statements taken so far.</summary>
    public int Count => _facts.Count;

    /// <summary>Takes the statements of a bundle that was verified.</summary>
    public void Add(EvidenceBundle bundle)
    {
        NumberKeys(bundle);
        foreach (var record in bundle.Records)
        {
            if (Read(bundle, record, out var fault) is { } facts)
            {
                _facts.Add(facts);
            }
            else if (_faults.Count < 100)
            {
                _faults.Add(fault);
            }
        }
    }

    /// <summary>Days and verdicts of the period. What lies before it counts as what the device said last, and nothing more.</summary>
    public DeviceSummary Compute() => Compute(template, header, _facts);

    /// <summary>Days and verdicts of a period.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="header">Which device and period.</param>
    /// <param name="facts">The statements of the period, and the last before it where there are any; records by leaf index.</param>
    public static DeviceSummary Compute(DeviceTemplate template, DeviceEvidenceHeader header, IReadOnlyList<StatementFacts> facts)
    {
        var summary = new DeviceSummaryBuilder(template, header);
        foreach (var day in facts.DistinctBy(static f => f.RecordId).GroupBy(static f => f.Summary.Day).OrderBy(static g => g.Key))
        {
            summary.Add(day.Key, [.. day]);
        }
        return summary.Build();
    }

    /// <summary>Writes one line of JSON.</summary>
    internal static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The device's keys in the order of the entries that admit them.</summary>
    private void NumberKeys(EvidenceBundle bundle)
    {
        var pseudonym = DeviceAct.ComputePseudonym(header.Salt.ToArray(), header.Device);
        _keyNumbers.Clear();
        foreach (var status in bundle.Status.Where(static s => s.Kind == EntryKind.Device).OrderBy(static s => s.Index))
        {
            using var document = JsonDocument.Parse(status.Body);
            if (PublicEntry.TryParse(document.RootElement, out var entry) && TryRead(entry.PayloadJcs, out var act) && act.Device == pseudonym && act.AdmitsKey)
            {
                _keyNumbers.TryAdd(status.Index, _keyNumbers.Count);
            }
        }
    }

    private StatementFacts? Read(EvidenceBundle bundle, BundleRecord bundled, out string fault)
    {
        fault = $"Record {bundled.Index} is not a telemetry statement of the device.";
        using var document = JsonDocument.Parse(bundled.Record);
        if (!Record.TryParse(document.RootElement, out var record) || bundled.Statement is not { } place || place >= bundle.Statements.Count
            || !Statement.TryParse(bundle.Statements[place], out var statement, out _)
            || NumberingOf(statement, record, bundled.Index) is not var (keyNumber, numbering))
        {
            return null;
        }
        var read = EpcisReader.Read(statement.Message.Payload, Lenient);
        if (!read.IsValid || !Telemetry.TryRead(statement.Message.Payload, header.Device, template, record.ReceivedAt, out var telemetry, out var wrong))
        {
            fault = $"The readings of record {bundled.Index} break a rule of the template.";
            return null;
        }
        return new StatementFacts(
            bundled.Index,
            keyNumber,
            numbering.Sequence,
            statement.Digest,
            numbering.Previous,
            numbering.Boot,
            numbering.Clock,
            record.ReceivedAt,
            record.Custody == Custody.Imported,
            TelemetrySummary.Of(telemetry, template))
        {
            Twin = statement.Form == StatementForm.Telemetry ? statement.Message.ComputeTwinDigest() : null,
        };
    }

    /// <summary>Number of the key and numbering. An imported statement has neither: it is not the device's, and what it is about stands in its event.</summary>
    private (int KeyNumber, TelemetryHeader Header)? NumberingOf(Statement statement, Record record, long index) =>
        record.Custody == Custody.Imported
            ? statement.Form == StatementForm.Document ? (StatementFacts.ImportedKey, StatementFacts.ImportedHeader(header.Device, index, record.ReceivedAt)) : null
            : statement.Telemetry is { } numbering && numbering.Device == header.Device && _keyNumbers.TryGetValue(record.KeyEntry, out var keyNumber) ? (keyNumber, numbering) : null;

    private static bool TryRead(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out DeviceAct? act)
    {
        using var document = JsonDocument.Parse(utf8);
        return DeviceAct.TryParse(document.RootElement, out act);
    }
}
