using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Query;

/// <summary>One element of a vocabulary.</summary>
/// <param name="Vocabulary">Type of the vocabulary: a URI.</param>
/// <param name="Id">The element's canonical URI.</param>
/// <param name="Attributes">JSON array of <c>{"id":…,"attribute":…}</c> as given.</param>
/// <param name="AttributeIds">Ids of the attributes with their prefixes expanded, with their values where those are plain.</param>
/// <param name="Children">Canonical URIs of elements below it.</param>
public sealed record MasterDataElement(
    string Vocabulary, string Id, string Attributes, IReadOnlyList<KeyValuePair<string, string>> AttributeIds, IReadOnlyList<string> Children);

/// <summary>More elements of master data than a query can take.</summary>
public sealed class TooManyElementsException() : Exception($"More than {MasterDataStore.MaxDescendants} elements of the master data are meant.");

/// <summary>Master data that organisations sent. Each sees its own.</summary>
public sealed class MasterDataStore(NpgsqlDataSource database)
{
    /// <summary>Most elements that a place's descendants may be.</summary>
    public const int MaxDescendants = 10_000;

    /// <summary>Keeps elements; an element's newest word replaces the one before, its children included.</summary>
    public async Task PutAsync(int organisationId, IReadOnlyList<MasterDataElement> elements, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One row an element: of an element that stands twice in a document the last word counts.
        var newest = elements.GroupBy(static e => (e.Vocabulary, e.Id)).Select(static g => g.Last()).ToList();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("""
                    insert into master_data (organisation_id, vocabulary, id, attributes, changed_at)
                    select $1, vocabulary, id, attributes::jsonb, $5 from unnest($2, $3, $4) as new(vocabulary, id, attributes)
                    on conflict (organisation_id, vocabulary, id) do update set attributes = excluded.attributes, changed_at = excluded.changed_at
                    """)
                {
                    Parameters =
                    {
                        new() { Value = organisationId },
                        new() { Value = newest.Select(static e => e.Vocabulary).ToArray() },
                        new() { Value = newest.Select(static e => e.Id).ToArray() },
                        new() { Value = newest.Select(Pack).ToArray() },
                        new() { Value = now.UtcDateTime },
                    },
                },
                new NpgsqlBatchCommand("""
                    delete from master_data_child c using unnest($2, $3) as gone(vocabulary, parent)
                    where c.organisation_id = $1 and c.vocabulary = gone.vocabulary and c.parent = gone.parent
                    """)
                {
                    Parameters =
                    {
                        new() { Value = organisationId },
                        new() { Value = newest.Select(static e => e.Vocabulary).ToArray() },
                        new() { Value = newest.Select(static e => e.Id).ToArray() },
                    },
                },
                new NpgsqlBatchCommand("insert into master_data_child (organisation_id, vocabulary, parent, child) select $1, * from unnest($2, $3, $4) on conflict do nothing")
                {
                    Parameters =
                    {
                        new() { Value = organisationId },
                        new() { Value = newest.SelectMany(static e => e.Children.Select(_ => e.Vocabulary)).ToArray() },
                        new() { Value = newest.SelectMany(static e => e.Children.Select(_ => e.Id)).ToArray() },
                        new() { Value = newest.SelectMany(static e => e.Children).ToArray() },
                    },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The URIs and all below them, by the hierarchy the organisation sent; nobody has none.</summary>
    /// <exception cref="TooManyElementsException">They are more than <see cref="MaxDescendants"/>.</exception>
    public async Task<IReadOnlyList<string>> ListWithDescendantsAsync(int? organisationId, IReadOnlyList<string> uris, CancellationToken cancellationToken)
    {
        if (organisationId is null)
        {
            return uris;
        }
        // A union without "all" ends on circles too.
        await using var command = database.CreateCommand("""
            with recursive below(uri) as (
                select unnest($2) union
                select c.child from below join master_data_child c on c.organisation_id = $1 and c.parent = below.uri)
            select uri from below limit $3
            """);
        command.Parameters.Add(new() { Value = organisationId.Value });
        command.Parameters.Add(new() { Value = uris.ToArray() });
        command.Parameters.Add(new() { Value = MaxDescendants + 1 });
        return await ReadTextsAsync(command, cancellationToken);
    }

    /// <summary>Ids of the elements that have one of the attributes, with one of the values if some are given.</summary>
    /// <exception cref="TooManyElementsException">They are more than <see cref="MaxDescendants"/>.</exception>
    public async Task<IReadOnlyList<string>> ListElementsAsync(
        int? organisationId, IReadOnlyList<string> attributes, IReadOnlyList<string>? values, CancellationToken cancellationToken)
    {
        if (organisationId is null)
        {
            return [];
        }
        await using var command = database.CreateCommand("""
            select distinct id from master_data
            where organisation_id = $1 and exists (
                select from jsonb_array_elements(attributes -> 'index') as a where a ->> 'id' = any($2) and ($3::text[] is null or a ->> 'value' = any($3)))
            limit $4
            """);
        command.Parameters.Add(new() { Value = organisationId.Value });
        command.Parameters.Add(new() { Value = attributes.ToArray() });
        command.Parameters.Add(new() { Value = (object?)values?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = MaxDescendants + 1 });
        return await ReadTextsAsync(command, cancellationToken);
    }

    /// <summary>An organisation's elements by vocabulary and id.</summary>
    /// <param name="organisationId">Whose.</param>
    /// <param name="vocabularies">Only of these types; null: all.</param>
    /// <param name="ids">Only these or elements below them where <paramref name="withDescendants"/> is set; null: all.</param>
    /// <param name="withDescendants">See above.</param>
    /// <param name="limit">Most elements.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<MasterDataElement>> ListAsync(
        int organisationId, IReadOnlyList<string>? vocabularies, IReadOnlyList<string>? ids, bool withDescendants, int limit, CancellationToken cancellationToken)
    {
        if (ids is not null && withDescendants)
        {
            ids = await ListWithDescendantsAsync(organisationId, ids, cancellationToken);
        }
        await using var command = database.CreateCommand("""
            select m.vocabulary, m.id, (m.attributes -> 'attributes')::text, array(
                select c.child from master_data_child c where c.organisation_id = m.organisation_id and c.vocabulary = m.vocabulary and c.parent = m.id order by c.child)
            from master_data m
            where m.organisation_id = $1 and ($2::text[] is null or m.vocabulary = any($2)) and ($3::text[] is null or m.id = any($3))
            order by m.vocabulary, m.id limit $4
            """);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = (object?)vocabularies?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)ids?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = limit });
        var elements = new List<MasterDataElement>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            elements.Add(new MasterDataElement(reader.GetString(0), reader.GetString(1), reader.GetString(2), [], reader.GetFieldValue<string[]>(3)));
        }
        return elements;
    }

    // The attributes as given, and beside them their ids and values as they are searched.
    private static string Pack(MasterDataElement element) =>
        $$"""{"attributes":{{element.Attributes}},"index":{{JsonSerializer.Serialize(element.AttributeIds.Select(static a => new { id = a.Key, value = a.Value }))}}}""";

    private static async Task<List<string>> ReadTextsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var texts = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            texts.Add(reader.GetString(0));
        }
        return texts.Count <= MaxDescendants ? texts : throw new TooManyElementsException();
    }
}
