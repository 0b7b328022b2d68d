namespace TrustChain.Core.Epcis;

/// <summary>The sensorElementList of an event.</summary>
internal sealed partial class EventReader
{
    private void CheckSensorElements()
    {
        var list = Field(EventField.SensorElementList);
        if (list == 0 || !Expect(list, JsonKind.Array, "sensorElementList"))
        {
            return;
        }
        for (var element = list + 1; element < tree[list].Next && !faults.IsFull; element = tree[element].Next)
        {
            if (Expect(element, JsonKind.Object, "A sensor element"))
            {
                CheckSensorElement(element);
            }
        }
    }

    private void CheckSensorElement(int element)
    {
        var reports = 0;
        for (var member = element + 1; member < tree[element].Next; member = tree[member].Next)
        {
            if (tree.Name(member).SequenceEqual("sensorMetadata"u8))
            {
                CheckSensorMembers(member, SensorFields.Metadata, "sensorMetadata");
            }
            else if (tree.Name(member).SequenceEqual("sensorReport"u8))
            {
                reports = member;
            }
            else
            {
                CheckExtensionName(member, "a sensor element");
            }
        }
        if (reports == 0)
        {
            Missing(element, "sensorReport");
            return;
        }
        if (!Expect(reports, JsonKind.Array, "sensorReport"))
        {
            return;
        }
        if (tree.ChildCount(reports) == 0)
        {
            faults.Add(tree, reports, EpcisRules.EmptyList, "A sensor element needs at least one report.");
        }
        for (var report = reports + 1; report < tree[reports].Next && !faults.IsFull; report = tree[report].Next)
        {
            if (CheckSensorMembers(report, SensorFields.Report, "A sensor report") && tree.Find(report, "type"u8) < 0)
            {
                Missing(report, "type");
            }
        }
    }

    private bool CheckSensorMembers(int parent, SensorFields fields, string what)
    {
        if (!Expect(parent, JsonKind.Object, what))
        {
            return false;
        }
        for (var member = parent + 1; member < tree[parent].Next; member = tree[member].Next)
        {
            switch (fields.Find(tree.Name(member)))
            {
                case null:
                    CheckExtensionName(member, "sensor data");
                    break;
                case SensorValue.Uri:
                    CheckUri(member);
                    break;
                case SensorValue.Time:
                    ReadTime(member, parent, "");
                    break;
                case SensorValue.Number:
                    CheckNumber(member);
                    break;
                case SensorValue.Text:
                    Expect(member, JsonKind.String, "The value");
                    break;
                case SensorValue.HexBinary:
                    CheckHexBinary(member);
                    break;
                case SensorValue.Boolean:
                    if (tree.KindOf(member) is not (JsonKind.True or JsonKind.False))
                    {
                        faults.Add(tree, member, EpcisRules.WrongType, "The value is true or false.");
                    }
                    break;
                case SensorValue.MeasurementType:
                    ReadTerm(member, Vocabulary.Measurement);
                    break;
                case SensorValue.AlertType:
                    ReadTerm(member, Vocabulary.SensorAlert);
                    break;
                case SensorValue.Component:
                    ReadTerm(member, Vocabulary.Component);
                    break;
            }
        }
        return true;
    }

    private void CheckHexBinary(int node)
    {
        if (!Expect(node, JsonKind.String, "A hexBinaryValue"))
        {
            return;
        }
        var text = tree.Text(node);
        foreach (var b in text)
        {
            if (!char.IsAsciiHexDigit((char)b))
            {
                faults.Add(tree, node, EpcisRules.InvalidFormat, "A hexBinaryValue has only hexadecimal digits.");
                return;
            }
        }
        if (text.IsEmpty)
        {
            faults.Add(tree, node, EpcisRules.InvalidFormat, "A hexBinaryValue has at least one digit.");
        }
    }
}
