using System.Reflection;

namespace TrustChain.Server.Doctor;

/// <summary>
/// Keys inside the sections of this program that no options have: a misspelt setting keeps its default without a word. Sections are known by the
/// constant <c>Section</c> of every class of options; what is outside of them belongs to the framework or to the machine's environment.
/// </summary>
internal static class UnknownSettings
{
    public static IEnumerable<string> Find(IConfiguration configuration)
    {
        var sections = typeof(UnknownSettings).Assembly.GetTypes()
            .Where(static t => t.IsClass && t.Name.EndsWith("Options", StringComparison.Ordinal))
            .Select(static t => (Type: t, Section: t.GetField("Section", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetRawConstantValue() as string))
            .Where(static t => t.Section is not null)
            .ToLookup(static t => t.Section!, static t => t.Type, StringComparer.OrdinalIgnoreCase); // Filtered above.
        return sections.SelectMany(s => FindIn(configuration.GetSection(s.Key), [.. s]));
    }

    private static IEnumerable<string> FindIn(IConfigurationSection section, IReadOnlyList<Type> types)
    {
        foreach (var child in section.GetChildren())
        {
            var property = types.Select(t => t.GetProperty(child.Key, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)).FirstOrDefault(static p => p is { CanWrite: true });
            if (property is null)
            {
                yield return child.Path;
                continue;
            }
            // A dictionary of options by name, such as further targets.
            if (property.PropertyType is { IsGenericType: true } generic && generic.GetGenericTypeDefinition() == typeof(Dictionary<,>) && generic.GenericTypeArguments[1] is { } value && value.Assembly == typeof(UnknownSettings).Assembly)
            {
                foreach (var unknown in child.GetChildren().SelectMany(named => FindIn(named, [value])))
                {
                    yield return unknown;
                }
            }
        }
    }
}
