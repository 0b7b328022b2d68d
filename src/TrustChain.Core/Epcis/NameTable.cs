using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>Finds a UTF-8 name among a few fixed ones without making a string. Read-only after construction.</summary>
internal sealed class NameTable
{
    private readonly (byte[] Name, int Id)[][] _byLength;
    private readonly byte[][] _names;

    /// <summary>The id of a name is its position in the list.</summary>
    public NameTable(params ReadOnlySpan<string> names)
    {
        _names = new byte[names.Length][];
        var longest = 0;
        for (var id = 0; id < names.Length; id++)
        {
            _names[id] = Encoding.UTF8.GetBytes(names[id]);
            longest = Math.Max(longest, _names[id].Length);
        }
        _byLength = new (byte[], int)[longest + 1][];
        for (var length = 0; length <= longest; length++)
        {
            _byLength[length] = [.. _names.Index().Where(entry => entry.Item.Length == length).Select(entry => (entry.Item, entry.Index))];
        }
    }

    public int Count => _names.Length;

    public ReadOnlySpan<byte> this[int id] => _names[id];

    /// <summary>The id of the name, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length < _byLength.Length)
        {
            foreach (var (candidate, id) in _byLength[name.Length])
            {
                if (name.SequenceEqual(candidate))
                {
                    return id;
                }
            }
        }
        return -1;
    }
}
