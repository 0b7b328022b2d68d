using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>Where extension fields are looked for.</summary>
public enum FieldScope
{
    /// <summary>Members of the event itself.</summary>
    Event,

    /// <summary>Members of <c>ilmd</c>.</summary>
    Ilmd,

    /// <summary>Members of <c>errorDeclaration</c>.</summary>
    ErrorDeclaration,

    /// <summary>Members of the entries of <c>sensorElementList</c>.</summary>
    SensorElement,

    /// <summary>Members of <c>sensorMetadata</c>.</summary>
    SensorMetadata,

    /// <summary>Members of sensor reports.</summary>
    SensorReport,

    /// <summary>Members of <c>readPoint</c>.</summary>
    ReadPoint,

    /// <summary>Members of <c>bizLocation</c>.</summary>
    BizLocation,
}

/// <summary>What is asked of an extension field.</summary>
public abstract record FieldTest
{
    private FieldTest()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Exists : FieldTest;

    /// <summary>It is a text (or other scalar) equal to one of these; numbers are equal as numbers.</summary>
    public sealed record OneOf(IReadOnlyList<string> Values) : FieldTest;

    /// <summary>It is one of these URIs, which are in canonical form.</summary>
    public sealed record OneOfUris(IReadOnlyList<string> Uris) : FieldTest;

    /// <summary>It is a number that compares with this one.</summary>
    public sealed record Number(Comparison Comparison, double Value) : FieldTest;

    /// <summary>It is a time that compares with this one.</summary>
    public sealed record Time(Comparison Comparison, DateTimeOffset Instant) : FieldTest;
}

/// <summary>
/// A test of an extension field by its fully qualified name: at the top of its scope, or (INNER) anywhere below. An array is each of its items.
/// </summary>
/// <param name="Parameter">The parameter it came from.</param>
/// <param name="Scope">Where to look.</param>
/// <param name="Inner">Below the top level instead of at it.</param>
/// <param name="Names">The expanded names that count as this field.</param>
/// <param name="Test">What to ask.</param>
public sealed record FieldCriterion(string Parameter, FieldScope Scope, bool Inner, IReadOnlyList<string> Names, FieldTest Test) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Values(e, Scope, Inner, Names).Any(node => Holds(e, node));

    /// <summary>The values of the field in the event.</summary>
    internal static IEnumerable<int> Values(QueryableEvent e, FieldScope scope, bool inner, IReadOnlyList<string> names)
    {
        var members = scope == FieldScope.Event
            ? e.Members.Where(member => EventShape.Members.Find(e.Tree.Name(member)) < 0)
            : Parents(e, scope).SelectMany(e.Children);
        foreach (var member in members)
        {
            if (inner)
            {
                foreach (var below in Below(e, member).Where(node => e.Tree[node].NameLength > 0 && names.Contains(e.Name(node))))
                {
                    yield return below;
                }
            }
            else if (names.Contains(e.Name(member)))
            {
                yield return member;
            }
        }
    }

    private static IEnumerable<int> Parents(QueryableEvent e, FieldScope scope) => scope switch
    {
        FieldScope.Ilmd => Present(e.Field(EventField.Ilmd)),
        FieldScope.ErrorDeclaration => Present(e.Field(EventField.ErrorDeclaration)),
        FieldScope.ReadPoint => Present(e.Field(EventField.ReadPoint)),
        FieldScope.BizLocation => Present(e.Field(EventField.BizLocation)),
        FieldScope.SensorElement => e.Children(e.Field(EventField.SensorElementList)),
        FieldScope.SensorMetadata => SensorData.Objects(e, metadata: true, reports: false),
        _ => SensorData.Objects(e, metadata: false, reports: true),
    };

    private static IEnumerable<int> Present(int node) => node == 0 ? [] : [node];

    // Nodes lie in document order, so all that is below a value follows it directly.
    private static IEnumerable<int> Below(QueryableEvent e, int node) => Enumerable.Range(node + 1, e.Tree[node].Next - node - 1);

    private bool Holds(QueryableEvent e, int node)
    {
        if (Test is FieldTest.Exists)
        {
            return true;
        }
        return e.Tree.KindOf(node) switch
        {
            JsonKind.Array => e.Children(node).Any(item => Holds(e, item)),
            // An element of XML that also has attributes keeps its text in a member of its own.
            JsonKind.Object => e.Member(node, "#text") is not 0 and var text && HoldsScalar(e, text),
            JsonKind.Null => false,
            _ => HoldsScalar(e, node),
        };
    }

    private bool HoldsScalar(QueryableEvent e, int node) => Test switch
    {
        FieldTest.OneOf oneOf => IsOneOf(e, node, oneOf.Values),
        FieldTest.OneOfUris oneOf => oneOf.Uris.Contains(e.Uri(node)),
        FieldTest.Number number => Comparisons.TryNumber(e.Tree.Text(node), out var value) && number.Comparison.Holds(value.CompareTo(number.Value)),
        FieldTest.Time time => EpcisTime.TryParse(e.Tree.Text(node), out var instant) && time.Comparison.Holds(instant.CompareTo(time.Instant)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static bool IsOneOf(QueryableEvent e, int node, IReadOnlyList<string> values)
    {
        var text = e.Text(node);
        return values.Contains(text) || (Comparisons.TryNumber(text, out var number) && values.Any(value => Comparisons.TryNumber(value, out var wanted) && wanted == number));
    }
}
