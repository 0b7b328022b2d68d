using System.Globalization;
using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>
/// Turns parameters into a query, and names each one that is unknown, ill-typed or contradicting. Prefixed names are expanded with the prefixes given and
/// those of the EPCIS context.
/// </summary>
public sealed partial class EventQueryParser
{
    /// <summary>Most values over all parameters of a query.</summary>
    public const int MaxValues = 1000;

    /// <summary>Most parameters of a query.</summary>
    public const int MaxParameters = 100;

    private readonly PrefixScope _scope = new(PrefixScope.Standard);
    private readonly List<QueryFault> _faults = [];
    private readonly List<EventCriterion> _criteria = [];
    private readonly List<AttributeCondition> _attributes = [];
    private string? _orderBy;
    private string? _orderDirection;
    private int? _eventCountLimit;
    private int? _maxEventCount;

    private EventQueryParser()
    {
    }

    /// <summary>The query, or null and the reasons.</summary>
    /// <param name="parameters">The parameters in any order; no name twice.</param>
    /// <param name="prefixes">Prefixes and their namespaces.</param>
    /// <param name="faults">Why there is no query.</param>
    public static EventQuery? Parse(IReadOnlyCollection<QueryParameter> parameters, IEnumerable<KeyValuePair<string, string>> prefixes, out IReadOnlyList<QueryFault> faults)
    {
        var parser = new EventQueryParser();
        foreach (var (prefix, uri) in prefixes)
        {
            parser._scope.Declare(Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(uri));
        }
        faults = parser._faults;
        return parser.Read(parameters);
    }

    private EventQuery? Read(IReadOnlyCollection<QueryParameter> parameters)
    {
        if (parameters.Count > MaxParameters || parameters.Sum(static p => p.Values.Count) > MaxValues)
        {
            _faults.Add(new QueryFault("", $"A query has at most {MaxParameters} parameters and {MaxValues} values."));
            return null;
        }
        foreach (var parameter in parameters)
        {
            Read(parameter);
        }
        var order = ReadOrder();
        if (_eventCountLimit is not null && _maxEventCount is not null)
        {
            Fault("maxEventCount", "eventCountLimit and maxEventCount exclude each other.");
        }
        if (_eventCountLimit is not null && _orderBy is null)
        {
            Fault("eventCountLimit", "needs orderBy, which says which events are the first.");
        }
        return _faults.Count > 0
            ? null
            : new EventQuery { Criteria = _criteria, Order = order, EventCountLimit = _eventCountLimit, MaxEventCount = _maxEventCount, AttributeConditions = _attributes };
    }

    private void Read(QueryParameter p)
    {
        switch (p.Name)
        {
            case "eventType":
                Add(Values(p, EventType), values => new EventTypeCriterion(p.Name, values));
                break;
            case "EQ_action":
                Add(Values(p, Action), values => new ActionCriterion(p.Name, values));
                break;
            case "EQ_bizStep":
                AddTerms(p, TermField.BizStep, Vocabulary.BizStep);
                break;
            case "EQ_disposition":
                AddTerms(p, TermField.Disposition, Vocabulary.Disposition);
                break;
            case "EQ_persistentDisposition_set":
                AddTerms(p, TermField.PersistentSet, Vocabulary.Disposition);
                break;
            case "EQ_persistentDisposition_unset":
                AddTerms(p, TermField.PersistentUnset, Vocabulary.Disposition);
                break;
            case "EQ_errorReason":
                AddTerms(p, TermField.ErrorReason, Vocabulary.ErrorReason);
                break;
            case "EQ_readPoint" or "WD_readPoint":
                Add(Values(p, Uri), values => new PlaceCriterion(p.Name, PlaceField.ReadPoint, values, p.Name[0] == 'W'));
                break;
            case "EQ_bizLocation" or "WD_bizLocation":
                Add(Values(p, Uri), values => new PlaceCriterion(p.Name, PlaceField.BizLocation, values, p.Name[0] == 'W'));
                break;
            case "EQ_transformationID":
                Add(Values(p, Uri), values => new IdCriterion(p.Name, IdField.TransformationId, values));
                break;
            case "EQ_eventID":
                Add(Values(p, PlainUri), values => new IdCriterion(p.Name, IdField.EventId, values));
                break;
            case "EQ_correctiveEventID":
                Add(Values(p, PlainUri), values => new IdCriterion(p.Name, IdField.CorrectiveEventId, values));
                break;
            case "hash":
                Add(Values(p, Hash), values => new HashCriterion(p.Name, values));
                break;
            case "EXISTS_errorDeclaration" or "EXISTS_sensorElementList" or "EXISTS_ilmd":
                if (Exists(p))
                {
                    _criteria.Add(new ExistsCriterion(p.Name, p.Name["EXISTS_".Length..]));
                }
                break;
            case "orderBy":
                _orderBy = Single(p);
                break;
            case "orderDirection":
                _orderDirection = Single(p);
                break;
            case "eventCountLimit":
                _eventCountLimit = Count(p);
                break;
            case "maxEventCount":
                _maxEventCount = Count(p);
                break;
            case "EQ_type":
                Add(Values(p, (q, text) => Term(q, text, Vocabulary.Measurement)), values => new SensorTextCriterion(p.Name, "type", SensorTextKind.MeasurementType, values));
                break;
            case "EQ_deviceID" or "EQ_deviceMetadata" or "EQ_rawData" or "EQ_dataProcessingMethod" or "EQ_microorganism" or "EQ_chemicalSubstance" or "EQ_bizRules" or "EQ_uriValue":
                Add(Values(p, Uri), values => new SensorTextCriterion(p.Name, p.Name[3..], SensorTextKind.Uri, values));
                break;
            case "EQ_stringValue" or "EQ_hexBinaryValue":
                Add(Values(p, static (_, text) => text, splits: false), values => new SensorTextCriterion(p.Name, p.Name[3..], SensorTextKind.Text, values));
                break;
            case "EQ_booleanValue":
                if (Boolean(p) is { } boolean)
                {
                    _criteria.Add(new SensorBooleanCriterion(p.Name, boolean));
                }
                break;
            default:
                if (!ReadMatch(p) && !ReadTime(p) && !ReadReference(p) && !ReadNumber(p) && !ReadAttribute(p) && !ReadField(p))
                {
                    Fault(p.Name, "is no parameter of a simple event query.");
                }
                break;
        }
    }

    private bool ReadMatch(QueryParameter p)
    {
        ItemRole[]? roles = p.Name switch
        {
            "MATCH_epc" => [ItemRole.Epc, ItemRole.ChildEpc],
            "MATCH_parentID" => [ItemRole.ParentId],
            "MATCH_inputEPC" => [ItemRole.InputEpc],
            "MATCH_outputEPC" => [ItemRole.OutputEpc],
            "MATCH_anyEPC" => [ItemRole.Epc, ItemRole.ChildEpc, ItemRole.ParentId, ItemRole.InputEpc, ItemRole.OutputEpc],
            "MATCH_epcClass" => [ItemRole.ClassEpc, ItemRole.ChildClass],
            "MATCH_inputEPCClass" => [ItemRole.InputClass],
            "MATCH_outputEPCClass" => [ItemRole.OutputClass],
            "MATCH_anyEPCClass" => [ItemRole.ClassEpc, ItemRole.ChildClass, ItemRole.InputClass, ItemRole.OutputClass],
            _ => null,
        };
        if (roles is null)
        {
            return false;
        }
        Add(Values(p, Pattern), values => new ItemCriterion(p.Name, roles, values));
        return true;
    }

    private bool ReadTime(QueryParameter p)
    {
        if (!TryComparison(p.Name, out var comparison, out var rest) || comparison == Comparison.Equal)
        {
            return false;
        }
        TimeField? field = rest switch
        {
            "eventTime" => TimeField.EventTime,
            "recordTime" => TimeField.RecordTime,
            "errorDeclarationTime" or "errorDeclaration_Time" => TimeField.DeclarationTime,
            "time" => TimeField.SensorTime,
            "startTime" => TimeField.SensorStart,
            "endTime" => TimeField.SensorEnd,
            _ => null,
        };
        if (field is null || comparison is not (Comparison.GreaterOrEqual or Comparison.Less))
        {
            return false;
        }
        if (Single(p) is { } text)
        {
            if (EpcisTime.TryParse(Encoding.UTF8.GetBytes(text), out var instant))
            {
                _criteria.Add(new TimeCriterion(p.Name, field.Value, comparison, instant));
            }
            else
            {
                Fault(p.Name, $"\"{Shorten(text)}\" is no date-time with offset, such as 2026-01-31T08:30:00.000+01:00 (in a URL the plus sign is %2B).");
            }
        }
        return true;
    }

    private bool ReadReference(QueryParameter p)
    {
        var (field, start, vocabulary) = p.Name switch
        {
            _ when p.Name.StartsWith("EQ_bizTransaction_", StringComparison.Ordinal) => (ReferenceField.BizTransaction, "EQ_bizTransaction_", Vocabulary.BizTransactionType),
            _ when p.Name.StartsWith("EQ_source_", StringComparison.Ordinal) => (ReferenceField.Source, "EQ_source_", Vocabulary.SourceDestinationType),
            _ when p.Name.StartsWith("EQ_destination_", StringComparison.Ordinal) => (ReferenceField.Destination, "EQ_destination_", Vocabulary.SourceDestinationType),
            _ => default,
        };
        if (start is null)
        {
            return false;
        }
        var name = p.Name[start.Length..];
        var type = name.Length == 0 ? null : Term(p.Name, name, vocabulary);
        if (type is not null || (name.Length == 0 && field == ReferenceField.BizTransaction))
        {
            Add(Values(p, Uri), values => new ReferenceCriterion(p.Name, field, type, values));
        }
        else if (name.Length == 0)
        {
            Fault(p.Name, "names no type.");
        }
        return true;
    }

    private bool ReadNumber(QueryParameter p)
    {
        if (!TryComparison(p.Name, out var comparison, out var rest))
        {
            return false;
        }
        if (rest == "quantity")
        {
            Add(Numbers(p, comparison), values => new QuantityCriterion(p.Name, comparison, values));
            return true;
        }
        var bar = rest.IndexOf('_', StringComparison.Ordinal);
        var member = bar < 0 ? rest : rest[..bar];
        if (member is not ("value" or "minValue" or "maxValue" or "meanValue" or "sDev" or "percRank" or "percValue"))
        {
            return false;
        }
        var unit = bar < 0 ? null : rest[(bar + 1)..];
        // A percentile rank is a plain number; every other one is meant in a unit.
        if (unit is null ? member != "percRank" : unit.Length is < 2 or > 4 || !unit.All(static c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c)))
        {
            Fault(p.Name, $"names its unit as in {p.Name[..3]}{member}_CEL: two to four capitals or digits (UN/ECE Recommendation 20).");
            return true;
        }
        Add(Numbers(p, comparison), values => new SensorValueCriterion(p.Name, member, comparison, values, member == "percRank" ? null : unit));
        return true;
    }

    private QueryOrder? ReadOrder()
    {
        if (_orderDirection is not (null or "ASC" or "DESC"))
        {
            Fault("orderDirection", $"\"{Shorten(_orderDirection)}\" is neither ASC nor DESC.");
        }
        if (_orderBy is null)
        {
            return null;
        }
        var descending = _orderDirection != "ASC";
        switch (_orderBy)
        {
            case "eventTime":
                return new QueryOrder(TimeField.EventTime, [], descending);
            case "recordTime":
                return new QueryOrder(TimeField.RecordTime, [], descending);
            default:
                return FieldNames("orderBy", _orderBy) is { } names ? new QueryOrder(null, names, descending) : null;
        }
    }

    private static bool TryComparison(string name, out Comparison comparison, out string rest)
    {
        (comparison, var found) = name.Length > 3 ? name[..3] switch
        {
            "EQ_" => (Comparison.Equal, true),
            "GT_" => (Comparison.Greater, true),
            "GE_" => (Comparison.GreaterOrEqual, true),
            "LT_" => (Comparison.Less, true),
            "LE_" => (Comparison.LessOrEqual, true),
            _ => (default, false),
        } : (default, false);
        rest = found ? name[3..] : name;
        return found;
    }

    private void Fault(string parameter, string message) => _faults.Add(new QueryFault(Shorten(parameter), message));

    private static string Shorten(string text) => text.Length <= 100 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 100)}…");
}
