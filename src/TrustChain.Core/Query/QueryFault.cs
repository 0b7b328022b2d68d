namespace TrustChain.Core.Query;

/// <summary>Which exception of EPCIS 2.0 (section 8.2.6) a fault of a query is.</summary>
public enum QueryFaultKind
{
    /// <summary><c>QueryParameterException</c>: unknown, ill-typed or contradicting parameters.</summary>
    Parameter,

    /// <summary><c>QueryValidationException</c>: the query itself is no JSON object of parameters.</summary>
    Validation,
}

/// <summary>One reason why a query was refused.</summary>
/// <param name="Parameter">Name of the parameter as given; empty for the query as a whole.</param>
/// <param name="Message">One sentence for people.</param>
/// <param name="Kind">Which exception it is.</param>
public sealed record QueryFault(string Parameter, string Message, QueryFaultKind Kind = QueryFaultKind.Parameter)
{
    /// <inheritdoc/>
    public override string ToString() => Parameter.Length == 0 ? Message : $"{Parameter}: {Message}";
}
