using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TrustChain.Core.Identifiers;

/// <summary>
/// Element strings with application identifiers in round brackets, such as <c>(01)04012345123456(10)ABC</c>
/// (GS1 General Specifications, section 4.14). An opening bracket inside a value is written <c>\(</c>.
/// </summary>
public static class ElementString
{
    /// <summary>Writes the elements in the order given.</summary>
    public static string Format(IEnumerable<ElementValue> elements)
    {
        var text = new StringBuilder();
        foreach (var element in elements)
        {
            text.Append('(').Append(element.Ai).Append(')').Append(element.Value.Replace("(", "\\(", StringComparison.Ordinal));
        }
        return text.ToString();
    }

    /// <summary>
    /// Reads elements and checks each against the format of its identifier, not its check digit. A repeated element counts once if its value is the same.
    /// </summary>
    /// <param name="text">At most 2,048 characters.</param>
    /// <param name="reading">Only <see cref="Gs1Reading.UnknownAis"/> has an effect here.</param>
    /// <param name="elements">In the order of the text.</param>
    /// <param name="error">One sentence naming the place and the rule.</param>
    public static bool TryParse(
        string text,
        Gs1Reading reading,
        [NotNullWhen(true)] out IReadOnlyList<ElementValue>? elements,
        [NotNullWhen(false)] out string? error)
    {
        elements = null;
        if (text.Length > CanonicalDigitalLink.MaxLength)
        {
            error = $"An element string has at most {CanonicalDigitalLink.MaxLength} characters.";
            return false;
        }
        var found = new List<ElementValue>();
        var position = 0;
        while (position < text.Length)
        {
            if (!TryReadElement(text, ref position, out var element, out error) || !TryAdd(found, element, reading, out error))
            {
                return false;
            }
        }
        if (found.Count == 0)
        {
            error = "An element string starts with an application identifier in round brackets.";
            return false;
        }
        elements = found;
        error = null;
        return true;
    }

    private static bool TryReadElement(string text, ref int position, out ElementValue element, [NotNullWhen(false)] out string? error)
    {
        element = default;
        var close = text.IndexOf(')', position);
        var ai = text[position] == '(' && close > position ? text[(position + 1)..close] : "";
        if (ai.Length is < 2 or > 4 || !Gs1Characters.AreDigits(ai))
        {
            error = $"At character {position + 1}, an application identifier of two to four digits in round brackets is needed.";
            return false;
        }
        var value = new StringBuilder();
        for (position = close + 1; position < text.Length && text[position] != '('; position++)
        {
            if (text[position] == '\\' && position + 1 < text.Length && text[position + 1] == '(')
            {
                position++;
            }
            value.Append(text[position]);
        }
        element = new ElementValue(ai, value.ToString());
        error = null;
        return true;
    }

    private static bool TryAdd(List<ElementValue> found, ElementValue element, Gs1Reading reading, [NotNullWhen(false)] out string? error)
    {
        error = FindFault(element, reading);
        foreach (var earlier in found)
        {
            if (error is null && earlier.Ai == element.Ai)
            {
                error = earlier.Value == element.Value ? null : $"The identifier ({element.Ai}) stands twice, with different values.";
                return error is null;
            }
        }
        if (error is not null)
        {
            return false;
        }
        found.Add(element);
        return true;
    }

    /// <summary>Checks one element against its definition; null when sound.</summary>
    internal static string? FindFault(ElementValue element, Gs1Reading reading)
    {
        if (ApplicationIdentifiers.Find(element.Ai) is { } definition)
        {
            return definition.FindFault(element.Value);
        }
        if (!reading.HasFlag(Gs1Reading.UnknownAis))
        {
            return $"({element.Ai}) is no application identifier of the GS1 General Specifications.";
        }
        return element.Ai.Length is >= 2 and <= 4 && element.Value.Length is >= 1 and <= 90 && !element.Value.AsSpan().ContainsAnyExcept(Gs1Characters.Set82)
            ? null
            : $"The unknown identifier ({element.Ai}) must have two to four digits and a value of 1 to 90 characters of GS1 set 82.";
    }
}
