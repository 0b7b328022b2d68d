using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>The small vectors of <c>tests/vectors/encoding</c>, for whoever writes a verifier one function at a time.</summary>
public sealed class EncodingVectorTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly EvidenceWorld World = EvidenceVectors.Tea;
    private static readonly DeviceWorld Machines = EvidenceVectors.Machines;

    [Fact]
    public void Records_AreWhatTheCodeMakes()
    {
        var logged = new[] { World.Single, World.Three[1], World.Custodial, World.Document[1] };
        Check("records.json", logged.Select(static r => new
        {
            index = r.Index,
            jcs = Encoding.ASCII.GetString(r.Record.ToJcs()),
            jcsHex = Convert.ToHexStringLower(r.Record.ToJcs()),
            salt = r.Salt.ToHex(),
            entry = Convert.ToHexStringLower(LogEntry.ForEvent(r.Salt.ToArray(), r.Record.ToJcs())),
            leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(r.Salt.ToArray(), r.Record.ToJcs())).ToHex(),
        }));
    }

    [Fact]
    public void PublicEntries_AreWhatTheCodeMakes()
    {
        var logged = new[] { World.KeyOf(World.Garden), World.KeyOf(World.Harbour), World.Compromise, World.Retirement, World.Certificate, World.Recall }
            .Concat(Machines.Press.Entries);
        Check("entries.json", logged.Select(static e => new
        {
            index = e.Index,
            kind = (int)e.Kind,
            body = Encoding.UTF8.GetString(e.Body),
            entry = Convert.ToHexStringLower(LogEntry.ForPublic(e.Kind, e.Body)),
            leaf = MerkleTree.HashLeaf(LogEntry.ForPublic(e.Kind, e.Body)).ToHex(),
        }));
    }

    [Fact]
    public void Statements_AreWhatTheCodeMakes()
    {
        var three = World.Three.Select(static r => new
        {
            salt = r.EventSalt!.Value.ToHex(),
            @event = Encoding.UTF8.GetString(r.Event!),
            leaf = Statement.ComputeLeaf(r.EventSalt.Value.ToArray(), r.Event).ToHex(),
            proof = r.EventProof.Select(static h => h.ToHex()),
        });
        Check("statements.json", new object[]
        {
            new
            {
                alg = SignatureAlgorithms.EdDsa, jwk = Json(World.Lake.Key.PublicKey.Jwk), kid = World.Lake.Kid, compact = World.Three[0].Statement,
                digest = World.Three[0].Record.Statement.ToHex(), events = three,
            },
            new
            {
                alg = SignatureAlgorithms.ES256, jwk = Json(World.Garden.Key.PublicKey.Jwk), kid = World.Garden.Kid, compact = World.Document[0].Statement,
                digest = World.Document[0].Record.Statement.ToHex(),
            },
            Single(World.OnSecp256k1, World.Ridge),
            Single(World.OnSm2, World.Terrace),
            new
            {
                alg = SignatureAlgorithms.ES256, jwk = Json(Machines.PressFirst.Key.PublicKey.Jwk), kid = Machines.PressFirst.Kid, compact = Machines.PressSaid[1].Statement,
                digest = Machines.PressSaid[1].Record.Statement.ToHex(), device = Machines.Press.Uri, deviceSalt = Machines.Press.Salt.ToHex(), pseudonym = Machines.Press.Pseudonym.ToHex(),
            },
        });
        foreach (var (record, signer) in new[]
        {
            (World.Three[0], World.Lake), (World.Document[0], World.Garden), (World.Custodial, World.Farm), (World.OnSecp256k1, World.Ridge), (World.OnSm2, World.Terrace),
            (Machines.PressSaid[1], Machines.PressFirst),
        })
        {
            Assert.True(Statement.TryParse(record.Statement, out var statement, out var error), error);
            Assert.Equal(SignatureCheck.Valid, statement.Message.Verify(signer.Key.PublicKey));
        }
    }

    [Fact]
    public void Note_IsWhatTheCodeMakes()
    {
        var log = World.Log;
        Check("note.json", new
        {
            origin = log.Origin,
            publicKey = Convert.ToHexStringLower(log.Key.PublicKey.Ed25519Bytes()!),
            keyId = log.Verifier.KeyId.ToString("x8", System.Globalization.CultureInfo.InvariantCulture),
            verifierKey = log.Verifier.Text,
            size = EvidenceWorld.Size,
            root = log.Root(EvidenceWorld.Size).ToHex(),
            note = log.Note(EvidenceWorld.Size),
            originHash = Hash32.Compute(Encoding.UTF8.GetBytes(log.Origin)).ToHex(),
        });
    }

    [Fact]
    public void Receipt_IsWhatTheCodeMakes()
    {
        var record = World.Single.Record;
        var receipt = new Receipt(World.Log.Origin, record.Statement, record.ReceivedAt, record.ReceivedAt.AddMinutes(1));
        Check("receipt.json", new
        {
            verifierKey = World.Log.Verifier.Text,
            receipt = receipt.Sign(World.Log.Key),
            payload = Encoding.UTF8.GetString(Payload(receipt.Sign(World.Log.Key))),
        });
        Assert.Equal(
            Outcome.Passed,
            ReceiptVerifier.Verify(receipt.Sign(World.Log.Key), World.Bundle(World.Single).Build(), World.Log.Trust, receipt.MustAppearBy).Outcome);
    }

    [Fact]
    public void Proofs_AreWhatTheCodeMakes()
    {
        var log = World.Log;
        var shared = new (long Size, long[] Indices)[] { (1, [0]), (2, [0, 1]), (5, [4]), (7, [0, 3]), (7, [2, 3, 6]), (8, [5]), (21, [0, 1, 2, 20]), (43, [3, 6]), (43, [6]) };
        foreach (var (size, indices) in shared)
        {
            Assert.Equal(log.Root(size), SharedInclusionProof.ComputeRoot([.. indices.Select(i => (i, log.Leaf(i)))], size, log.SharedProof(indices, size)));
        }
        var consistency = new (long From, long To)[] { (1, 1), (1, 2), (3, 7), (4, 7), (6, 8), (24, 43), (40, 43) };
        foreach (var (from, to) in consistency)
        {
            Assert.True(MerkleTree.VerifyConsistency(from, to, log.Root(from), log.Root(to), log.Consistency(from, to)));
        }
        Check("proofs.json", new
        {
            leaves = Enumerable.Range(0, EvidenceWorld.Size).Select(i => log.Leaf(i).ToHex()),
            shared = shared.Select(c => new { size = c.Size, root = log.Root(c.Size).ToHex(), indices = c.Indices, proof = log.SharedProof(c.Indices, c.Size).Select(static h => h.ToHex()) }),
            consistency = consistency.Select(c => new
            {
                from = c.From,
                to = c.To,
                fromRoot = log.Root(c.From).ToHex(),
                toRoot = log.Root(c.To).ToHex(),
                proof = log.Consistency(c.From, c.To).Select(static h => h.ToHex()),
            }),
        });
    }

    private static object Single(LoggedRecord record, Signer signer) => new
    {
        alg = signer.Key.PublicKey.Algorithm,
        jwk = Json(signer.Key.PublicKey.Jwk),
        kid = signer.Kid,
        compact = record.Statement,
        digest = record.Record.Statement.ToHex(),
    };

    private static void Check(string file, object content) =>
        VectorFiles.Check($"encoding/{file}", [.. JsonSerializer.SerializeToUtf8Bytes(content, Indented), (byte)'\n']);

    private static byte[] Payload(string compact) => Base64UrlText.TryDecode(compact.Split('.')[1], out var bytes) ? bytes : throw new FormatException(compact);

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
