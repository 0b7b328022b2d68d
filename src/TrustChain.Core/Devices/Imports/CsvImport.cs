using System.Text;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices.Imports;

/// <summary>What came of reading a file for one device.</summary>
/// <param name="Readings">What can be imported; null when the file is refused.</param>
/// <param name="NotMapped">What went nowhere.</param>
/// <param name="Faults">What is wrong with it, at most 20: of a CSV file the reason of the refusal, of a feed the points that were left out.</param>
/// <param name="MoreFaults">How many more.</param>
public sealed record ImportResult(ImportedReadings? Readings, IReadOnlyList<NotMapped> NotMapped, IReadOnlyList<ImportFault> Faults, int MoreFaults = 0);

/// <summary>
/// Reads a CSV file (RFC 4180, UTF-8) whose header row names the columns: <c>time</c> and one for each measure, with its unit in brackets where it is not the template's
/// (<c>operatingHours [HUR]</c>). All or nothing: a value that cannot be taken refuses the file.
/// </summary>
public static class CsvImport
{
    /// <summary>Most rows, the header left out.</summary>
    public const int MaxRows = 200_000;

    private const int MaxFaults = 20;

    private sealed record Column(string Name, int Measure, UnitOfMeasure? Unit);

    /// <summary>Reads a file. Bounded in rows, columns and fields; no input makes it throw.</summary>
    /// <param name="utf8">The file.</param>
    /// <param name="template">The device's template.</param>
    /// <param name="now">The service's clock.</param>
    public static ImportResult Read(ReadOnlySpan<byte> utf8, DeviceTemplate template, DateTimeOffset now)
    {
        var rows = new CsvReader(utf8);
        if (!rows.Read())
        {
            return Refused(rows.Fault ?? new ImportFault(ImportRules.WrongHeader, "line 1", "There is no header row."));
        }
        var notMapped = new List<NotMapped>();
        if (ReadHeader(rows, template, notMapped, out var time) is not { } columns)
        {
            return Refused(new ImportFault(ImportRules.Malformed, "line 1", "The header is no UTF-8."));
        }
        if (FindFault(columns, time) is { } wrong)
        {
            return Refused(wrong);
        }
        var readings = new ImportedReadings(template, now);
        var faults = new List<ImportFault>();
        for (var row = 0; faults.Count < MaxFaults && rows.Read(); row++)
        {
            if (row == MaxRows)
            {
                return Refused(new ImportFault(ImportRules.TooLarge, $"line {rows.Line}", $"There are more than {MaxRows} rows."));
            }
            if (rows.Count != columns.Length)
            {
                faults.Add(new ImportFault(ImportRules.WrongColumns, $"line {rows.Line}", $"The row has {rows.Count} fields, the header {columns.Length}."));
                continue;
            }
            AddRow(rows, columns, time, readings, faults);
        }
        if (rows.Fault is { } end)
        {
            faults.Add(end);
        }
        if (faults.Count == 0)
        {
            var (left, more) = readings.Finish();
            return left.Count > 0 ? new ImportResult(null, notMapped, left, more) : new ImportResult(readings, notMapped, []);
        }
        return new ImportResult(null, notMapped, faults);

        static ImportResult Refused(ImportFault fault) => new(null, [], [fault]);
    }

    private static void AddRow(scoped in CsvReader row, Column[] columns, int time, ImportedReadings readings, List<ImportFault> faults)
    {
        for (var i = 0; i < columns.Length && faults.Count < MaxFaults; i++)
        {
            if (columns[i].Measure >= 0 && row[i].Length > 0 && readings.TryAdd(row[time], columns[i].Measure, row[i], columns[i].Unit) is var (code, detail))
            {
                faults.Add(new ImportFault(code, $"line {row.Line}, {columns[i].Name}", detail));
            }
        }
    }

    private static Column[]? ReadHeader(scoped in CsvReader header, DeviceTemplate template, List<NotMapped> notMapped, out int time)
    {
        time = -1;
        var columns = new Column[header.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            if (!System.Text.Unicode.Utf8.IsValid(header[i]))
            {
                return null;
            }
            var text = Encoding.UTF8.GetString(header[i]).Trim();
            var bracket = text.EndsWith(']') ? text.IndexOf('[', StringComparison.Ordinal) : -1;
            var name = bracket < 0 ? text : text[..bracket].TrimEnd();
            var measure = template.Measures.Index().Where(m => m.Item.Name == name).Select(static m => m.Index).FirstOrDefault(-1);
            if (name == "time" && time < 0)
            {
                time = i;
            }
            else if (measure < 0 || !template.Measures[measure].IsOpen)
            {
                notMapped.Add(new NotMapped(name, measure < 0 ? "no-measure" : "encrypted"));
                measure = -1;
            }
            // Two for a unit that there is not: told after the whole header is read.
            UnitOfMeasure? unit = null;
            columns[i] = bracket >= 0 && measure >= 0 && (template.Measures[measure].Unit is null || !UnitOfMeasure.TryFind(text.AsSpan((bracket + 1)..^1), out unit))
                ? new Column(text, -2, null)
                : new Column(name, name == "time" && i == time ? -1 : measure, unit);
        }
        return columns;
    }

    private static ImportFault? FindFault(Column[] columns, int time)
    {
        if (time < 0)
        {
            return new ImportFault(ImportRules.WrongHeader, "line 1", "The header has no column \"time\". The separator is a comma.");
        }
        if (columns.FirstOrDefault(static c => c.Measure == -2) is { } unknown)
        {
            return new ImportFault(ImportRules.UnknownUnit, $"line 1, {unknown.Name}", "The brackets hold a UN/ECE code of the table, and only numbers have a unit.");
        }
        if (columns.Where(static c => c.Measure >= 0).CountBy(static c => c.Measure).Any(static c => c.Value > 1))
        {
            return new ImportFault(ImportRules.WrongHeader, "line 1", "A measure has two columns.");
        }
        return columns.Any(static c => c.Measure >= 0) ? null : new ImportFault(ImportRules.WrongHeader, "line 1", "No column is an open measure of the device's template.");
    }
}
