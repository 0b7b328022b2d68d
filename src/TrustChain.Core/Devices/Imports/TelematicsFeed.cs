namespace TrustChain.Core.Devices.Imports;

/// <summary>One value or set of values of a machine at one moment, as a feed of ISO 15143-3 writes it.</summary>
/// <param name="Name">The element: <c>CumulativeOperatingHours</c>.</param>
/// <param name="Time">Its <c>datetime</c>, as written; null where it has none.</param>
/// <param name="Members">Its other members as text, by name without regard to case.</param>
public sealed record TelematicsPoint(string Name, string? Time, IReadOnlyDictionary<string, string> Members);

/// <summary>A machine in a feed.</summary>
public sealed record TelematicsEquipment
{
    /// <summary>The fleet owner's name for it.</summary>
    public string? EquipmentId { get; init; }

    /// <summary>The maker's serial number.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>Product identification number.</summary>
    public string? Pin { get; init; }

    /// <summary>What it said, in the order of the feed.</summary>
    public required IReadOnlyList<TelematicsPoint> Points { get; init; }

    /// <summary>The names it may be found by; none in a time series, which does not say whose it is.</summary>
    public IEnumerable<string> Names => new[] { EquipmentId, SerialNumber, Pin }.Where(static n => !string.IsNullOrWhiteSpace(n)).Select(static n => n!.Trim());
}

/// <summary>
/// Reads feeds of telematics after ISO 15143-3 (AEMP 2.0): the snapshot of a fleet or one machine, and time series of one kind of point, as XML or JSON. Forward only, with
/// bounds on depth, elements and text; no input makes it throw. Casing of names varies between providers and is not looked at.
/// </summary>
public static class TelematicsFeed
{
    /// <summary>Most machines.</summary>
    public const int MaxEquipment = 10_000;

    /// <summary>Most points in all.</summary>
    public const int MaxPoints = 200_000;

    /// <summary>Most members of one point.</summary>
    public const int MaxMembers = 16;

    /// <summary>Longest name or text, in characters.</summary>
    public const int MaxText = 1024;

    /// <summary>Deepest level.</summary>
    public const int MaxDepth = 16;

    /// <summary>Reads XML. Document type declarations are refused.</summary>
    /// <returns>The machines, or what is wrong.</returns>
    public static (IReadOnlyList<TelematicsEquipment> Equipment, ImportFault? Fault) ReadXml(ReadOnlyMemory<byte> utf8) => new TelematicsXmlReader(utf8).Read();

    /// <summary>Reads JSON.</summary>
    /// <returns>The machines, or what is wrong.</returns>
    public static (IReadOnlyList<TelematicsEquipment> Equipment, ImportFault? Fault) ReadJson(ReadOnlyMemory<byte> utf8) => new TelematicsJsonReader(utf8).Read();
}

/// <summary>What both readers fill: machines with their points, within the bounds.</summary>
internal sealed class TelematicsBuilder
{
    private readonly List<TelematicsEquipment> _equipment = [];
    private List<TelematicsPoint> _points = [];
    private Dictionary<string, string>? _header;
    private int _count;

    public IReadOnlyList<TelematicsEquipment> Equipment => _equipment;

    /// <summary>Begins a machine, after that before it.</summary>
    public void EndEquipment()
    {
        if (_header is null && _points.Count == 0)
        {
            return;
        }
        if (_equipment.Count == TelematicsFeed.MaxEquipment)
        {
            throw new FeedException(ImportRules.TooLarge, $"There are more than {TelematicsFeed.MaxEquipment} machines.");
        }
        _equipment.Add(new TelematicsEquipment
        {
            EquipmentId = _header?.GetValueOrDefault("EquipmentID"),
            SerialNumber = _header?.GetValueOrDefault("SerialNumber"),
            Pin = _header?.GetValueOrDefault("PIN") ?? _header?.GetValueOrDefault("VIN"),
            Points = _points,
        });
        (_points, _header) = ([], null);
    }

    public void Add(string name, Dictionary<string, string> members)
    {
        if (name.Equals("EquipmentHeader", StringComparison.OrdinalIgnoreCase))
        {
            _header = _header is null ? members : throw new FeedException(ImportRules.WrongFeed, "A machine has two headers.");
            return;
        }
        if (++_count > TelematicsFeed.MaxPoints)
        {
            throw new FeedException(ImportRules.TooLarge, $"There are more than {TelematicsFeed.MaxPoints} points.");
        }
        members.Remove("datetime", out var time);
        _points.Add(new TelematicsPoint(name, time, members));
    }

    public static Dictionary<string, string> NewMembers() => new(StringComparer.OrdinalIgnoreCase);

    public static void AddMember(Dictionary<string, string> members, string name, string text)
    {
        if (name.Length > TelematicsFeed.MaxText || text.Length > TelematicsFeed.MaxText || members.Count == TelematicsFeed.MaxMembers)
        {
            throw new FeedException(ImportRules.TooLarge, $"A point has more than {TelematicsFeed.MaxMembers} members, or one of more than {TelematicsFeed.MaxText} characters.");
        }
        if (!members.TryAdd(name, text))
        {
            throw new FeedException(ImportRules.WrongFeed, "A point has a member twice.");
        }
    }

    /// <summary>Whether an element is about the feed and not about a machine.</summary>
    public static bool IsAboutFeed(string name) =>
        name.Equals("Links", StringComparison.OrdinalIgnoreCase) || name.Equals("version", StringComparison.OrdinalIgnoreCase) || name.Equals("snapshotTime", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Ends the reading of a feed from within.</summary>
internal sealed class FeedException(string code, string detail) : Exception(detail)
{
    public string Code => code;
}
