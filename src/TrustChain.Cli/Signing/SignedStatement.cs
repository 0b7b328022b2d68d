using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Signing;

/// <summary>A statement ready to be sent.</summary>
/// <param name="Form">Which form.</param>
/// <param name="Compact">The compact JWS.</param>
/// <param name="Body">The request body: in root form the JSON with the events beside it, in document form the JWS itself.</param>
internal sealed record SignedStatement(StatementForm Form, string Compact, byte[] Body)
{
    /// <summary>Media type of the root form's body.</summary>
    public const string RootMediaType = "application/vnd.trustchain.statement+json";

    /// <summary>Media type of the document form's body.</summary>
    public const string DocumentMediaType = "application/jose";

    /// <summary>Media type of <see cref="Body"/>.</summary>
    public string MediaType => Form == StatementForm.Root ? RootMediaType : DocumentMediaType;

    /// <summary>SHA-256 of the compact JWS, by which records name the statement.</summary>
    public Hash32 Digest => Hash32.Compute(Encoding.ASCII.GetBytes(Compact));

    /// <summary>Signs events in root form, each under a random salt of its own.</summary>
    /// <param name="key">Signs.</param>
    /// <param name="audience">Origin of the log.</param>
    /// <param name="events">1 to 1,000 events, each as JSON that stands on its own.</param>
    public static SignedStatement SignRoot(SigningKey key, string audience, IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        if (events.Count is < 1 or > Statement.MaxEvents)
        {
            throw new ArgumentException($"A statement has 1 to {Statement.MaxEvents} events, not {events.Count}.", nameof(events));
        }
        var salts = RandomNumberGenerator.GetBytes(events.Count * LogEntry.SaltSize);
        var leaves = new Hash32[events.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = Statement.ComputeLeaf(Salt(i), events[i].Span);
        }
        var compact = Jws.Sign(key, Statement.RootType, audience, Statement.RootPayload(leaves.Length, MerkleTree.ComputeRoot(leaves)));
        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("statement", compact);
            writer.WriteStartArray("events");
            for (var i = 0; i < leaves.Length; i++)
            {
                writer.WriteStartObject();
                writer.WriteString("salt", Base64UrlText.Encode(Salt(i)));
                writer.WriteString("event", Base64UrlText.Encode(events[i].Span));
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return new SignedStatement(StatementForm.Root, compact, body.ToArray());

        ReadOnlySpan<byte> Salt(int i) => salts.AsSpan(i * LogEntry.SaltSize, LogEntry.SaltSize);
    }

    /// <summary>Signs a document or one event whole.</summary>
    public static SignedStatement SignDocument(SigningKey key, string audience, ReadOnlySpan<byte> document)
    {
        var compact = Jws.Sign(key, Statement.DocumentType, audience, document);
        return new SignedStatement(StatementForm.Document, compact, Encoding.ASCII.GetBytes(compact));
    }
}
