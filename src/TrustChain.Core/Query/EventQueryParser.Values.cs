using System.Globalization;
using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>The values of parameters, and extension fields.</summary>
public sealed partial class EventQueryParser
{
    private void Add<T>(IReadOnlyList<T>? values, Func<IReadOnlyList<T>, EventCriterion> make)
    {
        if (values is not null)
        {
            _criteria.Add(make(values));
        }
    }

    private void AddTerms(QueryParameter p, TermField field, Vocabulary vocabulary) =>
        Add(Values(p, (q, text) => Term(q, text, vocabulary)), values => new TermCriterion(p.Name, field, values));

    /// <summary>Each value of a list, or null after a fault. In a URL a bar separates values.</summary>
    private List<T>? Values<T>(QueryParameter p, Func<string, string, T?> parse)
        where T : notnull
    {
        if (p.Form == ParameterForm.JsonScalar)
        {
            Fault(p.Name, "is a list: in JSON an array.");
            return null;
        }
        var texts = p.Form == ParameterForm.Url ? [.. p.Values.SelectMany(static v => v.Split('|'))] : p.Values;
        if (texts.Count == 0 || texts.Any(static t => t.Length == 0))
        {
            Fault(p.Name, "has an empty value.");
            return null;
        }
        if (texts.Count > MaxValues)
        {
            Fault(p.Name, $"has more than {MaxValues} values.");
            return null;
        }
        var values = new List<T>(texts.Count);
        var faults = _faults.Count;
        foreach (var text in texts)
        {
            if (parse(p.Name, text) is { } value)
            {
                values.Add(value);
            }
        }
        return _faults.Count == faults ? values : null;
    }

    /// <summary>The one value of a parameter that is no list, or null after a fault.</summary>
    private string? Single(QueryParameter p)
    {
        if (p.Form == ParameterForm.JsonArray)
        {
            Fault(p.Name, "is one value, not an array.");
            return null;
        }
        if (p.Values is not [{ Length: > 0 } value])
        {
            Fault(p.Name, p.Values.Count > 1 ? "is given more than once." : "is empty.");
            return null;
        }
        return value;
    }

    private int? Count(QueryParameter p)
    {
        if (Single(p) is not { } text)
        {
            return null;
        }
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
        {
            return count;
        }
        Fault(p.Name, $"\"{Shorten(text)}\" is no whole number above 0.");
        return null;
    }

    private bool? Boolean(QueryParameter p)
    {
        switch (Single(p))
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            default:
                Fault(p.Name, "is true or false.");
                return null;
        }
    }

    /// <summary>Whether an EXISTS parameter asks for something: its value is void (empty, null or a number) or true; false means no condition.</summary>
    private bool Exists(QueryParameter p)
    {
        if (p.Form == ParameterForm.JsonArray || p.Values.Count > 1)
        {
            Fault(p.Name, "takes no list.");
            return false;
        }
        switch (p.Values.Count == 0 ? "" : p.Values[0])
        {
            case "" or "true":
                return true;
            case "false":
                return false;
            case var text when Comparisons.TryNumber(text, out _):
                return true;
            default:
                Fault(p.Name, "takes no value, or true or false.");
                return false;
        }
    }

    private List<double>? Numbers(QueryParameter p, Comparison comparison)
    {
        if (comparison != Comparison.Equal || p.Form == ParameterForm.JsonScalar)
        {
            return Single(p) is { } text ? [Number(p.Name, text)] : null;
        }
        return Values(p, Number);
    }

    private double Number(string parameter, string text)
    {
        if (!Comparisons.TryNumber(text, out var number))
        {
            Fault(parameter, $"\"{Shorten(text)}\" is no number.");
        }
        return number;
    }

    private Log.Hash32 Hash(string parameter, string text)
    {
        if (!EventHash.TryParseUri(text, out var hash))
        {
            Fault(parameter, $"\"{Shorten(text)}\" is no event hash of the form ni:///sha-256;…?ver=CBV2.0 (in a URL the question mark is %3F).");
        }
        return hash;
    }

    private string? EventType(string parameter, string text)
    {
        if (EventShape.Find(Encoding.UTF8.GetBytes(text)) is not null)
        {
            return text;
        }
        return ExpandUri(parameter, text, "is neither one of the five event types nor a URI");
    }

    private EpcisAction Action(string parameter, string text)
    {
        switch (text)
        {
            case "OBSERVE":
                return EpcisAction.Observe;
            case "ADD":
                return EpcisAction.Add;
            case "DELETE":
                return EpcisAction.Delete;
            default:
                Fault(parameter, $"\"{Shorten(text)}\" is no action: ADD, OBSERVE or DELETE.");
                return default; // not used: the fault refuses the query
        }
    }

    private string? Term(string parameter, string text, Vocabulary vocabulary)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (vocabulary.FindUri(bytes) is { } uri)
        {
            return uri;
        }
        const string ErrorReasonUrn = "urn:epcglobal:cbv:er:";
        if (ReferenceEquals(vocabulary, Vocabulary.ErrorReason) && text.StartsWith(ErrorReasonUrn, StringComparison.Ordinal) && vocabulary.FindUri(bytes.AsSpan(ErrorReasonUrn.Length)) is { } reason)
        {
            return reason;
        }
        return Vocabulary.TryReplaceUrn(bytes, out var start, out var word)
            ? Encoding.ASCII.GetString(start) + Encoding.UTF8.GetString(word)
            : ExpandUri(parameter, text, $"is neither {vocabulary.What} of the standard nor a URI");
    }

    private string? Uri(string parameter, string text) => ExpandUri(parameter, text, "is no URI") is { } uri ? ItemUris.Canonicalise(uri) : null;

    private string? PlainUri(string parameter, string text) => ExpandUri(parameter, text, "is no URI");

    private EpcPattern? Pattern(string parameter, string text)
    {
        // Asterisks are no fault of a pattern, and no URI has others.
        if (ExpandUri(parameter, text, "is no URI") is not { } uri)
        {
            return null;
        }
        if (EpcPattern.TryParse(uri, out var pattern, out var error))
        {
            return pattern;
        }
        Fault(parameter, $"\"{Shorten(text)}\": {error}");
        return null;
    }

    private string? ExpandUri(string parameter, string text, string complaint)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > UriSyntax.MaxBytes || !UriSyntax.IsAbsolute(bytes))
        {
            Fault(parameter, $"\"{Shorten(text)}\" {complaint}.");
            return null;
        }
        return _scope.TryExpand(bytes, out var namespaceUri, out var local) ? Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local) : text;
    }

    /// <summary>A text that the database may be asked for: it has no place for U+0000.</summary>
    private string? AttributeText(string parameter, string text)
    {
        if (!text.Contains('\0', StringComparison.Ordinal))
        {
            return text;
        }
        Fault(parameter, "has a character U+0000, which no text may have.");
        return null;
    }

    private static readonly string[] FieldsWithMasterData = ["readPoint", "bizLocation", "bizStep", "disposition", "epcClass"];

    private bool ReadAttribute(QueryParameter p)
    {
        foreach (var (start, isEqual) in (ReadOnlySpan<(string, bool)>)[("HASATTR_", false), ("EQATTR_", true), ("EQ_ATTR_", true)])
        {
            if (!p.Name.StartsWith(start, StringComparison.Ordinal))
            {
                continue;
            }
            var rest = p.Name[start.Length..];
            var field = FieldsWithMasterData
                .FirstOrDefault(f => isEqual ? rest.StartsWith(f + "_", StringComparison.Ordinal) && rest.Length > f.Length + 1 : rest == f);
            IReadOnlyList<string> names = [];
            if (field is null && !isEqual && rest.Contains(':', StringComparison.Ordinal))
            {
                if (FieldNames(p.Name, rest) is not { } found)
                {
                    return true;
                }
                (field, names) = (rest, found);
            }
            if (field is null || AttributeText(p.Name, p.Name) is null)
            {
                Fault(p.Name, isEqual
                    ? "asks about master data of readPoint, bizLocation, bizStep, disposition or epcClass, followed by the attribute's name."
                    : "asks about master data of readPoint, bizLocation, bizStep, disposition, epcClass or an extension field (prefix:name).");
            }
            else if (Values(p, AttributeText) is { } values)
            {
                _attributes.Add(isEqual
                    ? new AttributeCondition(p.Name, field, [ExpandName(rest[(field.Length + 1)..])], values)
                    : new AttributeCondition(p.Name, field, [.. values.Select(ExpandName)], null) { FieldNames = names });
            }
            return true;
        }
        return false;
    }

    /// <summary><c>EQ_ILMD_ex:field</c> and all its relatives.</summary>
    private bool ReadField(QueryParameter p)
    {
        var exists = p.Name.StartsWith("EXISTS_", StringComparison.Ordinal);
        var comparison = Comparison.Equal;
        var rest = "";
        if (exists)
        {
            rest = p.Name["EXISTS_".Length..];
        }
        else if (!TryComparison(p.Name, out comparison, out rest))
        {
            return false;
        }
        var inner = Cut(ref rest, "INNER_");
        var scope = Cut(ref rest, "ILMD_") ? FieldScope.Ilmd
            : Cut(ref rest, "ERROR_DECLARATION_") ? FieldScope.ErrorDeclaration
            : Cut(ref rest, "SENSORELEMENT_") ? FieldScope.SensorElement
            : Cut(ref rest, "SENSORMETADATA_") ? FieldScope.SensorMetadata
            : Cut(ref rest, "SENSORREPORT_") ? FieldScope.SensorReport
            : Cut(ref rest, "readPoint_") || Cut(ref rest, "READPOINT_") ? FieldScope.ReadPoint
            : Cut(ref rest, "bizLocation_") || Cut(ref rest, "BIZLOCATION_") ? FieldScope.BizLocation
            : FieldScope.Event;
        if (!rest.Contains(':', StringComparison.Ordinal))
        {
            return false;
        }
        var faults = _faults.Count;
        var names = FieldNames(p.Name, rest);
        FieldTest? test = exists ? new FieldTest.Exists() : FieldTestOf(p, comparison);
        if (_faults.Count == faults && names is not null && test is not null && (!exists || Exists(p)))
        {
            _criteria.Add(new FieldCriterion(p.Name, scope, inner, names, test));
        }
        return true;
    }

    private FieldTest? FieldTestOf(QueryParameter p, Comparison comparison)
    {
        if (comparison == Comparison.Equal)
        {
            var values = p.Form == ParameterForm.JsonScalar ? Single(p) is { } single ? [single] : null : Values(p, static (_, text) => text);
            if (values is not [var only])
            {
                return values is null ? null : new FieldTest.OneOf(values);
            }
            // One instant has many spellings.
            return EpcisTime.TryParse(Encoding.UTF8.GetBytes(only), out var equal) ? new FieldTest.Time(Comparison.Equal, equal) : new FieldTest.OneOf(values);
        }
        if (Single(p) is not { } text)
        {
            return null;
        }
        if (Comparisons.TryNumber(text, out var number))
        {
            return new FieldTest.Number(comparison, number);
        }
        if (EpcisTime.TryParse(Encoding.UTF8.GetBytes(text), out var instant))
        {
            return new FieldTest.Time(comparison, instant);
        }
        Fault(p.Name, $"\"{Shorten(text)}\" is neither a number nor a date-time with offset.");
        return null;
    }

    /// <summary>The expanded names that a fully qualified name (<c>prefix:name</c>, a URI, or <c>namespace#name</c>) stands for; null after a fault.</summary>
    private List<string>? FieldNames(string parameter, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length > UriSyntax.MaxBytes || !UriSyntax.IsAbsolute(bytes))
        {
            Fault(parameter, $"\"{Shorten(name)}\" is no fully qualified name: prefix:name, or the namespace with the name.");
            return null;
        }
        if (_scope.TryExpand(bytes, out var namespaceUri, out var local))
        {
            return [Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local)];
        }
        // EPCIS 1 writes the namespace, a hash sign and the name; namespaces end with or without one.
        var hash = name.LastIndexOf('#');
        if (hash > 0)
        {
            return [name, name[..hash] + name[(hash + 1)..]];
        }
        if (!name.Contains("//", StringComparison.Ordinal) && !name.StartsWith("urn:", StringComparison.Ordinal))
        {
            Fault(parameter, $"The prefix of \"{Shorten(name)}\" is not declared: name its namespace in the header GS1-Extensions (prefix=namespace) or the query's @context.");
            return null;
        }
        return [name];
    }

    private string ExpandName(string name) =>
        _scope.TryExpand(Encoding.UTF8.GetBytes(name), out var namespaceUri, out var local) ? Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local) : name;

    private static bool Cut(ref string text, string start)
    {
        if (!text.StartsWith(start, StringComparison.Ordinal))
        {
            return false;
        }
        text = text[start.Length..];
        return true;
    }
}
