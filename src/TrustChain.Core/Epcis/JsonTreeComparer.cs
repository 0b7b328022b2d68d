using System.Buffers.Text;

namespace TrustChain.Core.Epcis;

/// <summary>
/// Equality of values of a tree as JSON Schema means it for <c>uniqueItems</c>: numbers by value, objects whatever the order of their members.
/// </summary>
internal sealed class JsonTreeComparer(JsonTree tree) : IEqualityComparer<int>
{
    public bool Equals(int x, int y)
    {
        if (tree.KindOf(x) != tree.KindOf(y))
        {
            return false;
        }
        switch (tree.KindOf(x))
        {
            case JsonKind.String:
                return tree.Text(x).SequenceEqual(tree.Text(y));
            case JsonKind.Number:
                return Number(x) == Number(y);
            case JsonKind.Object or JsonKind.Array:
                return ChildrenAreEqual(x, y);
            default:
                return true;
        }
    }

    public int GetHashCode(int obj)
    {
        var hash = new HashCode();
        hash.Add(tree.KindOf(obj));
        switch (tree.KindOf(obj))
        {
            case JsonKind.String:
                hash.AddBytes(tree.Text(obj));
                break;
            case JsonKind.Number:
                hash.Add(Number(obj));
                break;
            case JsonKind.Array:
                for (var item = obj + 1; item < tree[obj].Next; item = tree[item].Next)
                {
                    hash.Add(GetHashCode(item));
                }
                break;
            case JsonKind.Object:
                // A sum is the same in any order.
                var sum = 0;
                for (var member = obj + 1; member < tree[obj].Next; member = tree[member].Next)
                {
                    var entry = new HashCode();
                    entry.AddBytes(tree.Name(member));
                    entry.Add(GetHashCode(member));
                    sum = unchecked(sum + entry.ToHashCode());
                }
                hash.Add(sum);
                break;
        }
        return hash.ToHashCode();
    }

    private bool ChildrenAreEqual(int x, int y)
    {
        if (tree.ChildCount(x) != tree.ChildCount(y))
        {
            return false;
        }
        var left = Children(x);
        var right = Children(y);
        for (var i = 0; i < left.Length; i++)
        {
            if ((tree.KindOf(x) == JsonKind.Object && !tree.Name(left[i]).SequenceEqual(tree.Name(right[i]))) || !Equals(left[i], right[i]))
            {
                return false;
            }
        }
        return true;
    }

    private int[] Children(int parent)
    {
        var children = new int[tree.ChildCount(parent)];
        var filled = 0;
        for (var child = parent + 1; child < tree[parent].Next; child = tree[child].Next)
        {
            children[filled++] = child;
        }
        if (tree.KindOf(parent) == JsonKind.Object)
        {
            Array.Sort(children, (left, right) => tree.Name(left).SequenceCompareTo(tree.Name(right)));
        }
        return children;
    }

    // A number that was read as JSON always has this form; one beyond a double is infinite.
    private double Number(int node) => Utf8Parser.TryParse(tree.Text(node), out double value, out _) ? value : double.NaN;
}
