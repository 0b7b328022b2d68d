namespace TrustChain.Core.Epcis;

/// <summary>The six JSON types, with the two booleans apart.</summary>
internal enum JsonKind : byte
{
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// <summary>One value of a <see cref="JsonTree"/>. Positions are byte offsets.</summary>
internal struct JsonTreeNode
{
    /// <summary>Where the value stands in the input, quotes and braces included.</summary>
    public int Start;

    /// <summary>Its length in the input.</summary>
    public int Length;

    /// <summary>Where the member's name stands, without quotes: in the input, or in the side buffer when it has escapes.</summary>
    public int NameStart;

    /// <summary>Length of the name; -1 for a value that is no member of an object.</summary>
    public int NameLength;

    /// <summary>Index of the node after this value and everything in it.</summary>
    public int Next;

    /// <summary>Number of members or items; for a string with escapes, its place in the side buffer.</summary>
    public int CountOrAside;

    /// <summary>Length of the string in the side buffer; -1 when it has no escapes.</summary>
    public int AsideLength;

    public JsonKind Kind;

    public bool NameIsAside;
}
