using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;

namespace TrustChain.UnitTests.Verification;

/// <summary>One forgery with what every verifier must answer.</summary>
/// <param name="Name">Short, in kebab case.</param>
/// <param name="What">What the forger did, one sentence.</param>
/// <param name="Bundle">The forged bundle.</param>
/// <param name="Checks">All answers in their order.</param>
internal sealed record Forgery(string Name, string What, byte[] Bundle, IReadOnlyList<ExpectedCheck> Checks)
{
    public byte[] Trust { get; init; } = Forgeries.PlainTrust;

    /// <summary>What a node would answer, in the form of <c>chain.json</c>.</summary>
    public byte[] Chain { get; init; } = Forgeries.PlainChain;

    /// <summary>As in <see cref="EvidenceVector.Without"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ExpectedCheck>> Without { get; init; } = new Dictionary<string, IReadOnlyList<ExpectedCheck>>();

    /// <summary>The check that finds it: the first that fails.</summary>
    public ExpectedCheck Found => Checks.First(static c => c.Outcome == Outcome.Failed);
}

/// <summary>
/// The table of forgeries. Each starts from a good bundle, or from a log whose operator lies, and says by hand what every verifier must answer: the check that fails, those that
/// then cannot be checked, and that all others stand.
/// </summary>
internal static partial class Forgeries
{
    private const string Record = "records[0]";

    private static readonly EvidenceWorld World = Tea;

    public static byte[] PlainTrust { get; } = Tea.Log.Trust.ToUtf8();

    public static byte[] PlainChain { get; } = RecordedChain.Record(Tea, Other);

    private static readonly Lazy<IReadOnlyList<Forgery>> Table = new(static () =>
    [
        .. Files(), .. Logs(), .. Nodes(), .. Anchors(), .. Checkpoints(), .. Witnesses(), .. Proofs(),
        .. KeyFields(), .. LoggedKeys(), .. Histories(), .. Recoveries(), .. Ends(), .. Thefts(),
        .. RecordFields(), .. Exchanges(), .. Statements(), .. LoggedRecords(), .. LoggedStatements(), .. StatusEntries(), .. LoggedStatus(),
        .. DeviceBundles(), .. LoggedDeviceEntries(), .. LoggedDeviceHistories(), .. LoggedTelemetry(), .. DeviceKeysThatEnded(), .. CoseInBundles(), .. LoggedCose(),
    ]);

    public static IReadOnlyList<Forgery> All => Table.Value;

    private static Forgery Row(string name, string what, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences)
    {
        var bundle = builder.Build();
        return new Forgery(name, what, bundle.ToUtf8(), Expect(bundle, isWitnessed: false, differences));
    }

    /// <summary>A forgery by the operator: the log itself holds the lie, and is anchored.</summary>
    private static Forgery Lie(string name, string what, LyingLog log, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences) =>
        Row(name, what, builder, differences) with { Chain = log.Chain() };

    /// <summary>The record's signature could not be judged, nor what rests on it.</summary>
    private static IReadOnlyList<ExpectedCheck> Unsigned(string record = Record) =>
        [Depends(CheckNames.Signature, record), .. Eventless(record)];

    /// <summary>There is no statement to look for the event in.</summary>
    private static IReadOnlyList<ExpectedCheck> Eventless(string record = Record) =>
        [Depends(CheckNames.Event, record), Depends(CheckNames.EventHash, record)];

    private static ExpectedCheck SignatureFails(string code) => Failed(CheckNames.Signature, Record, code);

    /// <summary>A compact JWS whose signature lacks its last three bytes.</summary>
    private static string CutSignature(string compact)
    {
        var place = compact.LastIndexOf('.') + 1;
        Assert.True(Core.Signing.Base64UrlText.TryDecode(compact.AsSpan(place), out var signature));
        return compact[..place] + Core.Signing.Base64UrlText.Encode(signature.AsSpan()[..^3]);
    }

    private static BundleBuilder Single(Action<BundleBuilder> change) => Alter(World.Bundle(World.Single), change);

    private static void AlterKey(BundleBuilder b, int i, string old, string with) => b.Keys[i] = b.Keys[i] with { Body = Replace(b.Keys[i].Body, old, with) };

    private static void AlterRecord(BundleBuilder b, string old, string with) => b.Records[0] = b.Records[0] with { Record = Replace(b.Records[0].Record, old, with) };

    /// <summary>Files that are no bundle.</summary>
    private static IEnumerable<Forgery> Files()
    {
        yield return File("file-member-unknown", "A member is added that no version knows.", static b => b["remark"] = "x");
        yield return File("file-member-in-anchor", "A member is added to an anchor.", static b => b["anchors"]![0]!["confirmed"] = true);
        yield return File("file-member-missing", "The list of key entries is left out.", static b => b.Remove("keys"));
        yield return File("file-version", "The version is another one.", static b => b["v"] = 2);
        yield return File("file-type", "The type is another one.", static b => b["type"] = "trustchain-proof");
        yield return File("file-integer-as-text", "A leaf index is a string.", static b => b["records"]![0]!["index"] = "6");
        yield return File("file-integer-negative", "A leaf index is negative.", static b => b["records"]![0]!["index"] = -6);
        yield return File("file-hash-padded", "A hash is padded with an equals sign.", static b => b["proof"]![0] = b["proof"]![0]!.GetValue<string>() + "=");
        yield return File("file-hash-short", "A hash has 31 bytes.", static b => b["proof"]![0] = b["proof"]![0]!.GetValue<string>()[..42]);
        yield return File("file-statement-nowhere", "A record's statement is at a place that is not there.", static b => b["records"]![0]!["statement"] = 7);
        yield return File("file-kind-zero", "A status entry is of kind 0.", static b => b["status"]!.AsArray().Add(new JsonObject
        {
            ["index"] = 5,
            ["leaf"] = b["proof"]![0]!.GetValue<string>(),
            ["kind"] = 0,
            ["entry"] = new JsonObject(),
        }));
        yield return File("file-time", "An anchor's time has no milliseconds.", static b => b["anchors"]![0]!["time"] = "2026-04-20T01:20:00Z");
        var good = Encoding.UTF8.GetString(World.Bundle(World.Single).Build().ToUtf8());
        yield return Text("file-member-twice", "A member stands twice, so that two readers may see two things.", good.Insert(1, "\"v\":1,"));
        yield return Text("file-cut", "The file is cut off.", good[..^1]);
        yield return Text("file-surrogate", "A string holds half a character.", good.Insert(1, "\"item\":\"\\ud800\","));

        static Forgery File(string name, string what, Action<JsonObject> change)
        {
            var json = JsonNode.Parse(World.Bundle(World.Single).Build().ToUtf8())!.AsObject();
            change(json);
            return Text(name, what, json.ToJsonString());
        }

        static Forgery Text(string name, string what, string json) =>
            new(name, what, Encoding.UTF8.GetBytes(json), [Failed(CheckNames.Bundle, "bundle", ReasonCodes.BundleMalformed)]);
    }
}
