using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>
/// A stored event read for comparing it with a query: its facts and every value of its JSON. It keeps pooled memory: dispose it. Not for use by several
/// threads.
/// </summary>
public sealed class QueryableEvent : IDisposable
{
    private readonly JsonTree _tree;
    private readonly int[] _fields;

    private QueryableEvent(JsonTree tree, EpcisEvent read, int[] fields, PrefixScope scope, string eventId, DateTimeOffset recordTime)
    {
        (_tree, _fields, Scope, Event, EventId, RecordTime) = (tree, fields, scope, read, eventId, recordTime);
    }

    /// <summary>The event's facts.</summary>
    public EpcisEvent Event { get; }

    /// <summary>The eventID it is known by: the sender's, or the event hash.</summary>
    public string EventId { get; }

    /// <summary>When the repository recorded it.</summary>
    public DateTimeOffset RecordTime { get; }

    internal JsonTree Tree => _tree;

    internal PrefixScope Scope { get; }

    /// <summary>Reads an event that was captured before.</summary>
    /// <param name="standalone">Its JSON with whatever <c>@context</c> it needs.</param>
    /// <param name="eventId">The sender's eventID; null where the event hash stands for it.</param>
    /// <param name="recordTime">When it was recorded.</param>
    /// <exception cref="InvalidOperationException">The event is not valid, which a captured one is.</exception>
    public static QueryableEvent Read(ReadOnlyMemory<byte> standalone, string? eventId, DateTimeOffset recordTime)
    {
        var tree = new JsonTree(standalone);
        try
        {
            var (read, fields, scope) = EpcisReader.ReadStored(standalone, tree);
            return new QueryableEvent(tree, read, fields, scope, eventId ?? read.EventHashUri, recordTime);
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>Gives the pooled memory back.</summary>
    public void Dispose() => _tree.Dispose();

    /// <summary>The node of a standard member; 0 when the event does not have it.</summary>
    internal int Field(EventField field) => _fields[(int)field];

    /// <summary>The members of the event itself.</summary>
    internal IEnumerable<int> Members => ChildrenOf(0);

    /// <summary>The children of an object or array; none of 0, which stands for what is not there.</summary>
    internal IEnumerable<int> Children(int parent) => parent <= 0 || _tree.KindOf(parent) is not (JsonKind.Object or JsonKind.Array) ? [] : ChildrenOf(parent);

    private IEnumerable<int> ChildrenOf(int parent)
    {
        for (var child = parent + 1; child < _tree[parent].Next; child = _tree[child].Next)
        {
            yield return child;
        }
    }

    /// <summary>A member of an object; 0 when it is not there.</summary>
    internal int Member(int parent, string name)
    {
        if (_tree.KindOf(parent) != JsonKind.Object)
        {
            return 0;
        }
        return Math.Max(0, _tree.Find(parent, Encoding.UTF8.GetBytes(name)));
    }

    /// <summary>A scalar's text: of a string without its quotes and escapes.</summary>
    internal string Text(int node) => Encoding.UTF8.GetString(_tree.Text(node));

    /// <summary>A URI with its prefix expanded and, where it is a GS1 key, in canonical form.</summary>
    internal string Uri(int node) => ItemUris.Canonicalise(Expand(Text(node)));

    /// <summary>A vocabulary value as a URI.</summary>
    internal string Term(int node, Vocabulary vocabulary) =>
        vocabulary.FindUri(_tree.Text(node)) ?? (Vocabulary.TryReplaceUrn(_tree.Text(node), out var start, out var word)
            ? Encoding.ASCII.GetString(start) + Encoding.UTF8.GetString(word)
            : Expand(Text(node)));

    /// <summary>A member's name with its prefix expanded.</summary>
    internal string Name(int node) => Expand(Encoding.UTF8.GetString(_tree.Name(node)));

    private string Expand(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Scope.TryExpand(bytes, out var namespaceUri, out var local) ? Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local) : text;
    }
}
