using System.Globalization;
using System.Xml.Linq;
using TrustChain.Core.Query;

namespace TrustChain.Server.Soap;

/// <summary>A <c>Poll</c>: a query by name with its parameters.</summary>
internal sealed record PollRequest(string QueryName, IReadOnlyList<QueryParameter> Parameters)
{
    private static readonly XName Type = XName.Get("type", SoapNames.Instance);
    private static readonly XName Nil = XName.Get("nil", SoapNames.Instance);

    private static readonly string[] TextTypes = ["string", "normalizedString", "token", "anyURI", "anyType", "anySimpleType", "dateTime", "double", "float", "decimal"];

    private static readonly string[] WholeNumberTypes =
        ["int", "integer", "long", "short", "byte", "positiveInteger", "nonNegativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"];

    /// <summary>The request, or the fault to answer with.</summary>
    public static (PollRequest? Request, SoapFault? Fault) Read(XElement poll)
    {
        if (poll.Elements().ToList() is not [var name, var list] || !SoapMessage.IsNamed(name, "queryName") || !SoapMessage.IsNamed(list, "params"))
        {
            return (null, SoapFault.Invalid("Poll has a queryName and then params."));
        }
        var parameters = new List<QueryParameter>();
        var names = new HashSet<string>();
        foreach (var param in list.Elements())
        {
            if (!SoapMessage.IsNamed(param, "param") || param.Elements().ToList() is not [var paramName, var value]
                || !SoapMessage.IsNamed(paramName, "name") || !SoapMessage.IsNamed(value, "value"))
            {
                return (null, SoapFault.Invalid("params has elements param with a name and then a value."));
            }
            var (values, complaint) = ReadValue(value);
            var parameter = new QueryParameter(paramName.Value.Trim(), values, ParameterForm.Xml);
            if (complaint is null && !names.Add(parameter.Name))
            {
                complaint = "is given more than once.";
            }
            if (complaint is not null)
            {
                return (null, SoapFault.Parameters([new QueryFault(parameter.Name.Length <= 100 ? parameter.Name : parameter.Name[..100] + "…", complaint)]));
            }
            parameters.Add(parameter);
        }
        return (new PollRequest(name.Value.Trim(), parameters), null);
    }

    /// <summary>The values of a <c>value</c> element, of the types that EPCIS 1.2 has for parameters; without <c>xsi:type</c>, what it looks like.</summary>
    private static (IReadOnlyList<string> Values, string? Complaint) ReadValue(XElement value)
    {
        var text = value.Value.Trim();
        var type = TypeOf(value);
        if (value.HasElements)
        {
            return type is not (null or "ArrayOfString" or "anyType") || value.Elements().Any(static item => !SoapMessage.IsNamed(item, "string") || item.HasElements)
                || value.Nodes().OfType<XText>().Any(static t => !string.IsNullOrWhiteSpace(t.Value))
                ? ([], "has a value that is no list of string elements.")
                : ([.. value.Elements().Select(static item => item.Value.Trim())], null);
        }
        switch (type)
        {
            case "VoidHolder" or "EmptyParms":
                return text.Length == 0 ? ([], null) : ([], "has a value that is declared to be empty and is not.");
            case "ArrayOfString":
                return text.Length == 0 ? ([], null) : ([], "has a value that is no list of string elements.");
            case null or "anyType":
                return text.Length == 0 || value.Attribute(Nil)?.Value.Trim() is "true" or "1" ? ([], null) : ([text], null);
            case "boolean":
                return ([text switch { "1" => "true", "0" => "false", _ => text }], null);
            case var number when WholeNumberTypes.Contains(number):
                return ([long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole.ToString(CultureInfo.InvariantCulture) : text], null);
            case var other when TextTypes.Contains(other):
                return ([text], null);
            default:
                return ([], "has a value of a type that no parameter has.");
        }
    }

    /// <summary>The local name of <c>xsi:type</c>; of another namespace than those of XML Schema and of the messages, one that no type has.</summary>
    private static string? TypeOf(XElement value)
    {
        if (value.Attribute(Type)?.Value.Trim() is not { Length: > 0 } name)
        {
            return null;
        }
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var ns = colon < 0 ? value.GetDefaultNamespace().NamespaceName : colon == 0 ? null : value.GetNamespaceOfPrefix(name[..colon])?.NamespaceName;
        var local = name[(colon + 1)..];
        var isOwn = local is "ArrayOfString" or "VoidHolder" or "EmptyParms";
        return ns == (isOwn ? SoapNames.Query : SoapNames.Schema) ? local : "";
    }
}
