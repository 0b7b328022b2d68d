using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.FaultTests.Stage;

/// <summary>One request that a client sends until it is acknowledged: the same bytes each time.</summary>
internal sealed record Capture
{
    public required string MediaType { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>The item that its events speak of.</summary>
    public required string Item { get; init; }

    /// <summary>Hashes of its events, computed here.</summary>
    public required IReadOnlyList<string> EventHashes { get; init; }

    /// <summary>Its signer's API key; null when the signature says who it is.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether the answer is a job that works at it later.</summary>
    public bool IsJob { get; init; }

    /// <summary>Whether it asks to go on past errors, which makes a job of any plain document.</summary>
    public bool Proceeds { get; init; }

    public HttpRequestMessage ToRequest(string baseUrl)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, baseUrl + "/epcis/capture")
        {
            Content = new ByteArrayContent(Body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(MediaType) } },
        };
        if (ApiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        }
        if (Proceeds)
        {
            request.Headers.Add("GS1-Capture-Error-Behaviour", "proceed");
        }
        return request;
    }
}

/// <summary>Makes captures of events that nobody has sent before.</summary>
/// <param name="number">Tells this maker's items from those of others.</param>
internal sealed class CaptureMaker(int number)
{
    private static int _events;
    private int _lot;

    /// <summary>The item that the next captures speak of.</summary>
    public string Item { get; private set; } = ItemOf(number, 0);

    /// <summary>From now on another item, so that the evidence of one stays of a size to be checked.</summary>
    public void NextItem() => Item = ItemOf(number, Interlocked.Increment(ref _lot));

    /// <summary>A document signed whole with a self-held key.</summary>
    public Capture SignedDocument(SigningKey key, int events)
    {
        var texts = MakeEvents(events);
        var compact = Jws.Sign(key, Statement.DocumentType, OperatorKeys.Origin, Encoding.UTF8.GetBytes(Events.Document(texts)));
        return Make("application/jose", Encoding.ASCII.GetBytes(compact), texts);
    }

    /// <summary>Events under a root signed with a self-held key.</summary>
    public Capture SignedRoot(SigningKey key, int events)
    {
        var texts = MakeEvents(events);
        var parts = texts.Select(static e => (Salt: RandomNumberGenerator.GetBytes(32), Event: Encoding.UTF8.GetBytes(e))).ToList();
        Hash32[] leaves = [.. parts.Select(static p => Statement.ComputeLeaf(p.Salt, p.Event))];
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            statement = Jws.Sign(key, Statement.RootType, OperatorKeys.Origin, Statement.RootPayload(leaves.Length, MerkleTree.ComputeRoot(leaves))),
            events = parts.Select(static p => new { salt = Base64UrlText.Encode(p.Salt), @event = Base64UrlText.Encode(p.Event) }),
        });
        return Make("application/vnd.trustchain.statement+json", body, texts);
    }

    /// <summary>A plain document that the service signs with the organisation's custodial key; a job when it has more than a thousand events.</summary>
    public Capture Plain(string apiKey, int events, bool proceeds = false)
    {
        var texts = MakeEvents(events);
        return Make("application/json", Encoding.UTF8.GetBytes(Events.Document(texts)), texts) with { ApiKey = apiKey, Proceeds = proceeds, IsJob = proceeds || events > 1000 };
    }

    private static string ItemOf(int maker, int lot)
    {
        const string Digits = "0952999900001";
        return $"https://id.gs1.org/01/{Digits}{CheckDigit.Compute(Digits)}/10/M{maker}L{lot}";
    }

    private string[] MakeEvents(int count) => [.. Enumerable.Range(0, count).Select(_ =>
    {
        var time = new DateTime(2026, 4, 5, 8, 0, 0, DateTimeKind.Utc).AddMilliseconds(Interlocked.Increment(ref _events));
        JsonNode e = Events.Observation(Item);
        e["eventTime"] = Record.FormatTime(time);
        return e.ToJsonString();
    })];

    private Capture Make(string mediaType, byte[] body, string[] events) => new()
    {
        MediaType = mediaType,
        Body = body,
        Item = Item,
        EventHashes = [.. events.Select(static e =>
        {
            var read = EpcisReader.Read(Encoding.UTF8.GetBytes(e), EpcisReadOptions.Default);
            Assert.Empty(read.Faults);
            return read.Events[0].EventHashUri;
        })],
    };
}
