namespace TrustChain.Core.Epcis;

/// <summary>Checks what surrounds the events: document, query document, header and master data.</summary>
internal sealed class DocumentReader(JsonTree tree, FaultList faults, EpcisReadOptions options, EventReader eventReader, List<EpcisEvent> events)
{
    private static readonly NameTable DocumentMembers = new(
        "@context", "type", "schemaVersion", "creationDate", "epcisBody", "id", "instanceIdentifier", "sender", "receiver", "epcisHeader");

    private static readonly NameTable QueryMembers = new("@context", "type", "schemaVersion", "creationDate", "epcisBody", "id");
    private static readonly NameTable BodyMembers = new("eventList");
    private static readonly NameTable QueryBodyMembers = new("queryResults");
    private static readonly NameTable QueryResultsMembers = new("queryName", "subscriptionID", "resultsBody");
    private static readonly NameTable ResultsMembers = new("eventList", "vocabularyList");
    private static readonly NameTable HeaderMembers = new("epcisMasterData");

    /// <summary>The master data of a document without faults.</summary>
    public IReadOnlyList<VocabularyElement> MasterData { get; private set; } = [];

    public EpcisDocumentKind Read()
    {
        if (tree.KindOf(0) != JsonKind.Object)
        {
            faults.Add(tree, 0, EpcisRules.NotEpcis, "EPCIS is one JSON object.");
            return EpcisDocumentKind.Unknown;
        }
        var type = tree.Find(0, "type"u8);
        if (type < 0 || tree.KindOf(type) != JsonKind.String)
        {
            faults.Add(tree, 0, EpcisRules.NotEpcis, "The type is missing: EPCISDocument, EPCISQueryDocument or an event type.");
            return EpcisDocumentKind.Unknown;
        }
        if (tree.Text(type).SequenceEqual("EPCISDocument"u8))
        {
            ReadDocument();
            return EpcisDocumentKind.Document;
        }
        if (tree.Text(type).SequenceEqual("EPCISQueryDocument"u8))
        {
            ReadQueryDocument();
            return EpcisDocumentKind.QueryDocument;
        }
        if (eventReader.Read(0, PrefixScope.Standard, documentContext: -1) is { } single)
        {
            events.Add(single);
        }
        return EpcisDocumentKind.Event;
    }

    private void ReadDocument()
    {
        Span<int> members = stackalloc int[DocumentMembers.Count];
        Collect(0, DocumentMembers, required: 5, members);
        var (context, scope) = ReadEnvelope(members);
        foreach (var text in members[6..9])
        {
            Expect(text, JsonKind.String, "The value");
        }
        if (Expect(members[9], JsonKind.Object, "epcisHeader"))
        {
            Span<int> header = stackalloc int[HeaderMembers.Count];
            Collect(members[9], HeaderMembers, required: 0, header);
            if (Expect(header[0], JsonKind.Object, "epcisMasterData") && tree.Find(header[0], "vocabularyList"u8) is > 0 and var vocabularies)
            {
                ReadVocabularies(vocabularies, scope);
            }
        }
        if (Expect(members[4], JsonKind.Object, "epcisBody"))
        {
            // The schema lets any name stand here; one without a prefix would be data nobody reads.
            Span<int> body = stackalloc int[BodyMembers.Count];
            Collect(members[4], BodyMembers, required: 1, body);
            ReadEvents(body[0], scope, context);
        }
    }

    private void ReadQueryDocument()
    {
        Span<int> members = stackalloc int[QueryMembers.Count];
        Collect(0, QueryMembers, required: 2, members);
        var (context, scope) = ReadEnvelope(members);
        if (members[4] == 0)
        {
            Missing(0, "epcisBody");
        }
        else if (Expect(members[4], JsonKind.Object, "epcisBody"))
        {
            Span<int> body = stackalloc int[QueryBodyMembers.Count];
            Collect(members[4], QueryBodyMembers, required: 1, body);
            if (Expect(body[0], JsonKind.Object, "queryResults"))
            {
                ReadQueryResults(body[0], scope, context);
            }
        }
    }

    private void ReadQueryResults(int queryResults, PrefixScope scope, int context)
    {
        Span<int> results = stackalloc int[QueryResultsMembers.Count];
        Collect(queryResults, QueryResultsMembers, required: 1, results);
        Expect(results[0], JsonKind.String, "queryName");
        Expect(results[1], JsonKind.String, "subscriptionID");
        if (results[2] == 0)
        {
            Missing(queryResults, "resultsBody");
        }
        else if (Expect(results[2], JsonKind.Object, "resultsBody"))
        {
            Span<int> lists = stackalloc int[ResultsMembers.Count];
            Collect(results[2], ResultsMembers, required: 1, lists);
            if (lists[1] != 0)
            {
                ReadVocabularies(lists[1], scope);
            }
            ReadEvents(lists[0], scope, context);
        }
    }

    /// <summary>The members both documents have. The context's node is 0 when it is missing, which is a fault already.</summary>
    private (int Context, PrefixScope Scope) ReadEnvelope(ReadOnlySpan<int> members)
    {
        if (Expect(members[2], JsonKind.String, "schemaVersion") && !IsVersion(tree.Text(members[2])))
        {
            faults.Add(tree, members[2], EpcisRules.InvalidFormat, "A schemaVersion is numbers with points, such as 2.0.");
        }
        if (Expect(members[3], JsonKind.String, "creationDate") && !EpcisTime.TryParse(tree.Text(members[3]), out _))
        {
            faults.Add(tree, members[3], EpcisRules.InvalidTime, "The creationDate is no date-time with offset.");
        }
        CheckUri(members[5]);
        var context = members[0];
        return (context, context == 0 ? PrefixScope.Standard : ContextReader.Read(tree, context, PrefixScope.Standard, faults));
    }

    private void ReadEvents(int list, PrefixScope scope, int context)
    {
        if (!Expect(list, JsonKind.Array, "eventList"))
        {
            return;
        }
        if (tree.ChildCount(list) > options.MaxEvents)
        {
            faults.Add(
                tree, list, EpcisRules.TooManyEvents, $"The document has {tree.ChildCount(list)} events; at most {options.MaxEvents} are read.");
            return;
        }
        events.EnsureCapacity(tree.ChildCount(list));
        for (var item = list + 1; item < tree[list].Next && !faults.IsFull; item = tree[item].Next)
        {
            if (eventReader.Read(item, scope, context) is { } read)
            {
                events.Add(read);
            }
        }
    }

    private void ReadVocabularies(int list, PrefixScope scope)
    {
        CheckVocabularies(list);
        if (faults.Count == 0)
        {
            MasterData = VocabularyElement.ReadAll(tree, list, scope);
        }
    }

    private void CheckVocabularies(int list)
    {
        foreach (var vocabulary in ObjectsOf(list, "vocabularyList"))
        {
            CheckRequiredUri(vocabulary, "type"u8);
            if (tree.Find(vocabulary, "vocabularyElementList"u8) is not (> 0 and var elements))
            {
                continue;
            }
            foreach (var element in ObjectsOf(elements, "vocabularyElementList"))
            {
                CheckRequiredUri(element, "id"u8);
                if (tree.Find(element, "attributes"u8) is > 0 and var attributes)
                {
                    foreach (var attribute in ObjectsOf(attributes, "attributes"))
                    {
                        CheckRequiredUri(attribute, "id"u8);
                        if (tree.Find(attribute, "attribute"u8) is > 0 and var value
                            && tree.KindOf(value) is not (JsonKind.Number or JsonKind.String or JsonKind.Object))
                        {
                            faults.Add(tree, value, EpcisRules.WrongType, "An attribute is a number, a string or an object.");
                        }
                    }
                }
                if (tree.Find(element, "children"u8) is > 0 and var children && Expect(children, JsonKind.Array, "children"))
                {
                    for (var child = children + 1; child < tree[children].Next && !faults.IsFull; child = tree[child].Next)
                    {
                        CheckUri(child);
                    }
                }
            }
        }
    }

    private IEnumerable<int> ObjectsOf(int list, string what)
    {
        if (!Expect(list, JsonKind.Array, what))
        {
            yield break;
        }
        for (var item = list + 1; item < tree[list].Next && !faults.IsFull; item = tree[item].Next)
        {
            if (Expect(item, JsonKind.Object, $"An entry of {what}"))
            {
                yield return item;
            }
        }
    }

    private void CheckRequiredUri(int parent, ReadOnlySpan<byte> name)
    {
        if (tree.Find(parent, name) is > 0 and var value)
        {
            CheckUri(value);
        }
        else
        {
            Missing(parent, System.Text.Encoding.ASCII.GetString(name));
        }
    }

    /// <summary>Finds the members of an object; the first <paramref name="required"/> must be there, and other names be prefixed.</summary>
    private void Collect(int parent, NameTable names, int required, Span<int> members)
    {
        members.Clear();
        for (var member = parent + 1; member < tree[parent].Next && !faults.IsFull; member = tree[member].Next)
        {
            if (names.Find(tree.Name(member)) is >= 0 and var index)
            {
                members[index] = member;
            }
            else if (!UriSyntax.IsAbsolute(tree.Name(member)))
            {
                faults.Add(tree, member, EpcisRules.UnknownMember,
                    $"The standard has no member {FaultList.Quote(tree.Name(member))} here, and an extension is written prefix:name.");
            }
        }
        for (var index = 0; index < required; index++)
        {
            if (members[index] == 0)
            {
                Missing(parent, System.Text.Encoding.ASCII.GetString(names[index]));
            }
        }
    }

    /// <summary>False for an absent member (node 0), and with a fault for one of another type.</summary>
    private bool Expect(int node, JsonKind kind, string what)
    {
        if (node == 0 || tree.KindOf(node) == kind)
        {
            return node != 0;
        }
        var expected = kind switch { JsonKind.Object => "an object", JsonKind.Array => "an array", _ => "a string" };
        faults.Add(tree, node, EpcisRules.WrongType, $"{what} is {expected}.");
        return false;
    }

    private void CheckUri(int node)
    {
        if (Expect(node, JsonKind.String, "A URI") && !UriSyntax.IsAbsolute(tree.Text(node)))
        {
            faults.Add(tree, node, EpcisRules.InvalidUri, $"{FaultList.Quote(tree.Text(node))} is no absolute URI.");
        }
    }

    private void Missing(int parent, string name) => faults.Add(tree, parent, EpcisRules.MissingMember, $"The required member {name} is missing.");

    private static bool IsVersion(ReadOnlySpan<byte> text)
    {
        foreach (var range in text.Split((byte)'.'))
        {
            var part = text[range];
            if (part.IsEmpty || part.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return false;
            }
        }
        return true;
    }
}
