using TrustChain.Core.Devices;

namespace TrustChain.Server.Devices;

/// <summary>The templates of devices of this deployment, read once from the folder beside the program.</summary>
internal sealed class DeviceTemplates
{
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
    }

    public IReadOnlyCollection<DeviceTemplate> All => _templates.Values;

    /// <summary>Names, for messages.</summary>
    public string Names => string.Join(", ", _templates.Keys);

    public DeviceTemplate? Find(string? name) => name is null ? null : _templates.GetValueOrDefault(name);

    /// <summary>The file as it is, for who computes again: null when there is none of this name.</summary>
    public byte[]? FindFile(string name) => _files.GetValueOrDefault(name);
}
