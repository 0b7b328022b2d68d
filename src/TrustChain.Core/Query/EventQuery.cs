using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;

namespace TrustChain.Core.Query;

/// <summary>What a query's results are ordered by.</summary>
/// <param name="Field">The time; null for an extension field.</param>
/// <param name="Names">The expanded names of the extension field; empty for a time.</param>
/// <param name="Descending"><c>orderDirection</c>, which is <c>DESC</c> unless said otherwise.</param>
public sealed record QueryOrder(TimeField? Field, IReadOnlyList<string> Names, bool Descending);

/// <summary>A simple event query (EPCIS 2.0 section 8.2.7.1): conditions that must all hold, an order and limits.</summary>
public sealed class EventQuery
{
    internal EventQuery()
    {
    }

    /// <summary>The query that every event matches.</summary>
    public static EventQuery All { get; } = new() { Criteria = [] };

    /// <summary>The conditions.</summary>
    public required IReadOnlyList<EventCriterion> Criteria { get; init; }

    /// <summary><c>orderBy</c> with its direction; null: any stable order.</summary>
    public QueryOrder? Order { get; init; }

    /// <summary><c>eventCountLimit</c>: only so many, in the order asked for.</summary>
    public int? EventCountLimit { get; init; }

    /// <summary><c>maxEventCount</c>: more than so many is an error.</summary>
    public int? MaxEventCount { get; init; }

    /// <summary><c>HASATTR_</c> and <c>EQATTR_</c> conditions, which master data must turn into lists of values first.</summary>
    public IReadOnlyList<AttributeCondition> AttributeConditions { get; init; } = [];

    /// <summary>The same query with other conditions.</summary>
    public EventQuery With(IReadOnlyList<EventCriterion> criteria, IReadOnlyList<AttributeCondition> attributeConditions) => new()
    {
        Criteria = criteria,
        AttributeConditions = attributeConditions,
        Order = Order,
        EventCountLimit = EventCountLimit,
        MaxEventCount = MaxEventCount,
    };

    /// <summary>Whether the event meets every condition.</summary>
    public bool Matches(QueryableEvent e)
    {
        foreach (var criterion in Criteria)
        {
            if (!criterion.Matches(e))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The key by which an event is put in order where that is an extension field: a number, a time as ticks, or a text.</summary>
    public (double? Number, string? Text) OrderKey(QueryableEvent e)
    {
        if (Order is not { Field: null } order)
        {
            return (null, null);
        }
        foreach (var node in FieldCriterion.Values(e, FieldScope.Event, inner: false, order.Names))
        {
            var text = e.Text(node);
            if (Comparisons.TryNumber(text, out var number))
            {
                return (number, null);
            }
            return Epcis.EpcisTime.TryParse(e.Tree.Text(node), out var instant) ? (instant.UtcTicks, null) : (null, text);
        }
        return (null, null);
    }

    /// <summary>SHA-256 over the parameters in the order of their names: two queries that ask the same in the same words have the same.</summary>
    public static Hash32 ComputeFingerprint(IEnumerable<QueryParameter> parameters)
    {
        var text = new StringBuilder();
        foreach (var parameter in parameters.OrderBy(static p => p.Name, StringComparer.Ordinal))
        {
            text.Append(parameter.Name).Append('=').AppendJoin('\u0001', parameter.Values).Append('\u0002');
        }
        return new Hash32(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

/// <summary>Vocabulary members that have master data.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Field">The member: <c>bizStep</c>, <c>disposition</c>, <c>readPoint</c>, <c>bizLocation</c>, <c>epcClass</c>.</param>
/// <param name="Attribute">The attribute asked about; several for HASATTR, of which one must be there.</param>
/// <param name="Values">Null: the attribute is there (HASATTR). Else it has one of these values (EQATTR).</param>
public sealed record AttributeCondition(string Parameter, string Field, IReadOnlyList<string> Attribute, IReadOnlyList<string>? Values)
{
    /// <summary>Where the field is an extension's: the expanded names that count as it.</summary>
    public IReadOnlyList<string> FieldNames { get; init; } = [];
}

/// <summary>How a parameter's values were given.</summary>
public enum ParameterForm
{
    /// <summary>In a URL: lists are separated by bars, or the parameter is repeated.</summary>
    Url,

    /// <summary>In JSON as one string, number, boolean or null.</summary>
    JsonScalar,

    /// <summary>In JSON as an array.</summary>
    JsonArray,

    /// <summary>In XML, where one value and a list of one look alike.</summary>
    Xml,
}

/// <summary>A parameter as given.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">Its values as text; of JSON null, none.</param>
/// <param name="Form">How they were given.</param>
public sealed record QueryParameter(string Name, IReadOnlyList<string> Values, ParameterForm Form);
