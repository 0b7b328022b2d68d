namespace TrustChain.Core.Devices.Imports;

/// <summary>
/// Reads CSV (RFC 4180) row by row: comma, double quotes, CRLF or LF. Nothing is kept but the row, whose fields are copied into one buffer. Empty lines are left out.
/// </summary>
internal ref struct CsvReader
{
    public const int MaxColumns = 64;
    public const int MaxFieldBytes = 1024;

    private readonly ReadOnlySpan<byte> _utf8;
    private readonly byte[] _row = new byte[MaxColumns * MaxFieldBytes];
    private readonly int[] _ends = new int[MaxColumns];
    private int _at;
    private int _next = 1;

    public CsvReader(ReadOnlySpan<byte> utf8)
    {
        _utf8 = utf8;
        _at = utf8.StartsWith("\uFEFF"u8) ? 3 : 0;
    }

    /// <summary>Fields of the row.</summary>
    public int Count { get; private set; }

    /// <summary>Line on which the row begins, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>What ended the reading before the end.</summary>
    public ImportFault? Fault { get; private set; }

    /// <summary>A field, unquoted; valid until the next row is read.</summary>
    public readonly ReadOnlySpan<byte> this[int index] => _row.AsSpan((index == 0 ? 0 : _ends[index - 1])..(_ends[index]));

    /// <summary>Reads the next row; false at the end and at a fault.</summary>
    public bool Read()
    {
        while (Fault is null && _at < _utf8.Length)
        {
            (Line, Count) = (_next, 0);
            while (ReadField())
            {
                // Up to the end of the row.
            }
            if (Fault is null && (Count > 1 || this[0].Length > 0))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Reads a field; whether another follows in its row.</summary>
    private bool ReadField()
    {
        if (Count == MaxColumns)
        {
            return Fail(ImportRules.TooLarge, $"A row has more than {MaxColumns} fields.");
        }
        var start = Count == 0 ? 0 : _ends[Count - 1];
        var length = _at < _utf8.Length && _utf8[_at] == '"' ? CopyQuoted(start) : CopyPlain(start);
        if (length < 0)
        {
            return false;
        }
        _ends[Count++] = start + length;
        if (_at == _utf8.Length)
        {
            return false;
        }
        if (_utf8[_at] == ',')
        {
            _at++;
            return true;
        }
        _at += _utf8[_at] == '\r' ? 1 : 0;
        if (_at == _utf8.Length || _utf8[_at] != '\n')
        {
            return Fail(ImportRules.Malformed, "A field ends with a comma or a line, and a quoted one with its quote.");
        }
        _at++;
        _next++;
        return false;
    }

    private int CopyPlain(int start)
    {
        var rest = _utf8[_at..];
        var length = rest.IndexOfAny(",\r\n\""u8);
        length = length < 0 ? rest.Length : length;
        if (length < rest.Length && rest[length] == '"')
        {
            Fail(ImportRules.Malformed, "A quote stands within a field that is not quoted.");
            return -1;
        }
        if (length > MaxFieldBytes)
        {
            return FailLong();
        }
        rest[..length].CopyTo(_row.AsSpan(start));
        _at += length;
        return length;
    }

    private int CopyQuoted(int start)
    {
        var length = 0;
        for (_at++; _at < _utf8.Length; _at++)
        {
            var one = _utf8[_at];
            if (one == '"')
            {
                _at++;
                if (_at == _utf8.Length || _utf8[_at] != '"')
                {
                    return length;
                }
            }
            if (length == MaxFieldBytes)
            {
                return FailLong();
            }
            _next += one == '\n' ? 1 : 0;
            _row[start + length++] = one;
        }
        Fail(ImportRules.Malformed, "A quoted field does not end.");
        return -1;
    }

    private int FailLong()
    {
        Fail(ImportRules.TooLarge, $"A field is longer than {MaxFieldBytes} bytes.");
        return -1;
    }

    private bool Fail(string code, string detail)
    {
        Fault = new ImportFault(code, $"line {Line}", detail);
        return false;
    }
}
