using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>The lists and small objects of an event.</summary>
internal sealed partial class EventReader
{
    private static readonly NameTable QuantityMembers = new("epcClass", "quantity", "uom");

    private void ReadItems()
    {
        if (Has(EventField.ParentId) && Count(1, Field(EventField.ParentId)))
        {
            AddItem(Field(EventField.ParentId), ItemRole.ParentId);
        }
        ReadEpcs(EventField.EpcList, ItemRole.Epc);
        ReadEpcs(EventField.ChildEpcs, ItemRole.ChildEpc);
        ReadEpcs(EventField.InputEpcList, ItemRole.InputEpc);
        ReadEpcs(EventField.OutputEpcList, ItemRole.OutputEpc);
        ReadQuantities(EventField.QuantityList, ItemRole.ClassEpc);
        ReadQuantities(EventField.ChildQuantityList, ItemRole.ChildClass);
        ReadQuantities(EventField.InputQuantityList, ItemRole.InputClass);
        ReadQuantities(EventField.OutputQuantityList, ItemRole.OutputClass);
    }

    private void AddItem(int node, ItemRole role)
    {
        if (ReadIdentifier(node) is { } canonical)
        {
            _items.Add(new EpcisItem(canonical, role));
        }
    }

    /// <summary>False when the list takes the document over its number of EPCs, before any of them is read; with a fault the first time.</summary>
    private bool Count(int entries, int node)
    {
        var wasOver = _epcs > options.MaxEpcs;
        _epcs += entries;
        if (_epcs > options.MaxEpcs && !wasOver)
        {
            faults.Add(tree, node, EpcisRules.TooManyEpcs, $"The document has more than {options.MaxEpcs} EPCs.");
        }
        return _epcs <= options.MaxEpcs;
    }

    private void ReadEpcs(EventField field, ItemRole role)
    {
        var list = Field(field);
        if (list == 0 || !Expect(list, JsonKind.Array, "A list of EPCs") || !Count(tree.ChildCount(list), list))
        {
            return;
        }
        _items.EnsureCapacity(_items.Count + tree.ChildCount(list));
        for (var item = list + 1; item < tree[list].Next && !faults.IsFull; item = tree[item].Next)
        {
            AddItem(item, role);
        }
        // childEPCs, and the epcList of a TransactionEvent, may repeat by the schema.
        if (field is EventField.InputEpcList or EventField.OutputEpcList || (field == EventField.EpcList && _shape == EventShape.Object))
        {
            CheckDistinct(list);
        }
    }

    private void CheckDistinct(int list)
    {
        if (tree.ChildCount(list) < 2)
        {
            return;
        }
        if (tree.ChildCount(list) <= 8)
        {
            for (var later = tree[list + 1].Next; later < tree[list].Next; later = tree[later].Next)
            {
                for (var earlier = list + 1; earlier < later; earlier = tree[earlier].Next)
                {
                    if (tree.Text(earlier).SequenceEqual(tree.Text(later)))
                    {
                        Duplicate(later);
                        return;
                    }
                }
            }
            return;
        }
        var seen = new HashSet<string>(tree.ChildCount(list));
        for (var item = list + 1; item < tree[list].Next; item = tree[item].Next)
        {
            if (!seen.Add(Encoding.UTF8.GetString(tree.Text(item))))
            {
                Duplicate(item);
                return;
            }
        }
    }

    private void Duplicate(int node) => faults.Add(tree, node, EpcisRules.DuplicateValue, "The list has this value twice.");

    private void ReadQuantities(EventField field, ItemRole role)
    {
        var list = Field(field);
        if (list == 0 || !Expect(list, JsonKind.Array, "A list of quantities") || !Count(tree.ChildCount(list), list))
        {
            return;
        }
        for (var element = list + 1; element < tree[list].Next && !faults.IsFull; element = tree[element].Next)
        {
            if (Expect(element, JsonKind.Object, "A quantity element"))
            {
                ReadQuantity(element, role);
            }
        }
    }

    private void ReadQuantity(int element, ItemRole role)
    {
        var hasClass = false;
        for (var member = element + 1; member < tree[element].Next; member = tree[member].Next)
        {
            switch (QuantityMembers.Find(tree.Name(member)))
            {
                case 0:
                    hasClass = true;
                    AddItem(member, role);
                    break;
                case 1:
                    CheckNumber(member);
                    break;
                case 2:
                    if (Expect(member, JsonKind.String, "uom") && !IsUnit(tree.Text(member)))
                    {
                        faults.Add(tree, member, EpcisRules.InvalidFormat, "A uom is a UN/ECE Rec. 20 code: two or three capitals or digits.");
                    }
                    break;
                default:
                    NotDefined(member, "a quantity element");
                    break;
            }
        }
        if (!hasClass)
        {
            Missing(element, "epcClass");
        }
    }

    private static bool IsUnit(ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            if (!char.IsAsciiDigit((char)b) && !char.IsAsciiLetterUpper((char)b))
            {
                return false;
            }
        }
        return text.Length is 2 or 3;
    }

    private void NotDefined(int member, string where) => faults.Add(tree, member, EpcisRules.UnknownMember,
        $"There is no member {FaultList.Quote(tree.Name(member))} in {where}, and no extensions.");

    private EpcisReference[] ReadReferences(EventField field, ReadOnlySpan<byte> valueName, Vocabulary types, bool typeRequired)
    {
        var list = Field(field);
        if (list == 0 || !Expect(list, JsonKind.Array, "The list"))
        {
            return [];
        }
        var references = new List<EpcisReference>(tree.ChildCount(list));
        for (var entry = list + 1; entry < tree[list].Next && !faults.IsFull; entry = tree[entry].Next)
        {
            if (!Expect(entry, JsonKind.Object, "An entry of the list"))
            {
                continue;
            }
            int type = 0, value = 0;
            for (var member = entry + 1; member < tree[entry].Next; member = tree[member].Next)
            {
                if (tree.Name(member).SequenceEqual("type"u8))
                {
                    type = member;
                }
                else if (tree.Name(member).SequenceEqual(valueName))
                {
                    value = member;
                }
                else
                {
                    NotDefined(member, "an entry of this list");
                }
            }
            if (type == 0 && typeRequired)
            {
                Missing(entry, "type");
            }
            if (value == 0)
            {
                Missing(entry, Encoding.ASCII.GetString(valueName));
                continue;
            }
            var typeUri = type == 0 ? null : ReadTerm(type, types);
            if (ReadIdentifier(value) is { } canonical)
            {
                references.Add(new EpcisReference(typeUri, canonical));
            }
        }
        return [.. references];
    }

    private string? ReadPlace(EventField field)
    {
        var place = Field(field);
        if (place == 0 || !Expect(place, JsonKind.Object, "A place"))
        {
            return null;
        }
        var id = 0;
        for (var member = place + 1; member < tree[place].Next; member = tree[member].Next)
        {
            if (tree.Name(member).SequenceEqual("id"u8))
            {
                id = member;
            }
            else
            {
                // The schema says nothing about other names here; without a prefix they would be no extension.
                CheckExtensionName(member, "a place");
            }
        }
        if (id == 0)
        {
            Missing(place, "id");
            return null;
        }
        return ReadIdentifier(id);
    }

    private void CheckPersistentDisposition()
    {
        var value = Field(EventField.PersistentDisposition);
        if (value == 0 || !Expect(value, JsonKind.Object, "persistentDisposition"))
        {
            return;
        }
        if (tree.ChildCount(value) == 0)
        {
            faults.Add(tree, value, EpcisRules.MissingMember, "A persistentDisposition has set or unset.");
        }
        for (var member = value + 1; member < tree[value].Next; member = tree[member].Next)
        {
            if (!tree.Name(member).SequenceEqual("set"u8) && !tree.Name(member).SequenceEqual("unset"u8))
            {
                NotDefined(member, "a persistentDisposition");
            }
            else if (Expect(member, JsonKind.Array, "A list of dispositions"))
            {
                if (tree.ChildCount(member) == 0)
                {
                    faults.Add(tree, member, EpcisRules.EmptyList, "The list needs at least one disposition.");
                }
                for (var item = member + 1; item < tree[member].Next && !faults.IsFull; item = tree[item].Next)
                {
                    ReadTerm(item, Vocabulary.Disposition);
                }
                CheckDistinct(member);
            }
        }
    }

    private void CheckIlmd(EventShape shape, EpcisAction? action)
    {
        var ilmd = Field(EventField.Ilmd);
        if (ilmd == 0 || !Expect(ilmd, JsonKind.Object, "ilmd"))
        {
            return;
        }
        if (shape == EventShape.Object && action is EpcisAction.Observe or EpcisAction.Delete)
        {
            faults.Add(tree, ilmd, EpcisRules.MemberNotAllowed, "An ObjectEvent has ilmd only with the action ADD.");
        }
        for (var member = ilmd + 1; member < tree[ilmd].Next; member = tree[member].Next)
        {
            CheckExtensionName(member, "ilmd");
        }
    }
}
