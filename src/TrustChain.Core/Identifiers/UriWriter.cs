namespace TrustChain.Core.Identifiers;

/// <summary>Writes an identifier into a caller's buffer, usually on the stack, so that a canonical form costs one string at most. The buffer must be long enough.</summary>
internal ref struct UriWriter(Span<char> buffer)
{
    private readonly Span<char> _buffer = buffer;

    /// <summary>Characters written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written so far.</summary>
    public readonly ReadOnlySpan<char> Text => _buffer[..Length];

    /// <summary>Appends one character.</summary>
    public void Append(char character) => _buffer[Length++] = character;

    /// <summary>Appends the text as it is.</summary>
    public void Append(scoped ReadOnlySpan<char> text)
    {
        text.CopyTo(_buffer[Length..]);
        Length += text.Length;
    }

    /// <summary>Appends an application identifier as a path segment, with a slash on both sides.</summary>
    public void AppendAi(scoped ReadOnlySpan<char> ai)
    {
        Append('/');
        Append(ai);
        Append('/');
    }

    /// <summary>Appends a part of an EPC URN: escapes stay byte for byte, and the raw characters that a Digital Link path escapes become escapes.</summary>
    public void AppendEscaped(scoped ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (character is '!' or '(' or ')' or '*' or '+' or ',' or ':')
            {
                AppendEscape(character);
            }
            else
            {
                Append(character);
            }
        }
    }

    /// <summary>Appends %XX, upper case, for a character below U+0100.</summary>
    public void AppendEscape(char character)
    {
        const string Hex = "0123456789ABCDEF";
        Append('%');
        Append(Hex[character >> 4]);
        Append(Hex[character & 0xF]);
    }
}
