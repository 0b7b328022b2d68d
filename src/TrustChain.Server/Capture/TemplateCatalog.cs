using System.Text.Json;
using System.Text.Json.Serialization;

namespace TrustChain.Server.Capture;

/// <summary>A text in the languages of the pages.</summary>
public sealed record LocalText
{
    public required string En { get; init; }

    public required string Zh { get; init; }

    /// <summary>The text in a language; English for any other.</summary>
    public string In(string language) => language == "zh" ? Zh : En;
}

/// <summary>One step of a template.</summary>
public sealed record TemplateStep
{
    /// <summary>The event's bizStep: a URI.</summary>
    public required string BizStep { get; init; }

    public required LocalText Title { get; init; }

    /// <summary>Whether events of this step may be seen by everybody.</summary>
    public bool Public { get; init; }
}

/// <summary>A kind of document or certificate.</summary>
public sealed record TemplateKind
{
    public required string Kind { get; init; }

    public required LocalText Title { get; init; }

    public bool Public { get; init; }
}

/// <summary>Something that is stated of an item once, when it is made: a member of its instance or lot master data.</summary>
public sealed record TemplateAttribute
{
    /// <summary>The member's name in the namespace of our extensions.</summary>
    public required string Name { get; init; }

    public required LocalText Title { get; init; }

    /// <summary>What stands behind the value, as people write it.</summary>
    public string? Unit { get; init; }
}

/// <summary>What a trade's events look like and which of them are public: a file in <c>Templates/</c>.</summary>
public sealed record Template
{
    public required string Name { get; init; }

    public required LocalText Title { get; init; }

    public required IReadOnlyList<TemplateStep> Steps { get; init; }

    public required IReadOnlyList<TemplateKind> Documents { get; init; }

    public required IReadOnlyList<TemplateKind> Certificates { get; init; }

    /// <summary>What pages show of an item's master data, in this order, beside name, origin and variety.</summary>
    public IReadOnlyList<TemplateAttribute>? Attributes { get; init; }

    public TemplateStep? FindStep(string? bizStep) => bizStep is null ? null : Steps.FirstOrDefault(s => s.BizStep == bizStep);

    public bool IsPublicStep(string? bizStep) => FindStep(bizStep)?.Public ?? false;

    public bool IsPublicDocument(string kind) => Documents.FirstOrDefault(d => d.Kind == kind)?.Public ?? false;
}

/// <summary>The templates of this deployment, read once from the folder beside the program.</summary>
internal sealed class TemplateCatalog
{
    private readonly Dictionary<string, Template> _templates = [];

    /// <exception cref="InvalidDataException">A template file is malformed; the message names it.</exception>
    public TemplateCatalog(string folder)
    {
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [])
        {
            try
            {
                var template = JsonSerializer.Deserialize(File.ReadAllBytes(path), TemplateJson.Default.Template) ?? throw new JsonException("It is null.");
                _templates.Add(template.Name, template);
            }
            catch (JsonException exception)
            {
                throw new InvalidDataException($"{path}: {exception.Message}", exception);
            }
        }
    }

    public IReadOnlyCollection<Template> All => _templates.Values;

    public Template? Find(string? name) => name is null ? null : _templates.GetValueOrDefault(name);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(Template))]
internal sealed partial class TemplateJson : JsonSerializerContext;
