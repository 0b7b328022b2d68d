using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Devnet.Demo;

/// <summary>An organisation of the tea demo.</summary>
/// <param name="Id">Its identifier on the devnet.</param>
/// <param name="Name">Its name in both languages.</param>
/// <param name="Roles">Its roles.</param>
/// <param name="CompanyPrefix">Its GS1 company prefix, from the range 952 that GS1 keeps for demonstrations.</param>
/// <param name="Algorithm">Algorithm of the key it holds itself.</param>
internal sealed record TeaOrganisation(string Id, string Name, IReadOnlyList<string> Roles, string CompanyPrefix, string Algorithm);

/// <summary>The organisations of the tea demo, and how they join the devnet. All names are made up.</summary>
internal static class TeaOrganisations
{
    public static readonly TeaOrganisation Yunwu = new("yunwu-garden", "云雾山茶园 Yunwu Garden", ["producer"], "9521101", SignatureAlgorithms.ES256);
    public static readonly TeaOrganisation Longxi = new("longxi-garden", "龙溪茶园 Longxi Garden", ["producer"], "9521102", SignatureAlgorithms.EdDsa);
    public static readonly TeaOrganisation Factory = new("songlan-factory", "松岚茶厂 Songlan Tea Factory", ["producer"], "9521103", SignatureAlgorithms.ES256);
    public static readonly TeaOrganisation Laboratory = new("qingyuan-lab", "清源茶叶检验所 Qingyuan Tea Laboratory", ["inspector"], "9521104", SignatureAlgorithms.EdDsa);
    public static readonly TeaOrganisation Certifier = new("qinghe-certification", "青禾认证 Qinghe Certification", ["certifier"], "9521105", SignatureAlgorithms.ES256);
    public static readonly TeaOrganisation Association = new("yunwu-tea-association", "云雾县茶业协会 Yunwu Tea Association", ["certifier"], "9521106", SignatureAlgorithms.EdDsa);
    public static readonly TeaOrganisation Carrier = new("jianghai-logistics", "江海物流 Jianghai Logistics", ["carrier"], "9521107", SignatureAlgorithms.ES256);
    public static readonly TeaOrganisation Shop = new("yizhan-tea-shop", "一盏茶铺 Yizhan Tea Shop", ["retailer"], "9521108", SignatureAlgorithms.EdDsa);

    public static IReadOnlyList<TeaOrganisation> All { get; } = [Yunwu, Longxi, Factory, Laboratory, Certifier, Association, Carrier, Shop];

    /// <summary>Adds the organisations with their claims and keys. Safe to repeat: what is there already is taken as it is.</summary>
    public static async Task EnrolAsync(DemoClient client, string adminKey, TeaState state, CancellationToken cancellationToken)
    {
        foreach (var organisation in All)
        {
            var apiKey = await AddAsync(client, adminKey, organisation, cancellationToken);
            state.ApiKeys[organisation.Id] = apiKey;
            await ClaimAsync(client, adminKey, apiKey, organisation, cancellationToken);
            if (!SigningKey.TryParse(state.SigningKeys[organisation.Id], out var key, out var error))
            {
                throw new DevnetException($"The demo's key of {organisation.Id} is damaged ({error}); remove the data folder to start afresh.");
            }
            using (key)
            {
                await RegisterKeyAsync(client, apiKey, organisation, key, cancellationToken);
            }
        }
    }

    private static async Task<string> AddAsync(DemoClient client, string adminKey, TeaOrganisation organisation, CancellationToken cancellationToken)
    {
        var json = new JsonObject
        {
            ["id"] = organisation.Id,
            ["name"] = organisation.Name,
            ["roles"] = new JsonArray([.. organisation.Roles.Select(static r => JsonValue.Create(r))]),
            ["template"] = "tea",
        };
        var answer = await client.PostAsync("api/organisations", adminKey, json, cancellationToken);
        if (answer.ProblemCode == "already-exists")
        {
            // Left by a demo that was broken off; its API key was shown only then.
            answer = await client.PostAsync($"api/organisations/{organisation.Id}/api-keys", adminKey, new JsonObject { ["label"] = "tea demo" }, cancellationToken);
        }
        return DemoClient.Require(answer, $"Adding {organisation.Id}")["apiKey"]!.GetValue<string>(); // Part of every success.
    }

    private static async Task ClaimAsync(DemoClient client, string adminKey, string apiKey, TeaOrganisation organisation, CancellationToken cancellationToken)
    {
        // One that was made before is answered as it is.
        var claim = DemoClient.Require(
            await client.PostAsync("api/claims", apiKey, new JsonObject { ["kind"] = "gcp", ["value"] = organisation.CompanyPrefix }, cancellationToken),
            $"Claiming {organisation.CompanyPrefix}");
        var path = $"api/claims/{claim["id"]!.GetValue<int>()}/verify";
        DemoClient.Require(await client.PostAsync(path, adminKey, [], cancellationToken), "Verifying a claim");
    }

    private static async Task RegisterKeyAsync(
        DemoClient client, string apiKey, TeaOrganisation organisation, SigningKey key, CancellationToken cancellationToken)
    {
        var known = await ListKeysAsync(client, apiKey, cancellationToken);
        var kid = key.PublicKey.Kid;
        if (Find(known, kid) is null)
        {
            var payload = KeyEntry.ToAuthorizationPayload(organisation.Id, kid, known["previous"]?.GetValue<long>());
            var json = new JsonObject
            {
                ["jwk"] = JsonNode.Parse(key.PublicKey.Jwk),
                ["proof"] = Jws.Sign(key, KeyEntry.AuthorizationType, null, payload),
            };
            DemoClient.Require(await client.PostAsync("api/keys", apiKey, json, cancellationToken), $"Registering the key of {organisation.Id}");
        }
        // A key signs nothing before its own entry is in the log.
        for (var tries = 0; Find(known, kid)?["keyEntry"] is null; tries++)
        {
            if (tries == 600)
            {
                throw new DevnetException($"The key of {organisation.Id} was not logged within 30 s.");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(tries == 0 ? 0 : 50), cancellationToken);
            known = await ListKeysAsync(client, apiKey, cancellationToken);
        }
    }

    private static async Task<JsonObject> ListKeysAsync(DemoClient client, string apiKey, CancellationToken cancellationToken) =>
        DemoClient.Require(await client.GetAsync("api/keys", apiKey, cancellationToken), "Listing keys");

    private static JsonNode? Find(JsonObject keys, string kid) => keys["keys"]!.AsArray().FirstOrDefault(k => k!["kid"]!.GetValue<string>() == kid);
}
