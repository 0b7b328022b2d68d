namespace TrustChain.Core.Epcis;

/// <summary>
/// Writes the pre-hash string of one checked event (CBV 2.0 section 8.9.2). The decisions where implementations differ are in
/// <c>docs/event-hash.md</c>. Must only be called for events without faults: it relies on the shapes the reader checked.
/// </summary>
internal readonly ref partial struct EventPreHash
{
    private readonly PreHashBuffer _out;
    private readonly JsonTree _tree;
    private readonly PrefixScope _scope;

    private EventPreHash(PreHashBuffer buffer, JsonTree tree, PrefixScope scope)
    {
        _out = buffer;
        _tree = tree;
        _scope = scope;
    }

    /// <summary>Replaces the buffer's content. <paramref name="fields"/> has the node of each <see cref="EventField"/>, or 0.</summary>
    public static void Write(PreHashBuffer buffer, JsonTree tree, int node, ReadOnlySpan<int> fields, PrefixScope scope)
    {
        buffer.Clear();
        var writer = new EventPreHash(buffer, tree, scope);
        writer.WriteEvent(node, fields);
    }

    private void WriteEvent(int node, ReadOnlySpan<int> fields)
    {
        _out.Append("eventType="u8);
        _out.Append(_tree.Text(fields[(int)EventField.Type]));
        for (var field = EventField.EventTime; field <= EventField.Ilmd; field++)
        {
            if (fields[(int)field] is not 0 and var value)
            {
                WriteField(field, EventShape.Members[(int)field], value);
            }
        }
        WriteExtensions(node, EventShape.Members);
    }

    private void WriteField(EventField field, ReadOnlySpan<byte> name, int value)
    {
        switch (field)
        {
            case EventField.EventTime:
                WriteTime(name, value);
                break;
            case EventField.EventTimeZoneOffset or EventField.Action:
                WriteName(name);
                _out.Append(_tree.Text(value));
                break;
            case EventField.CertificationInfo:
                WriteValues(value, name);
                break;
            case EventField.EpcList or EventField.ChildEpcs or EventField.InputEpcList or EventField.OutputEpcList:
                var start = _out.Length;
                _out.Append(name);
                KeepIf(WriteValues(value, "epc"u8), start);
                break;
            case EventField.QuantityList or EventField.ChildQuantityList or EventField.InputQuantityList or EventField.OutputQuantityList:
                WriteQuantities(name, value);
                break;
            case EventField.BizStep:
                WriteTerm(name, value, Vocabulary.BizStep);
                break;
            case EventField.Disposition:
                WriteTerm(name, value, Vocabulary.Disposition);
                break;
            case EventField.PersistentDisposition:
                WritePersistentDisposition(name, value);
                break;
            case EventField.ReadPoint or EventField.BizLocation:
                WritePlace(name, value);
                break;
            case EventField.BizTransactionList:
                WriteReferences(name, value, "bizTransaction"u8, Vocabulary.BizTransactionType);
                break;
            case EventField.SourceList:
                WriteReferences(name, value, "source"u8, Vocabulary.SourceDestinationType);
                break;
            case EventField.DestinationList:
                WriteReferences(name, value, "destination"u8, Vocabulary.SourceDestinationType);
                break;
            case EventField.SensorElementList:
                WriteSensorElements(name, value);
                break;
            case EventField.Ilmd:
                var ilmd = _out.Length;
                _out.Append(name);
                KeepIf(WriteMembers(value), ilmd);
                break;
            default:
                WriteScalar(name, value);
                break;
        }
    }

    /// <summary>One <c>name=value</c> per item of an array, or for a single value, sorted; false when there is none.</summary>
    private bool WriteValues(int value, ReadOnlySpan<byte> name)
    {
        if (_tree.KindOf(value) != JsonKind.Array)
        {
            WriteScalar(name, value);
            return true;
        }
        var group = _out.BeginSort();
        for (var item = value + 1; item < _tree[value].Next; item = _tree[item].Next)
        {
            var start = _out.Length;
            WriteScalar(name, item);
            _out.EndPart(start);
        }
        _out.EndSort(group);
        return _tree.ChildCount(value) > 0;
    }

    private void WriteQuantities(ReadOnlySpan<byte> name, int list)
    {
        if (_tree.ChildCount(list) == 0)
        {
            return;
        }
        _out.Append(name);
        var group = _out.BeginSort();
        for (var element = list + 1; element < _tree[list].Next; element = _tree[element].Next)
        {
            var start = _out.Length;
            _out.Append("quantityElement"u8);
            WriteMember(element, "epcClass"u8);
            WriteMember(element, "quantity"u8);
            WriteMember(element, "uom"u8);
            _out.EndPart(start);
        }
        _out.EndSort(group);
    }

    private void WriteMember(int parent, ReadOnlySpan<byte> name)
    {
        if (_tree.Find(parent, name) is > 0 and var member)
        {
            WriteScalar(name, member);
        }
    }

    private void WriteReferences(ReadOnlySpan<byte> name, int list, ReadOnlySpan<byte> valueName, Vocabulary types)
    {
        if (_tree.ChildCount(list) == 0)
        {
            return;
        }
        _out.Append(name);
        var group = _out.BeginSort();
        for (var entry = list + 1; entry < _tree[list].Next; entry = _tree[entry].Next)
        {
            var start = _out.Length;
            if (_tree.Find(entry, "type"u8) is > 0 and var type)
            {
                WriteTerm("type"u8, type, types);
            }
            WriteMember(entry, valueName);
            _out.EndPart(start);
        }
        _out.EndSort(group);
    }

    private void WritePersistentDisposition(ReadOnlySpan<byte> name, int value)
    {
        _out.Append(name);
        foreach (var isSet in (ReadOnlySpan<bool>)[true, false])
        {
            var listName = isSet ? "set"u8 : "unset"u8;
            if (_tree.Find(value, listName) is > 0 and var list)
            {
                var group = _out.BeginSort();
                for (var item = list + 1; item < _tree[list].Next; item = _tree[item].Next)
                {
                    var start = _out.Length;
                    WriteTerm(listName, item, Vocabulary.Disposition);
                    _out.EndPart(start);
                }
                _out.EndSort(group);
            }
        }
    }

    private void WritePlace(ReadOnlySpan<byte> name, int place)
    {
        _out.Append(name);
        WriteMember(place, "id"u8);
        WriteExtensions(place, PlaceMembers);
    }

    private void WriteSensorElements(ReadOnlySpan<byte> name, int list)
    {
        if (_tree.ChildCount(list) == 0)
        {
            return;
        }
        _out.Append(name);
        var group = _out.BeginSort();
        for (var element = list + 1; element < _tree[list].Next; element = _tree[element].Next)
        {
            var start = _out.Length;
            _out.Append("sensorElement"u8);
            if (_tree.Find(element, "sensorMetadata"u8) is > 0 and var metadata)
            {
                var begin = _out.Length;
                _out.Append("sensorMetadata"u8);
                KeepIf(WriteSensorFields(metadata, SensorFields.Metadata), begin);
            }
            var reports = _tree.Find(element, "sensorReport"u8);
            var reportGroup = _out.BeginSort();
            for (var report = reports + 1; report < _tree[reports].Next; report = _tree[report].Next)
            {
                var begin = _out.Length;
                _out.Append("sensorReport"u8);
                WriteSensorFields(report, SensorFields.Report);
                _out.EndPart(begin);
            }
            _out.EndSort(reportGroup);
            WriteExtensions(element, SensorElementMembers);
            _out.EndPart(start);
        }
        _out.EndSort(group);
    }

    /// <summary>False when nothing was written.</summary>
    private bool WriteSensorFields(int parent, SensorFields fields)
    {
        var start = _out.Length;
        Span<int> nodes = stackalloc int[fields.Count];
        nodes.Clear();
        for (var member = parent + 1; member < _tree[parent].Next; member = _tree[member].Next)
        {
            if (fields.IndexOf(_tree.Name(member)) is >= 0 and var index)
            {
                nodes[index] = member;
            }
        }
        for (var index = 0; index < nodes.Length; index++)
        {
            if (nodes[index] == 0)
            {
                continue;
            }
            var node = nodes[index];
            var name = fields.Name(index);
            switch (fields.Value(index))
            {
                case SensorValue.Time:
                    WriteTime(name, node);
                    break;
                case SensorValue.MeasurementType:
                    WriteTerm(name, node, Vocabulary.Measurement);
                    break;
                case SensorValue.AlertType:
                    WriteTerm(name, node, Vocabulary.SensorAlert);
                    break;
                case SensorValue.Component:
                    WriteTerm(name, node, Vocabulary.Component);
                    break;
                default:
                    WriteScalar(name, node);
                    break;
            }
        }
        WriteExtensions(parent, fields.Members);
        return _out.Length > start;
    }

    private static readonly NameTable PlaceMembers = new("id");

    private static readonly NameTable SensorElementMembers = new("sensorMetadata", "sensorReport");

    /// <summary>Takes a container's name back when nothing followed it.</summary>
    private void KeepIf(bool hasContent, int start)
    {
        if (!hasContent)
        {
            _out.Truncate(start);
        }
    }
}
