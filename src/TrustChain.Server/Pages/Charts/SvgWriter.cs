using System.Globalization;
using System.Text;

namespace TrustChain.Server.Pages.Charts;

/// <summary>Writes SVG as text to stand in a page: everything that is written is escaped, numbers are the same in every culture. Not safe for concurrent use.</summary>
public sealed class SvgWriter
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    /// <summary>A number as SVG writes it: at most two decimals, no exponent, no minus before zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite.</exception>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), "A coordinate must be finite.");
        }
        var text = value.ToString("0.##", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    /// <summary>Text fit to stand between tags and within quotation marks; characters that no document may hold become U+FFFD.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // A lone surrogate comes as U+FFFD.
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\t' or '\n' => escaped.Append(' '),
                < 0x20 or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff => escaped.Append('\ufffd'),
                _ => escaped.Append(rune.ToString()),
            };
        }
        return escaped.ToString();
    }

    /// <summary>Opens an element. Names are the caller's own; values are escaped, and one that is null is left out.</summary>
    public SvgWriter Begin(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes).Append('>');
        _open.Push(name);
        return this;
    }

    /// <summary>Closes the element that was opened last.</summary>
    public SvgWriter End()
    {
        _text.Append("</").Append(_open.Pop()).Append('>');
        return this;
    }

    /// <summary>An element without content.</summary>
    public SvgWriter Leaf(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes).Append("/>");
        return this;
    }

    /// <summary>An element that holds text alone.</summary>
    public SvgWriter Words(string name, string text, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes).Append('>').Append(Escape(text)).Append("</").Append(name).Append('>');
        return this;
    }

    /// <summary>A line of text.</summary>
    /// <param name="x">Where it is anchored.</param>
    /// <param name="y">Its base line.</param>
    /// <param name="text">The text.</param>
    /// <param name="style">Class.</param>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    public SvgWriter Text(double x, double y, string text, string style, string anchor = "start") =>
        Words("text", text, ("x", Number(x)), ("y", Number(y)), ("class", style), ("text-anchor", anchor == "start" ? null : anchor));

    /// <summary>A straight line.</summary>
    public SvgWriter Line(double x1, double y1, double x2, double y2, string style) =>
        Leaf("line", ("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), ("class", style));

    /// <summary>Opens a picture with a name and a description for readers of speech.</summary>
    /// <param name="id">Begins the ids of name and description; unique on the page.</param>
    /// <param name="width">Of its coordinates.</param>
    /// <param name="height">Of its coordinates.</param>
    /// <param name="style">Class.</param>
    /// <param name="title">Name.</param>
    /// <param name="description">What is to be seen.</param>
    public SvgWriter BeginPicture(string id, double width, double height, string style, string title, string description) =>
        Begin("svg", ("class", style), ("viewBox", $"0 0 {Number(width)} {Number(height)}"), ("role", "img"), ("aria-labelledby", $"{id}-title {id}-desc"))
            .Words("title", title, ("id", id + "-title"))
            .Words("desc", description, ("id", id + "-desc"));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">An element is still open.</exception>
    public override string ToString() => _open.Count == 0 ? _text.ToString() : throw new InvalidOperationException($"<{_open.Peek()}> is open.");

    private StringBuilder Start(string name, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _text.Append('<').Append(name);
        foreach (var (attribute, value) in attributes)
        {
            if (value is not null)
            {
                _text.Append(' ').Append(attribute).Append("=\"").Append(Escape(value)).Append('"');
            }
        }
        return _text;
    }
}
