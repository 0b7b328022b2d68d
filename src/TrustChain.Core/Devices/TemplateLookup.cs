using System.Text;
using TrustChain.Core.Epcis;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices;

/// <summary>What reading and judging look up in a template. Indexes are positions in its list of measures, -1 for none. Read-only.</summary>
internal sealed class TemplateLookup
{
    private readonly Form[] _forms;

    public TemplateLookup(DeviceTemplate template)
    {
        var measures = template.Measures;
        Units = [.. measures.Select(static m => m.Unit is { } code && UnitOfMeasure.TryFind(code, out var unit) ? unit : null)];
        UnitCodes = [.. measures.Select(static m => Encoding.UTF8.GetBytes(m.Unit ?? ""))];
        Places = [.. measures.Select(static m => m.IsPlace)];
        _forms = [.. measures.Select(static (m, index) => new Form(index, Both(Vocabulary.Measurement, m.Type), m.Component is null ? [] : Both(Vocabulary.Component, m.Component)))];
        OperatingHours = Open(MeasureRole.OperatingHours);
        Energy = Open(MeasureRole.Energy);
        Distance = Open(MeasureRole.Distance);
        Cycles = Open(MeasureRole.Cycles);
        StateOfHealth = Open(MeasureRole.StateOfHealth);
        BatteryLevel = Open(MeasureRole.BatteryLevel);
        Running = Open(MeasureRole.Running);
        Alarm = Open(MeasureRole.Alarm);
        Fault = Open(MeasureRole.Fault);
        Latitude = Kind(MeasureKind.Latitude);
        Longitude = Kind(MeasureKind.Longitude);
        HasOpenPosition = Latitude >= 0 && Longitude >= 0 && measures[Latitude].IsOpen && measures[Longitude].IsOpen;

        int Open(MeasureRole role) => template.IndexOf(role) is >= 0 and var index && measures[index].IsOpen ? index : -1;

        int Kind(MeasureKind kind) => measures.Index().Where(m => m.Item.Kind == kind).Select(static m => m.Index).DefaultIfEmpty(-1).First();
    }

    /// <summary>Unit of each measure; null for states and texts.</summary>
    public UnitOfMeasure?[] Units { get; }

    /// <summary>Its code in UTF-8; empty for states and texts.</summary>
    public byte[][] UnitCodes { get; }

    /// <summary>Which measures are places.</summary>
    public bool[] Places { get; }

    // Open measures of a role only: what is encrypted is never judged.
    public int OperatingHours { get; }

    public int Energy { get; }

    public int Distance { get; }

    public int Cycles { get; }

    public int StateOfHealth { get; }

    public int BatteryLevel { get; }

    public int Running { get; }

    public int Alarm { get; }

    public int Fault { get; }

    // Also when they are encrypted.
    public int Latitude { get; }

    public int Longitude { get; }

    public bool HasOpenPosition { get; }

    /// <summary>Whether the running of the machine can be told.</summary>
    public bool KnowsRunning => Running >= 0 || OperatingHours >= 0;

    /// <summary>Measure of a report. Readings repeat their measures in one order, so the search starts where the last one is expected to have a successor.</summary>
    /// <param name="type">As the report writes it.</param>
    /// <param name="component">The same; empty where it has none.</param>
    /// <param name="expected">Where to look first.</param>
    public int Find(ReadOnlySpan<byte> type, ReadOnlySpan<byte> component, int expected)
    {
        for (var i = 0; i < _forms.Length; i++)
        {
            ref readonly var form = ref _forms[(expected + i) % _forms.Length];
            if (Matches(form.Types, type) && (component.IsEmpty ? form.Components.Length == 0 : Matches(form.Components, component)))
            {
                return form.Index;
            }
        }
        return -1;
    }

    /// <summary>How a report of a measure may write its type and component.</summary>
    public IEnumerable<(string Type, string? Component)> Spellings(int measure)
    {
        var form = _forms[measure];
        foreach (var type in form.Types)
        {
            foreach (var component in form.Components.DefaultIfEmpty())
            {
                yield return (Encoding.UTF8.GetString(type), component is null ? null : Encoding.UTF8.GetString(component));
            }
        }
    }

    /// <summary>The URI of a word of a vocabulary, and of any other text the text.</summary>
    public static string LongForm(Vocabulary vocabulary, string text) => vocabulary.FindUri(Encoding.UTF8.GetBytes(text)) ?? text;

    private static byte[][] Both(Vocabulary vocabulary, string text)
    {
        var uri = LongForm(vocabulary, text);
        var word = vocabulary.Words.FirstOrDefault(w => vocabulary.FindUri(Encoding.UTF8.GetBytes(w)) == uri);
        return word is null ? [Encoding.UTF8.GetBytes(uri)] : [Encoding.UTF8.GetBytes(word), Encoding.UTF8.GetBytes(uri)];
    }

    private static bool Matches(byte[][] forms, ReadOnlySpan<byte> text)
    {
        foreach (var form in forms)
        {
            if (text.SequenceEqual(form))
            {
                return true;
            }
        }
        return false;
    }

    private readonly record struct Form(int Index, byte[][] Types, byte[][] Components);
}
