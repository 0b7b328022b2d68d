using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;

namespace TrustChain.Devnet.Demo;

/// <summary>Signs with the organisations' own keys, which the server never sees, and sends.</summary>
internal sealed class TeaSender(DemoClient client, TeaState state) : IDisposable
{
    private readonly Dictionary<string, SigningKey> _keys = [];

    /// <summary>Captures a step's events in one statement in root form, and remembers eventIDs and receipt.</summary>
    public async Task CaptureAsync(TeaStep step, CancellationToken cancellationToken)
    {
        var events = step.Events.Select(DemoClient.ToUtf8).ToList();
        var salts = events.Select(static _ => RandomNumberGenerator.GetBytes(LogEntry.SaltSize)).ToList();
        Hash32[] leaves = [.. events.Select((e, i) => Statement.ComputeLeaf(salts[i], e))];
        var body = new JsonObject
        {
            ["statement"] = Jws.Sign(KeyOf(step.By), Statement.RootType, OperatorKeys.Origin, Statement.RootPayload(leaves.Length, MerkleTree.ComputeRoot(leaves))),
            ["events"] = new JsonArray([.. events.Select((e, i) => new JsonObject { ["salt"] = Base64UrlText.Encode(salts[i]), ["event"] = Base64UrlText.Encode(e) })]),
        };
        var answer = await client.PostAsync("epcis/capture", null, "application/vnd.trustchain.statement+json", DemoClient.ToUtf8(body), cancellationToken);
        Remember(step.Name, DemoClient.Require(answer, $"Capturing {step.Name}"));
    }

    /// <summary>Remembers what a capture was answered with.</summary>
    public void Remember(string name, JsonObject captured)
    {
        var lines = captured["events"]!.AsArray();
        for (var i = 0; i < lines.Count; i++)
        {
            state.Events[i == 0 ? name : $"{name}-{i + 1}"] = lines[i]!["eventID"]!.GetValue<string>();
        }
        state.Receipts[name] = captured["receipt"]!.GetValue<string>();
    }

    /// <summary>Sends a certificate or recall as a signed statement.</summary>
    public Task<DemoAnswer> PublishAsync(TeaOrganisation by, string path, string type, JsonObject statement, CancellationToken cancellationToken) => client.PostAsync(
        path, null, "application/jose", Encoding.ASCII.GetBytes(Jws.Sign(KeyOf(by), type, OperatorKeys.Origin, TeaPapers.Canonical(statement))), cancellationToken);

    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private SigningKey KeyOf(TeaOrganisation organisation)
    {
        if (!_keys.TryGetValue(organisation.Id, out var key))
        {
            if (!SigningKey.TryParse(state.SigningKeys[organisation.Id], out key, out var error))
            {
                throw new DevnetException($"The demo's key of {organisation.Id} is damaged ({error}); remove the data folder to start afresh.");
            }
            _keys.Add(organisation.Id, key);
        }
        return key;
    }
}
