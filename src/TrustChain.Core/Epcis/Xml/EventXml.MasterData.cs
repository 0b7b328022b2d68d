using System.Text;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>Master data: the JSON array <c>vocabularyList</c> as a <c>VocabularyList</c>.</summary>
internal sealed partial class EventXml
{
    public IReadOnlyList<EpcisXmlLoss> WriteVocabularyList(ReadOnlyMemory<byte> utf8, ReadOnlyMemory<byte> context)
    {
        var scope = PrefixScope.Standard;
        if (!context.IsEmpty)
        {
            using var contextTree = new JsonTree(context);
            if (JsonTreeReader.TryRead(context, Stored, new FaultList(), contextTree))
            {
                scope = ContextReader.Read(contextTree, 0, PrefixScope.Standard, new FaultList());
            }
        }
        Read(utf8, JsonKind.Array);
        _scope = scope;
        _xml.WriteStartElement("VocabularyList");
        DeclarePrefixes();
        for (var vocabulary = 1; vocabulary < _tree[0].Next; vocabulary = _tree[vocabulary].Next)
        {
            if (_tree.KindOf(vocabulary) == JsonKind.Object)
            {
                WriteVocabulary(vocabulary);
            }
        }
        _xml.WriteEndElement();
        return Losses();
    }

    private void WriteVocabulary(int vocabulary)
    {
        _xml.WriteStartElement("Vocabulary");
        WriteKey(vocabulary, "type");
        WriteObjectMembers(vocabulary, ["vocabularyElementList", "type"], (member, name) =>
        {
            if (name == "vocabularyElementList" && _tree.ChildCount(member) > 0)
            {
                WriteList("VocabularyElementList", member, "VocabularyElement", allowEmpty: false, WriteVocabularyElement);
            }
        });
        _xml.WriteEndElement();
    }

    private void WriteVocabularyElement(int element)
    {
        WriteKey(element, "id");
        WriteObjectMembers(element, ["attributes", "children", "id"], (member, name) =>
        {
            if (name == "children")
            {
                WriteList("children", member, "id", allowEmpty: false, WriteValue);
            }
            else if (name == "attributes")
            {
                for (var attribute = member + 1; attribute < _tree[member].Next; attribute = _tree[attribute].Next)
                {
                    WriteMasterDataAttribute(attribute);
                }
            }
        });
    }

    private void WriteMasterDataAttribute(int attribute)
    {
        var content = _tree.Find(attribute, "attribute"u8);
        if (content > 0 && _tree.KindOf(content) == JsonKind.String && !IsXml(Text(content)))
        {
            Lose(content, Unprintable);
            return;
        }
        _xml.WriteStartElement("attribute");
        WriteKey(attribute, "id");
        if (content > 0 && _tree.KindOf(content) == JsonKind.Object)
        {
            WriteContent(content);
        }
        else if (content > 0)
        {
            WriteValue(content);
        }
        _xml.WriteEndElement();
    }

    private void WriteKey(int parent, string name)
    {
        if (_tree.Find(parent, Encoding.ASCII.GetBytes(name)) is > 0 and var key)
        {
            _xml.WriteAttributeString(name, Value(key));
        }
    }
}
