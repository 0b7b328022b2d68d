using System.Text.Json;
using System.Text.Json.Serialization;

namespace TrustChain.Devnet;

/// <summary>What <c>devnet.json</c> tells programs about the running devnet. A part that was not started is absent.</summary>
public sealed record DevnetDescription
{
    /// <summary>Root URL of the server, without a slash at the end.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>JSON-RPC URL of the chain.</summary>
    public required string RpcUrl { get; init; }

    public required long ChainId { get; init; }

    /// <summary>Address of the AnchorRegistry contract, 0x and 40 hex digits.</summary>
    public string? AnchorRegistry { get; init; }

    /// <summary>The log's verifier key as in a signed note: <c>name+hash+key</c>.</summary>
    public string? LogPublicKey { get; init; }

    /// <summary>Absolute path of the trust file for <c>trustchain verify</c>.</summary>
    public string? TrustFile { get; init; }

    /// <summary>Npgsql connection string of the server's database.</summary>
    public required string Postgres { get; init; }

    public IReadOnlyList<DevnetOrganisation> Organisations { get; init; } = [];
}

/// <summary>An organisation of the devnet and how to act for it.</summary>
public sealed record DevnetOrganisation
{
    public required string Id { get; init; }

    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>For <c>Authorization: Bearer</c>.</summary>
    public required string ApiKey { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DevnetDescription))]
public sealed partial class DevnetJson : JsonSerializerContext
{
    /// <summary>Writes keys and names as they are, without escapes that only HTML needs.</summary>
    public static DevnetJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
