using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>A query as a JSON object of parameters (<c>query-schema.json</c>).</summary>
public static class QueryJson
{
    private const int MaxBytes = 65_536;

    /// <summary>The parameters and the prefixes that the query's <c>@context</c> declares; null with the fault when the text is no such object.</summary>
    /// <param name="utf8">The JSON text.</param>
    /// <param name="fault">Why it cannot be read.</param>
    public static (IReadOnlyList<QueryParameter> Parameters, IReadOnlyList<KeyValuePair<string, string>> Prefixes)? Read(ReadOnlyMemory<byte> utf8, out QueryFault? fault)
    {
        fault = null;
        if (utf8.Length > MaxBytes)
        {
            fault = new QueryFault("", $"A query has at most {MaxBytes} bytes.", QueryFaultKind.Validation);
            return null;
        }
        var faults = new FaultList();
        using var tree = new JsonTree(utf8);
        if (!JsonTreeReader.TryRead(utf8, new EpcisReadOptions { MaxDepth = 8 }, faults, tree))
        {
            fault = new QueryFault("", faults.Faults[0].ToString(), QueryFaultKind.Validation);
            return null;
        }
        if (tree.KindOf(0) != JsonKind.Object)
        {
            fault = new QueryFault("", "A query is a JSON object of parameters.", QueryFaultKind.Validation);
            return null;
        }
        var parameters = new List<QueryParameter>();
        IReadOnlyList<KeyValuePair<string, string>> prefixes = [];
        for (var member = 1; member < tree.Count; member = tree[member].Next)
        {
            var name = Encoding.UTF8.GetString(tree.Name(member));
            if (name == "@context")
            {
                prefixes =
                [
                    .. ContextReader.Read(tree, member, PrefixScope.Standard, faults).Own
                        .Select(static p => KeyValuePair.Create(Encoding.UTF8.GetString(p.Prefix), Encoding.UTF8.GetString(p.Namespace))),
                ];
                continue;
            }
            if (ReadParameter(tree, member, name) is not { } parameter)
            {
                fault = new QueryFault(name, "must be a string, a number, true, false, null, or an array of these.", QueryFaultKind.Validation);
                return null;
            }
            parameters.Add(parameter);
        }
        if (faults.Count > 0)
        {
            fault = new QueryFault("@context", faults.Faults[0].Message, QueryFaultKind.Validation);
            return null;
        }
        return (parameters, prefixes);
    }

    private static QueryParameter? ReadParameter(JsonTree tree, int member, string name)
    {
        switch (tree.KindOf(member))
        {
            case JsonKind.Object:
                return null;
            case JsonKind.Null:
                return new QueryParameter(name, [], ParameterForm.JsonScalar);
            case not JsonKind.Array:
                return new QueryParameter(name, [Encoding.UTF8.GetString(tree.Text(member))], ParameterForm.JsonScalar);
        }
        var values = new List<string>();
        for (var item = member + 1; item < tree[member].Next; item = tree[item].Next)
        {
            if (tree.KindOf(item) is JsonKind.Object or JsonKind.Array or JsonKind.Null)
            {
                return null;
            }
            values.Add(Encoding.UTF8.GetString(tree.Text(item)));
        }
        return new QueryParameter(name, values, ParameterForm.JsonArray);
    }
}
