using TrustChain.Core.Query;

namespace TrustChain.Server.Soap;

/// <summary>Whose fault it is, by the names of SOAP 1.2; in SOAP 1.1 Sender and Receiver are Client and Server.</summary>
internal enum SoapFaultCode
{
    /// <summary>The message: sending it again as it is will not help.</summary>
    Sender,

    /// <summary>This service.</summary>
    Receiver,

    /// <summary>A header block that must be understood is not.</summary>
    MustUnderstand,

    /// <summary>An envelope of no known version.</summary>
    VersionMismatch,
}

/// <summary>Why an operation was not done.</summary>
/// <param name="Code">Whose fault it is.</param>
/// <param name="Reason">Sentences for people.</param>
internal sealed record SoapFault(SoapFaultCode Code, string Reason)
{
    /// <summary>Name of the exception of EPCIS 1.2 in the fault's detail; null for a fault of SOAP itself.</summary>
    public string? Exception { get; init; }

    /// <summary>The query a QueryTooLargeException or ImplementationException speaks of.</summary>
    public string? QueryName { get; init; }

    /// <summary>The HTTP status where it says more than that of any fault.</summary>
    public int? Status { get; init; }

    /// <summary>A message that cannot be read as SOAP.</summary>
    public static SoapFault Unreadable(string reason, int status = 400) => new(SoapFaultCode.Sender, reason) { Status = status };

    /// <summary>A message that is SOAP but no operation of this binding, or not by its schema.</summary>
    public static SoapFault Invalid(string reason) => Of("ValidationException", reason);

    public static SoapFault NoSuchName(string queryName) =>
        Of("NoSuchNameException", $"There is no query \"{(queryName.Length <= 100 ? queryName : queryName[..100] + "…")}\"; there are {string.Join(" and ", SoapOperations.QueryNames)}.");

    public static SoapFault TooLarge(string queryName, string reason) => Of("QueryTooLargeException", reason) with { QueryName = queryName };

    public static SoapFault Parameters(IReadOnlyList<QueryFault> faults) => Of("QueryParameterException", string.Join(' ', faults.Take(10)));

    /// <summary>An exception of EPCIS 1.2 that the client can do something about.</summary>
    public static SoapFault Of(string exception, string reason) => new(SoapFaultCode.Sender, reason) { Exception = exception };

    /// <summary>The status of the answer: SOAP 1.1 knows no other than 500 for faults, 1.2 has 400 for the sender's.</summary>
    public int StatusIn(SoapVersion version) => Status ?? (version == SoapVersion.V12 && Code == SoapFaultCode.Sender ? 400 : 500);
}
