using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Signing;

namespace TrustChain.Devnet.Demo;

/// <summary>What the folder remembers of the tea demo, so that a restart shows the same data. It holds private keys and API keys.</summary>
internal sealed record TeaState
{
    private const string FileName = "tea-demo.json";

    /// <summary>Year of the harvest.</summary>
    public required int Season { get; init; }

    /// <summary>True once everything was played.</summary>
    public bool IsPlayed { get; set; }

    /// <summary>API key by organisation.</summary>
    public Dictionary<string, string> ApiKeys { get; init; } = [];

    /// <summary>Private JWK by organisation.</summary>
    public Dictionary<string, string> SigningKeys { get; init; } = [];

    /// <summary>eventID by the step's name in the demo.</summary>
    public Dictionary<string, string> Events { get; init; } = [];

    /// <summary>Receipt by the name of the first step in its statement.</summary>
    public Dictionary<string, string> Receipts { get; init; } = [];

    /// <summary>Digests of the documents, as events carry them, by the document's name in the demo.</summary>
    public Dictionary<string, string> Documents { get; init; } = [];

    /// <summary>The remembered state; else a new one with keys for every organisation, which is written before it is used.</summary>
    public static TeaState Open(DevnetFolder folder, DateTimeOffset now)
    {
        var path = folder.PathOf(FileName);
        if (File.Exists(path))
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TeaJson.Default.TeaState) ?? throw new DevnetException($"{path} is empty; remove the data folder.");
        }
        // The last harvest that is over: its story ends on 20 April.
        var state = new TeaState { Season = now < new DateTimeOffset(now.Year, 4, 25, 0, 0, 0, TimeSpan.Zero) ? now.Year - 1 : now.Year };
        foreach (var organisation in TeaOrganisations.All)
        {
            using var key = SigningKey.Generate(organisation.Algorithm);
            state.SigningKeys.Add(organisation.Id, key.ExportPrivateJwk());
        }
        state.Save(folder);
        return state;
    }

    public void Save(DevnetFolder folder) => folder.WriteSecret(FileName, JsonSerializer.Serialize(this, TeaJson.Default.TeaState) + "\n");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TeaState))]
internal sealed partial class TeaJson : JsonSerializerContext;
