using System.Buffers;

namespace TrustChain.Core.Epcis;

/// <summary>Finds two members of one name in an object.</summary>
internal static class DuplicateMembers
{
    private const int FewMembers = 24;

    /// <summary>The node of a member whose name an earlier one has, or 0.</summary>
    public static int Find(JsonTree tree, int parent)
    {
        var count = tree.ChildCount(parent);
        return count < 2 ? 0 : count <= FewMembers ? FindAmongFew(tree, parent) : FindAmongMany(tree, parent, count);
    }

    private static int FindAmongFew(JsonTree tree, int parent)
    {
        var end = tree[parent].Next;
        for (var later = tree[parent + 1].Next; later < end; later = tree[later].Next)
        {
            var name = tree.Name(later);
            for (var earlier = parent + 1; earlier < later; earlier = tree[earlier].Next)
            {
                if (tree[earlier].NameLength == name.Length && tree.Name(earlier).SequenceEqual(name))
                {
                    return later;
                }
            }
        }
        return 0;
    }

    // Sorting keeps the work near-linear when somebody sends an object with 100,000 members.
    private static int FindAmongMany(JsonTree tree, int parent, int count)
    {
        var members = ArrayPool<int>.Shared.Rent(count);
        var end = tree[parent].Next;
        var filled = 0;
        for (var child = parent + 1; child < end; child = tree[child].Next)
        {
            members[filled++] = child;
        }
        members.AsSpan(0, count).Sort((left, right) =>
            tree.Name(left).SequenceCompareTo(tree.Name(right)) is not 0 and var order ? order : left.CompareTo(right));
        var duplicate = 0;
        for (var i = 1; i < count && duplicate == 0; i++)
        {
            if (tree.Name(members[i]).SequenceEqual(tree.Name(members[i - 1])))
            {
                duplicate = members[i];
            }
        }
        ArrayPool<int>.Shared.Return(members);
        return duplicate;
    }
}
