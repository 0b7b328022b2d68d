using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>
/// Checks one event of a <see cref="JsonTree"/> against EPCIS 2.0 and takes its facts. One instance serves all events of a document, one after the
/// other. The rules are those of the official JSON schema with formats asserted; each place that is stricter or laxer says so.
/// </summary>
internal sealed partial class EventReader(JsonTree tree, FaultList faults, FaultList warnings, EpcisReadOptions options, PreHashBuffer buffer)
{
    private readonly int[] _fields = new int[Enum.GetValues<EventField>().Length];
    private PrefixScope _scope = PrefixScope.Standard;
    private List<EpcisItem> _items = [];
    private EventShape _shape = EventShape.Object;
    private int _epcs;

    /// <summary>The node of each <see cref="EventField"/> of the event read last, or 0.</summary>
    public int[] Fields => _fields;

    /// <summary>The prefixes in force in the event read last.</summary>
    public PrefixScope Scope => _scope;

    /// <summary>
    /// Null when the event has faults. <paramref name="documentContext"/> is the node of the document's context, or -1 for a bare event.
    /// </summary>
    public EpcisEvent? Read(int node, PrefixScope documentScope, int documentContext)
    {
        if (!Expect(node, JsonKind.Object, "An event") || ReadShape(node) is not { } shape)
        {
            return null;
        }
        _shape = shape;
        Collect(node, shape);
        var context = Field(EventField.Context);
        var usesUndeclared = context == 0 && (shape.Name is null || ContextNeed.HasPrefixedName(tree, node));
        if (documentContext < 0 && usesUndeclared)
        {
            // The schema wants a context in every bare event; without extensions there is nothing it could declare.
            faults.Add(tree, node, EpcisRules.MissingContext, "An event that uses extensions needs a @context on its own.");
        }
        _scope = context == 0 ? documentScope : ContextReader.Read(tree, context, documentScope, faults);
        _items = new List<EpcisItem>(4);

        var eventTime = ReadTime(Field(EventField.EventTime), node, "eventTime");
        var recordTime = Has(EventField.RecordTime) ? ReadTime(Field(EventField.RecordTime), node, "recordTime") : (DateTimeOffset?)null;
        var offset = ReadTimeZoneOffset(node);
        var eventId = Has(EventField.EventId) ? ReadUri(Field(EventField.EventId)) : null;
        var certificationInfo = ReadCertificationInfo();
        var errorDeclaration = ReadErrorDeclaration();
        var action = shape.Allows(EventField.Action) ? ReadAction(node, shape) : null;
        ReadItems();
        var bizStep = ReadTerm(EventField.BizStep, Vocabulary.BizStep);
        var disposition = ReadTerm(EventField.Disposition, Vocabulary.Disposition);
        CheckPersistentDisposition();
        var readPoint = ReadPlace(EventField.ReadPoint);
        var bizLocation = ReadPlace(EventField.BizLocation);
        var transformationId = Has(EventField.TransformationId) ? ReadIdentifier(Field(EventField.TransformationId)) : null;
        var bizTransactions = ReadReferences(EventField.BizTransactionList, "bizTransaction"u8, Vocabulary.BizTransactionType, typeRequired: false);
        var sources = ReadReferences(EventField.SourceList, "source"u8, Vocabulary.SourceDestinationType, typeRequired: true);
        var destinations = ReadReferences(EventField.DestinationList, "destination"u8, Vocabulary.SourceDestinationType, typeRequired: true);
        CheckSensorElements();
        CheckIlmd(shape, action);
        CheckSubject(node, shape, action);
        if (faults.Count > 0)
        {
            // One fault anywhere refuses the whole document, so hashing the rest would be wasted.
            return null;
        }
        EventPreHash.Write(buffer, tree, node, _fields, _scope);
        var raw = tree.Raw(node);
        var needsDocument = documentContext >= 0 && (usesUndeclared || ContextNeed.Has(tree, node, documentScope, _scope));
        return new EpcisEvent
        {
            EventType = shape.Name ?? Encoding.UTF8.GetString(tree.Text(Field(EventField.Type))),
            ExpandedEventType = shape.Name ?? Resolve(tree.Text(Field(EventField.Type))),
            SensorReadings = ReadSensorReadings(),
            EventId = eventId,
            EventTime = eventTime,
            EventTimeZoneOffset = offset,
            RecordTime = recordTime,
            Action = action,
            BizStep = bizStep,
            Disposition = disposition,
            ReadPoint = readPoint,
            BizLocation = bizLocation,
            TransformationId = transformationId,
            Items = _items,
            Sources = sources,
            Destinations = destinations,
            BizTransactions = bizTransactions,
            CertificationInfo = certificationInfo,
            ErrorDeclaration = errorDeclaration,
            HasIlmd = Has(EventField.Ilmd),
            EventHash = buffer.ComputeHash(),
            Utf8 = raw,
            DocumentContext = needsDocument ? tree.Raw(documentContext) : default,
            OwnContext = context == 0 ? default : (tree[context].Start - tree[node].Start, tree[context].Length),
        };
    }

    private EventShape? ReadShape(int node)
    {
        var type = tree.Find(node, "type"u8);
        if (type < 0)
        {
            Missing(node, "type");
            return null;
        }
        if (!Expect(type, JsonKind.String, "The type of an event"))
        {
            return null;
        }
        var text = tree.Text(type);
        if (EventShape.Find(text) is { } shape)
        {
            return shape;
        }
        if (text.Length <= UriSyntax.MaxBytes && UriSyntax.IsAbsolute(text))
        {
            return EventShape.Extension;
        }
        faults.Add(tree, type, EpcisRules.UnknownEventType,
            $"{FaultList.Quote(text)} is none of the five EPCIS event types, and no URI or prefixed name of another.");
        return null;
    }

    /// <summary>Finds the node of each member the type may have.</summary>
    private void Collect(int node, EventShape shape)
    {
        Array.Clear(_fields);
        for (var member = node + 1; member < tree[node].Next; member = tree[member].Next)
        {
            var name = tree.Name(member);
            var field = EventShape.Members.Find(name);
            if (field >= 0 && shape.Allows((EventField)field))
            {
                _fields[field] = member;
            }
            else if (field >= 0)
            {
                faults.Add(tree, member, EpcisRules.MemberNotAllowed, $"A {shape.Name} has no {Encoding.UTF8.GetString(name)}.");
            }
            else
            {
                CheckExtensionName(member, "an event");
            }
        }
    }

    private int Field(EventField field) => _fields[(int)field];

    private bool Has(EventField field) => _fields[(int)field] != 0;

    private string ReadTimeZoneOffset(int node)
    {
        var value = Field(EventField.EventTimeZoneOffset);
        if (value == 0)
        {
            Missing(node, "eventTimeZoneOffset");
        }
        else if (Expect(value, JsonKind.String, "eventTimeZoneOffset"))
        {
            if (EpcisTime.IsOffset(tree.Text(value)))
            {
                return Encoding.UTF8.GetString(tree.Text(value));
            }
            faults.Add(tree, value, EpcisRules.InvalidTimeZoneOffset, "A time zone offset is +hh:mm or -hh:mm, up to 14:00.");
        }
        return "";
    }

    private EpcisAction? ReadAction(int node, EventShape shape)
    {
        var value = Field(EventField.Action);
        if (value == 0)
        {
            if (shape.Name is not null)
            {
                Missing(node, "action");
            }
            return null;
        }
        if (!Expect(value, JsonKind.String, "action"))
        {
            return null;
        }
        var text = tree.Text(value);
        if (text.SequenceEqual("OBSERVE"u8))
        {
            return EpcisAction.Observe;
        }
        if (text.SequenceEqual("ADD"u8))
        {
            return EpcisAction.Add;
        }
        if (text.SequenceEqual("DELETE"u8))
        {
            return EpcisAction.Delete;
        }
        faults.Add(tree, value, EpcisRules.UnknownValue, $"{FaultList.Quote(text)} is no action: OBSERVE, ADD or DELETE.");
        return null;
    }

    private string[] ReadCertificationInfo()
    {
        var value = Field(EventField.CertificationInfo);
        if (value == 0)
        {
            return [];
        }
        if (tree.KindOf(value) != JsonKind.Array)
        {
            return ReadUri(value) is { } single ? [single] : [];
        }
        return ReadUris(value);
    }

    private ErrorDeclaration? ReadErrorDeclaration()
    {
        var value = Field(EventField.ErrorDeclaration);
        if (value == 0 || !Expect(value, JsonKind.Object, "errorDeclaration"))
        {
            return null;
        }
        var time = 0;
        string? reason = null;
        string[] corrective = [];
        for (var member = value + 1; member < tree[value].Next; member = tree[member].Next)
        {
            var name = tree.Name(member);
            if (name.SequenceEqual("declarationTime"u8))
            {
                time = member;
            }
            else if (name.SequenceEqual("reason"u8))
            {
                reason = ReadTerm(member, Vocabulary.ErrorReason);
            }
            else if (name.SequenceEqual("correctiveEventIDs"u8))
            {
                corrective = Expect(member, JsonKind.Array, "correctiveEventIDs") ? ReadUris(member) : [];
            }
            else
            {
                CheckExtensionName(member, "an errorDeclaration");
            }
        }
        return new ErrorDeclaration(tree.Raw(value), ReadTime(time, value, "declarationTime"), reason, corrective);
    }

    /// <summary>The lists without which an event of its type says nothing, by type and action.</summary>
    private void CheckSubject(int node, EventShape shape, EpcisAction? action)
    {
        if (shape == EventShape.Object)
        {
            // The schema lets an empty epcList stand, and a sensor reading at a place without any object.
            var isReading = HasEntries(EventField.SensorElementList) && Has(EventField.ReadPoint);
            if (!Has(EventField.EpcList) && !HasEntries(EventField.QuantityList) && !isReading)
            {
                MissingSubject(node, "An ObjectEvent needs an epcList, a quantityList with entries, or sensor data with a readPoint.");
            }
        }
        else if (shape == EventShape.Aggregation || shape == EventShape.Association)
        {
            // The standard (sections 7.4.4 and 7.4.7) asks for the parent of an aggregation unless it is only observed; the schema does not.
            if (!Has(EventField.ParentId) && (shape == EventShape.Association || action != EpcisAction.Observe))
            {
                Missing(node, "parentID");
            }
            if (action != EpcisAction.Delete && !HasEntries(EventField.ChildEpcs) && !HasEntries(EventField.ChildQuantityList))
            {
                MissingSubject(node, "Unless its action is DELETE, the event needs childEPCs or a childQuantityList with entries.");
            }
        }
        else if (shape == EventShape.Transaction)
        {
            if (!HasEntries(EventField.BizTransactionList))
            {
                MissingSubject(node, "A TransactionEvent needs a bizTransactionList with entries.");
            }
            if (action != EpcisAction.Delete && !Has(EventField.EpcList) && !HasEntries(EventField.QuantityList))
            {
                MissingSubject(node, "Unless its action is DELETE, a TransactionEvent needs an epcList or a quantityList with entries.");
            }
        }
        else if (shape == EventShape.Transformation)
        {
            var inputs = HasEntries(EventField.InputEpcList) || HasEntries(EventField.InputQuantityList);
            var outputs = HasEntries(EventField.OutputEpcList) || HasEntries(EventField.OutputQuantityList);
            if (!(inputs && outputs) && !((inputs || outputs) && Has(EventField.TransformationId)))
            {
                MissingSubject(node, "A TransformationEvent needs inputs and outputs, or one of the two and a transformationID.");
            }
        }
    }

    private void MissingSubject(int node, string message) => faults.Add(tree, node, EpcisRules.MissingSubject, message);

    private bool HasEntries(EventField field) =>
        Has(field) && tree.KindOf(Field(field)) == JsonKind.Array && tree.ChildCount(Field(field)) > 0;
}
