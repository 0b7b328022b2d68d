using System.Globalization;

namespace TrustChain.Core.Query;

/// <summary>An attribute is there, with one of the values unless those are null.</summary>
/// <param name="Names">The attribute's id; of several one must be there.</param>
/// <param name="Values">The values that count; null: any.</param>
public sealed record MasterDataCondition(IReadOnlyList<string> Names, IReadOnlyList<string>? Values);

/// <summary>A simple master data query (EPCIS 1.2 section 8.2.7.2): conditions that must all hold, and what to tell of each element.</summary>
public sealed record MasterDataQuery
{
    private const string AttributeStart = "EQATTR_";

    private MasterDataQuery()
    {
    }

    /// <summary><c>includeAttributes</c>.</summary>
    public bool IncludeAttributes { get; private init; }

    /// <summary><c>includeChildren</c>.</summary>
    public bool IncludeChildren { get; private init; }

    /// <summary><c>attributeNames</c>: only these attributes are told; null: all. It does not select elements.</summary>
    public IReadOnlyList<string>? AttributeNames { get; private init; }

    /// <summary><c>vocabularyName</c>: types of vocabularies; null: all.</summary>
    public IReadOnlyList<string>? Vocabularies { get; private init; }

    /// <summary><c>EQ_name</c>: elements by canonical URI; null: any.</summary>
    public IReadOnlyList<string>? Names { get; private init; }

    /// <summary><c>WD_name</c>: elements by canonical URI, each with all below it; null: any.</summary>
    public IReadOnlyList<string>? NamesWithDescendants { get; private init; }

    /// <summary><c>HASATTR</c> and <c>EQATTR_</c>.</summary>
    public IReadOnlyList<MasterDataCondition> Conditions { get; private init; } = [];

    /// <summary><c>maxElementCount</c>: more elements than so many are an error.</summary>
    public int? MaxElementCount { get; private init; }

    /// <summary>The query, or null and the reasons.</summary>
    /// <param name="parameters">The parameters in any order; no name twice.</param>
    /// <param name="faults">Why there is no query.</param>
    public static MasterDataQuery? Parse(IReadOnlyCollection<QueryParameter> parameters, out IReadOnlyList<QueryFault> faults)
    {
        var found = new List<QueryFault>();
        faults = found;
        if (parameters.Count > EventQueryParser.MaxParameters || parameters.Sum(static p => p.Values.Count) > EventQueryParser.MaxValues)
        {
            found.Add(new QueryFault("", $"A query has at most {EventQueryParser.MaxParameters} parameters and {EventQueryParser.MaxValues} values."));
            return null;
        }
        foreach (var required in (string[])["includeAttributes", "includeChildren"])
        {
            if (!parameters.Any(p => p.Name == required))
            {
                found.Add(new QueryFault(required, "is required: true or false."));
            }
        }
        var query = new MasterDataQuery();
        foreach (var parameter in parameters)
        {
            query = query.With(parameter, found);
        }
        return found.Count > 0 ? null : query;
    }

    private MasterDataQuery With(QueryParameter p, List<QueryFault> faults)
    {
        switch (p.Name)
        {
            case "includeAttributes":
                return this with { IncludeAttributes = Boolean(p, faults) };
            case "includeChildren":
                return this with { IncludeChildren = Boolean(p, faults) };
            case "attributeNames":
                return this with { AttributeNames = Texts(p, faults) };
            case "vocabularyName":
                return this with { Vocabularies = Texts(p, faults) };
            case "EQ_name":
                return this with { Names = [.. Texts(p, faults).Select(ItemUris.Canonicalise)] };
            case "WD_name":
                return this with { NamesWithDescendants = [.. Texts(p, faults).Select(ItemUris.Canonicalise)] };
            case "HASATTR":
                return this with { Conditions = [.. Conditions, new MasterDataCondition(Texts(p, faults), null)] };
            case "maxElementCount":
                return this with { MaxElementCount = Count(p, faults) };
            case var name when name.Length > AttributeStart.Length && name.StartsWith(AttributeStart, StringComparison.Ordinal):
                return this with { Conditions = [.. Conditions, new MasterDataCondition([name[AttributeStart.Length..]], Texts(p, faults))] };
            default:
                faults.Add(new QueryFault(Shorten(p.Name), "is no parameter of a simple master data query."));
                return this;
        }
    }

    private static IReadOnlyList<string> Texts(QueryParameter p, List<QueryFault> faults)
    {
        if (p.Values.Count == 0 || p.Values.Any(static v => v.Length == 0))
        {
            faults.Add(new QueryFault(Shorten(p.Name), "has an empty value."));
        }
        return p.Values;
    }

    private static bool Boolean(QueryParameter p, List<QueryFault> faults)
    {
        if (p.Values is not ["true" or "false"])
        {
            faults.Add(new QueryFault(p.Name, "is true or false."));
        }
        return p.Values is ["true"];
    }

    private static int? Count(QueryParameter p, List<QueryFault> faults)
    {
        if (p.Values is [var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
        {
            return count;
        }
        faults.Add(new QueryFault(p.Name, "is no whole number above 0."));
        return null;
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
