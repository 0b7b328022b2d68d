using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Items;

/// <summary>A document's facts without its bytes.</summary>
public sealed record StoredDocument(
    Hash32 Digest, int OrganisationId, string Kind, string Name, string MediaType, int SizeBytes, bool IsPublic, DateTimeOffset CreatedAt);

/// <summary>Documents by their SHA-256. The bytes live in a table of their own, which erasure may empty.</summary>
public sealed class DocumentStore(NpgsqlDataSource database)
{
    /// <summary>Keeps a document for an organisation; its first upload of the same bytes stays.</summary>
    public async Task AddAsync(StoredDocument document, byte[] content, CancellationToken cancellationToken)
    {
        const string Sql = """
            with kept as (
                insert into document (digest, organisation_id, kind, name, media_type, size_bytes, is_public, created_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing)
            insert into document_body (digest, content) values ($1, $9) on conflict do nothing
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = document.Digest.ToArray() });
        command.Parameters.Add(new() { Value = document.OrganisationId });
        command.Parameters.Add(new() { Value = document.Kind });
        command.Parameters.Add(new() { Value = document.Name });
        command.Parameters.Add(new() { Value = document.MediaType });
        command.Parameters.Add(new() { Value = document.SizeBytes });
        command.Parameters.Add(new() { Value = document.IsPublic });
        command.Parameters.Add(new() { Value = document.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = content });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Facts of those documents that everybody or the given organisation may read.</summary>
    public async Task<IReadOnlyDictionary<Hash32, StoredDocument>> FindReadableAsync(IReadOnlyCollection<Hash32> digests, int? organisationId, CancellationToken cancellationToken)
    {
        if (digests.Count == 0)
        {
            return new Dictionary<Hash32, StoredDocument>();
        }
        await using var command = database.CreateCommand(
            """
            select distinct on (digest) digest, organisation_id, kind, name, media_type, size_bytes, is_public, created_at
            from document where digest = any($1) and (is_public or organisation_id = $2)
            order by digest, is_public desc, created_at
            """);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. digests.Select(static d => d.ToArray())] });
        command.Parameters.Add(new() { Value = (object?)organisationId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        var found = new Dictionary<Hash32, StoredDocument>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var digest = new Hash32(reader.GetFieldValue<byte[]>(0));
            found.Add(digest, new StoredDocument(
                digest, reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5), reader.GetBoolean(6), reader.GetFieldValue<DateTimeOffset>(7)));
        }
        return found;
    }

    /// <summary>The bytes; null when they were erased.</summary>
    public async Task<byte[]?> FindContentAsync(Hash32 digest, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select content from document_body where digest = $1");
        command.Parameters.Add(new() { Value = digest.ToArray() });
        return (byte[]?)await command.ExecuteScalarAsync(cancellationToken);
    }
}
