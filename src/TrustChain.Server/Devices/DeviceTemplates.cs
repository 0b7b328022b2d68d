using System.Globalization;
using System.Text.RegularExpressions;
using TrustChain.Core.Devices;

namespace TrustChain.Server.Devices;

/// <summary>
/// The templates of devices of this deployment, read once from the folder beside the program. A template in use is never edited: a changed one has the name with a version behind,
/// <c>crane-v2</c>, and is what new devices get that are enrolled as <c>crane</c>. Whoever was enrolled before keeps the earlier one.
/// </summary>
internal sealed partial class DeviceTemplates
{
    private readonly Dictionary<string, DeviceTemplate> _newest = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, DeviceTemplate> _templates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _files = [];

    /// <exception cref="InvalidDataException">A template file is malformed; the message names it.</exception>
    public DeviceTemplates(string folder)
    {
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [])
        {
            var utf8 = File.ReadAllBytes(path);
            if (!DeviceTemplate.TryParse(utf8, out var template, out var error))
            {
                throw new InvalidDataException($"{path}: {error}");
            }
            if (!_templates.TryAdd(template.Name, template))
            {
                throw new InvalidDataException($"{path}: there is a template \"{template.Name}\" already.");
            }
            _files.Add(template.Name, utf8);
        }
        foreach (var versions in _templates.Values.GroupBy(static t => Split(t.Name).Kind))
        {
            _newest.Add(versions.Key, versions.MaxBy(static t => Split(t.Name).Version)!); // A group has one.
        }
    }

    /// <summary>All versions, by name.</summary>
    public IReadOnlyCollection<DeviceTemplate> All => _templates.Values;

    /// <summary>What a new device can be, by name.</summary>
    public IReadOnlyCollection<DeviceTemplate> Newest => [.. _newest.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => t.Value)];

    /// <summary>What new devices can be enrolled as, for messages.</summary>
    public string Names => string.Join(", ", _newest.Keys.Order(StringComparer.Ordinal));

    /// <summary>The template of a new device: the newest version of a name without one, and itself for the name of the newest version; null for any other.</summary>
    public DeviceTemplate? FindNewest(string? name) =>
        name is not null && _newest.GetValueOrDefault(Split(name).Kind) is { } newest && (newest.Name == name || Split(name).Version == 1) ? newest : null;

    /// <summary>The template of a device that has one already: exactly this.</summary>
    public DeviceTemplate? Find(string? name) => name is null ? null : _templates.GetValueOrDefault(name);

    /// <summary>The file as it is, for who computes again: null when there is none of this name.</summary>
    public byte[]? FindFile(string name) => _files.GetValueOrDefault(name);

    private static (string Kind, int Version) Split(string name) =>
        VersionedName().Match(name) is { Success: true } match ? (match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)) : (name, 1);

    [GeneratedRegex("^(.+)-v([2-9]|[1-9][0-9]{1,3})\\z")]
    private static partial Regex VersionedName();
}
