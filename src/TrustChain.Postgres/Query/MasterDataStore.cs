using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Query;

/// <summary>One element of a vocabulary.</summary>
/// <param name="Vocabulary">Type of the vocabulary: a URI.</param>
/// <param name="Id">The element's canonical URI.</param>
/// <param name="Attributes">JSON array of <c>{"id":…,"attribute":…}</c> as given.</param>
/// <param name="AttributeIds">Ids of the attributes in their order with their prefixes expanded, with their values where those are plain.</param>
/// <param name="Children">Canonical URIs of elements below it.</param>
public sealed record MasterDataElement(
    string Vocabulary, string Id, string Attributes, IReadOnlyList<KeyValuePair<string, string>> AttributeIds, IReadOnlyList<string> Children);

/// <summary>More elements of master data than a query can take.</summary>
public sealed class TooManyElementsException() : Exception($"More than {MasterDataStore.MaxDescendants} elements of the master data are meant.");

/// <summary>Conditions on elements, which must all hold.</summary>
public sealed record MasterDataSearch
{
    /// <summary>Types of the vocabularies; null: all.</summary>
    public IReadOnlyList<string>? Vocabularies { get; init; }

    /// <summary>Canonical URIs of elements; null: all.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Canonical URIs of elements, each of which stands for all below it too; null: all.</summary>
    public IReadOnlyList<string>? IdsWithDescendants { get; init; }

    /// <summary>An attribute with one of the names is there, with one of the values unless those are null.</summary>
    public IReadOnlyList<(IReadOnlyList<string> Names, IReadOnlyList<string>? Values)> Attributes { get; init; } = [];
}

/// <summary>Master data that organisations sent. Each sees its own.</summary>
public sealed class MasterDataStore(NpgsqlDataSource database)
{
    /// <summary>Most elements that a place's descendants may be.</summary>
    public const int MaxDescendants = 10_000;

    /// <summary>Most elements of one organisation, and most entries of elements as children of others.</summary>
    public const int MaxElements = 100_000;

    // A search of master data is part of a search of events, or stands for one.
    private const int TimeoutSeconds = EventSearchStore.TimeoutSeconds;

    /// <summary>Whether an organisation may have these elements beside those it has and that they do not replace.</summary>
    public async Task<bool> HasRoomAsync(int organisationId, IReadOnlyList<MasterDataElement> elements, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await HasRoomAsync(connection, organisationId, Newest(elements), cancellationToken);
    }

    /// <summary>
    /// Keeps elements; an element's newest word replaces the one before, its children included. False, and nothing is kept, when there would be more than
    /// <see cref="MaxElements"/>.
    /// </summary>
    public async Task<bool> PutAsync(int organisationId, IReadOnlyList<MasterDataElement> elements, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = Newest(elements);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One at a time of an organisation, so that none counts while another adds.
        await using (var own = new NpgsqlCommand("select from organisation where id = $1 for no key update", connection) { Parameters = { new() { Value = organisationId } } })
        {
            await own.ExecuteNonQueryAsync(cancellationToken);
        }
        if (!await HasRoomAsync(connection, organisationId, newest, cancellationToken))
        {
            return false;
        }
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
        return true;
    }

    /// <summary>One row an element: of an element that stands twice in a document the last word counts.</summary>
    private static List<MasterDataElement> Newest(IReadOnlyList<MasterDataElement> elements) => [.. elements.GroupBy(static e => (e.Vocabulary, e.Id)).Select(static g => g.Last())];

    private static async Task<bool> HasRoomAsync(NpgsqlConnection connection, int organisationId, IReadOnlyList<MasterDataElement> newest, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            with new as (select vocabulary, id from unnest($2, $3) as new(vocabulary, id))
            select (select count(*) from master_data m where m.organisation_id = $1
                    and not exists (select from new where new.vocabulary = m.vocabulary and new.id = m.id)) + cardinality($2) <= $5
                and (select count(*) from master_data_child c where c.organisation_id = $1
                    and not exists (select from new where new.vocabulary = c.vocabulary and new.id = c.parent)) + $4 <= $5
            """, connection)
        {
            Parameters =
            {
                new() { Value = organisationId },
                new() { Value = newest.Select(static e => e.Vocabulary).ToArray() },
                new() { Value = newest.Select(static e => e.Id).ToArray() },
                new() { Value = newest.Sum(static e => e.Children.Distinct().Count()) },
                new() { Value = MaxElements },
            },
        };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!; // Two comparisons always have a result.
    }

    /// <summary>The URIs and all below them, by the hierarchy the organisation sent; nobody has none.</summary>
    /// <exception cref="TooManyElementsException">They are more than <see cref="MaxDescendants"/>.</exception>
    /// <exception cref="SearchTimeoutException">It took longer than a search may.</exception>
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
    /// <exception cref="SearchTimeoutException">It took longer than a search may.</exception>
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

    /// <summary>An organisation's elements that meet every condition, by vocabulary and id; null when they are more than <paramref name="maxCharacters"/>.</summary>
    /// <param name="organisationId">Whose.</param>
    /// <param name="search">The conditions.</param>
    /// <param name="limit">Most elements.</param>
    /// <param name="maxCharacters">Most of them in ids, attributes and children.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SearchTimeoutException">It took longer than a search may.</exception>
    public async Task<IReadOnlyList<MasterDataElement>?> ListAsync(int organisationId, MasterDataSearch search, int limit, int maxCharacters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken); // A command without one of its own cannot be cancelled.
        // One statement, so that elements and their children are of one moment. A union without "all" ends on circles too.
        await using var command = new NpgsqlCommand("""
            with recursive below(uri) as (
                select unnest($4::text[]) union
                select c.child from below join master_data_child c on c.organisation_id = $1 and c.parent = below.uri)
            select m.vocabulary, m.id, (m.attributes -> 'attributes')::text, (m.attributes -> 'index')::text, array(
                select c.child from master_data_child c where c.organisation_id = m.organisation_id and c.vocabulary = m.vocabulary and c.parent = m.id order by c.child)
            from master_data m
            where m.organisation_id = $1 and ($2::text[] is null or m.vocabulary = any($2)) and ($3::text[] is null or m.id = any($3))
                and ($4::text[] is null or m.id in (select uri from below))
                and not exists (
                    select from jsonb_array_elements($5) as wanted where not exists (
                        select from jsonb_array_elements(m.attributes -> 'index') as a
                        where wanted -> 'names' ? (a ->> 'id') and (wanted -> 'values' = 'null' or wanted -> 'values' ? (a ->> 'value'))))
            order by m.vocabulary, m.id limit $6
            """, connection);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(TextsOrNull(search.Vocabularies));
        command.Parameters.Add(TextsOrNull(search.Ids));
        command.Parameters.Add(TextsOrNull(search.IdsWithDescendants));
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(search.Attributes.Select(static a => new { names = a.Names, values = a.Values })), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = limit });
        command.CommandTimeout = TimeoutSeconds;
        var elements = new List<MasterDataElement>();
        var characters = 0L;
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var element = new MasterDataElement(reader.GetString(0), reader.GetString(1), reader.GetString(2), Unpack(reader.GetString(3)), reader.GetFieldValue<string[]>(4));
                characters += element.Id.Length + element.Attributes.Length + element.Children.Sum(static c => (long)c.Length);
                if (characters > maxCharacters)
                {
                    command.Cancel(); // Else the rest would still be sent.
                    return null;
                }
                elements.Add(element);
            }
        }
        catch (NpgsqlException exception) when (exception.InnerException is TimeoutException)
        {
            throw new SearchTimeoutException(exception);
        }
        return elements;
    }

    private static NpgsqlParameter TextsOrNull(IReadOnlyList<string>? texts) =>
        new() { Value = (object?)texts?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static List<KeyValuePair<string, string>> Unpack(string index)
    {
        using var json = JsonDocument.Parse(index);
        return [.. json.RootElement.EnumerateArray().Select(static a => KeyValuePair.Create(a.GetProperty("id").GetString() ?? "", a.GetProperty("value").GetString() ?? ""))];
    }

    // The attributes as given, and beside them their ids and values as they are searched.
    private static string Pack(MasterDataElement element) =>
        $$"""{"attributes":{{element.Attributes}},"index":{{JsonSerializer.Serialize(element.AttributeIds.Select(static a => new { id = a.Key, value = a.Value }))}}}""";

    private static async Task<List<string>> ReadTextsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        command.CommandTimeout = TimeoutSeconds;
        var texts = new List<string>();
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                texts.Add(reader.GetString(0));
            }
        }
        catch (NpgsqlException exception) when (exception.InnerException is TimeoutException)
        {
            throw new SearchTimeoutException(exception);
        }
        return texts.Count <= MaxDescendants ? texts : throw new TooManyElementsException();
    }
}
