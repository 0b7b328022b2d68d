using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Bench;

/// <summary>The organisation of one run, made by an admin: with a verified company prefix and keys of its own.</summary>
internal sealed class BenchOrganisation : IDisposable
{
    private const string StandardStep = "https://ref.gs1.org/cbv/BizStep-";

    private readonly List<SigningKey> _keys = [];

    private BenchOrganisation(string apiKey, string companyPrefix, bool isPublic, IReadOnlyList<string> steps)
    {
        ApiKey = apiKey;
        CompanyPrefix = companyPrefix;
        IsPublic = isPublic;
        Steps = steps;
    }

    /// <summary>Its API key.</summary>
    public string ApiKey { get; }

    /// <summary>Its company prefix.</summary>
    public string CompanyPrefix { get; }

    /// <summary>Whether a template makes its observing events visible to everybody.</summary>
    public bool IsPublic { get; }

    /// <summary>Business steps of its observing events.</summary>
    public IReadOnlyList<string> Steps { get; }

    /// <summary>Leaf index of the entry that admits its last key: the last thing that it wrote.</summary>
    public long LastKeyEntry { get; private set; }

    /// <summary>Its registered keys.</summary>
    public IReadOnlyList<SigningKey> Keys => _keys;

    /// <summary>Makes the organisation.</summary>
    /// <param name="server">The server.</param>
    /// <param name="adminKey">API key of an admin.</param>
    /// <param name="keys">How many keys to register; each is agreed to by the one before.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="CliException">The server refused or does not answer.</exception>
    public static async Task<BenchOrganisation> CreateAsync(Uri server, string adminKey, int keys, CancellationToken cancellationToken)
    {
        using var admin = new ServerClient(server, adminKey);
        var (template, steps) = await FindTemplateAsync(admin, cancellationToken);
        var id = $"bench-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";
        using var created = await admin.PostJsonAsync(
            "api/organisations",
            json =>
            {
                json.WriteString("id", id);
                json.WriteString("name", $"Benchmark {id}");
                json.WriteStartArray("roles");
                json.WriteStringValue("producer");
                json.WriteEndArray();
                json.WriteString("template", template);
            },
            cancellationToken);
        var apiKey = JsonMembers.RequiredText(created.RootElement, "apiKey", server);
        using var own = new ServerClient(server, apiKey);
        var organisation = new BenchOrganisation(apiKey, await ClaimPrefixAsync(own, admin, cancellationToken), template is not null, steps);
        try
        {
            for (var i = 0; i < keys; i++)
            {
                var key = SigningKey.Generate(SignatureAlgorithms.ES256);
                var authorizer = i == 0 ? null : organisation._keys[^1];
                organisation._keys.Add(key);
                organisation.LastKeyEntry = (await KeyRegistration.RegisterAsync(own, key, authorizer, null, cancellationToken)).KeyEntry;
            }
            return organisation;
        }
        catch
        {
            organisation.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.ForEach(static key => key.Dispose());

    /// <summary>A template with public steps, and those; else no template and common steps.</summary>
    private static async Task<(string? Name, IReadOnlyList<string> Steps)> FindTemplateAsync(ServerClient admin, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync("api/templates", "application/json", cancellationToken);
        if (answer.Status != HttpStatusCode.NotFound)
        {
            using var document = answer.OrThrow().ToJson();
            foreach (var template in JsonMembers.Array(document.RootElement, "templates"))
            {
                var steps = JsonMembers.Array(template, "steps")
                    .Where(static s => s.ValueKind == JsonValueKind.Object && s.TryGetProperty("public", out var isPublic) && isPublic.ValueKind == JsonValueKind.True)
                    .Select(static s => JsonMembers.Text(s, "bizStep"))
                    .OfType<string>()
                    .Select(static s => s.StartsWith(StandardStep, StringComparison.Ordinal) ? s[StandardStep.Length..] : s)
                    .ToList();
                if (steps.Count > 0 && JsonMembers.Text(template, "name") is { } name)
                {
                    return (name, steps);
                }
            }
        }
        return (null, ["inspecting", "packing", "storing", "shipping", "receiving"]);
    }

    /// <summary>Claims a prefix nobody has, and verifies the claim.</summary>
    private static async Task<string> ClaimPrefixAsync(ServerClient own, ServerClient admin, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Below 952, which GS1 keeps for demonstrations; of it a part that shorter prefixes of examples, as 9521321, are not in.
            var prefix = string.Create(CultureInfo.InvariantCulture, $"9529{RandomNumberGenerator.GetInt32(100_000):00000}");
            var body = ServerClient.JsonBody(json =>
            {
                json.WriteString("kind", "gcp");
                json.WriteString("value", prefix);
            });
            var answer = await own.PostAsync("api/claims", "application/json", body, cancellationToken);
            if (answer.Status == HttpStatusCode.Conflict && attempt < 20)
            {
                continue;
            }
            using var claim = answer.OrThrow().ToJson();
            var id = claim.RootElement.TryGetProperty("id", out var member) ? member.ToString() : throw new CliException($"{answer.Address}: the answer has no \"id\".");
            (await admin.PostAsync($"api/claims/{Uri.EscapeDataString(id)}/verify", "application/json", ServerClient.JsonBody(static _ => { }), cancellationToken)).OrThrow();
            return prefix;
        }
    }
}
