using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Query;

/// <summary>
/// Writes a search as SQL: parameters only, and one text per shape of search, so that the server prepares each shape once. What the search starts from decides
/// its cost, so that is chosen here and not by the planner: a thing before a window of time, that before a sensor value, and that before a place, a partner
/// or a kind of measurement, which may be in every other event.
/// </summary>
internal sealed class EventSearchSql
{
    private readonly StringBuilder _from = new();
    private readonly StringBuilder _where = new();
    private readonly List<NpgsqlParameter> _parameters = [];
    private readonly EventSearch _search;
    private readonly bool _startsFromItem;
    private readonly bool _startsFromMeasure;

    public EventSearchSql(EventSearch search)
    {
        _search = search;
        var hasWindow = search.EventTime is { From: not null, Before: not null } || search.RecordTime is { From: not null, Before: not null };
        _startsFromItem = search.Items.Count > 0 && (search.Items[0].IsTelling || (!hasWindow && search.Measures.Count == 0));
        _startsFromMeasure = !_startsFromItem && !hasWindow && search.Measures.Count > 0;
        WriteFrom();
        Add("b.event is not null");
        WriteReader();
        WriteConditions();
        WriteAfter();
    }

    public NpgsqlCommand List(NpgsqlDataSource database, int limit, int maxBytes) => Command(
        database,
        BoundedEvents.Sql(
            $"select b.record_id, b.organisation_id, r.event_id, r.event_hash, b.event_time, b.record_time, b.event from {_from} join record r on r.id = b.record_id where {_where} order by {Order("b.")} limit {Parameter(limit)}",
            Order(""),
            Parameter(maxBytes)));

    public NpgsqlCommand Count(NpgsqlDataSource database, int limit) => Command(
        database, $"select count(*) from (select from {_from} where {_where} limit {Parameter(limit)}) as found");

    private NpgsqlCommand Command(NpgsqlDataSource database, string sql)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.AddRange(_parameters.ToArray());
        return command;
    }

    private void WriteFrom()
    {
        if (_startsFromItem)
        {
            var term = _search.Items[0];
            _from.Append(CultureInfo.InvariantCulture, $"(select distinct record_id from record_item where {Is("item_key", term.Keys)} and role = any({Parameter(term.Roles.ToArray())})");
            if (_search is { Order: SearchOrder.Record, After: { } after })
            {
                _from.Append(CultureInfo.InvariantCulture, $" and record_id {(_search.Descending ? '<' : '>')} {Parameter(after.RecordId)}");
            }
            _from.Append(") as i join event_body b on b.record_id = i.record_id");
        }
        else if (_startsFromMeasure)
        {
            var term = _search.Measures[0];
            _from.Append(
                CultureInfo.InvariantCulture,
                $"(select distinct record_id from record_measure where measure = {Parameter(term.Measure)} and value between {Parameter(term.From)} and {Parameter(term.To)}) as i join event_body b on b.record_id = i.record_id");
        }
        else
        {
            _from.Append("event_body b");
        }
    }

    private void WriteReader()
    {
        if (_search.Reader.OrganisationId is not { } organisation)
        {
            Add("b.is_public");
            return;
        }
        var party = _search.Reader.PartyPatterns.Count == 0
            ? ""
            : $" or (b.parties is not null and exists (select from unnest(b.parties) as party where party like any({Parameter(_search.Reader.PartyPatterns.ToArray())})))";
        Add($"(b.is_public or b.organisation_id = {Parameter(organisation)}{party})");
    }

    // offset 0 keeps a condition a look-up per event: the planner may else make it a join, which reads a kind of measurement that every other event has to its end.
    private void WriteConditions()
    {
        foreach (var term in _search.Items.Skip(_startsFromItem ? 1 : 0))
        {
            Add($"exists (select from record_item x where {Is("x.item_key", term.Keys)} and x.record_id = b.record_id and x.role = any({Parameter(term.Roles.ToArray())}) offset 0)");
        }
        foreach (var term in _search.Measures.Skip(_startsFromMeasure ? 1 : 0))
        {
            Add($"exists (select from record_measure x where x.measure = {Parameter(term.Measure)} and x.value between {Parameter(term.From)} and {Parameter(term.To)} and x.record_id = b.record_id offset 0)");
        }
        if (_search.EventTypes is { } types)
        {
            Add(Is("b.event_type", types));
        }
        if (_search.BizSteps is { } steps)
        {
            Add(Is("b.biz_step", steps));
        }
        if (_search.Dispositions is { } dispositions)
        {
            Add(Is("b.disposition", dispositions));
        }
        WriteSpan("b.event_time", _search.EventTime);
        WriteSpan("b.record_time", _search.RecordTime);
        if (_search.EventIds is { } ids)
        {
            byte[][] hashes = [.. ids.Select(static id => Record.TryParseEventHash(id, out var hash) ? hash.ToArray() : []).Where(static h => h.Length > 0)];
            Add($"b.record_id in (select id from record where event_id = any({Parameter(ids.ToArray())}) union all select id from record where event_hash = any({Parameter(hashes)}) and event_id is null)");
        }
        if (_search.EventHashes is { } eventHashes)
        {
            byte[][] digests = [.. eventHashes.Select(static h => h.ToArray())];
            Add($"b.record_id in (select id from record where event_hash = any({Parameter(digests)}))");
        }
        if (_search.RecordIds is { } records)
        {
            Add($"b.record_id = any({Parameter(records.ToArray())})");
        }
    }

    private void WriteSpan(string column, TimeSpanOf span)
    {
        if (span.From is { } from)
        {
            Add($"{column} >= {Parameter(from.UtcDateTime)}");
        }
        if (span.Before is { } before)
        {
            Add($"{column} < {Parameter(before.UtcDateTime)}");
        }
    }

    private void WriteAfter()
    {
        if (_search.After is not { } after)
        {
            return;
        }
        var sign = _search.Descending ? '<' : '>';
        if (_search.Order == SearchOrder.Record)
        {
            Add($"b.record_id {sign} {Parameter(after.RecordId)}");
        }
        else
        {
            Add($"(b.{TimeColumn}, b.record_id) {sign} ({Parameter(after.Time.UtcDateTime)}, {Parameter(after.RecordId)})");
        }
    }

    private string Order(string table)
    {
        var direction = _search.Descending ? " desc" : "";
        return _search.Order == SearchOrder.Record ? $"{table}record_id{direction}" : $"{table}{TimeColumn}{direction}, {table}record_id{direction}";
    }

    private string TimeColumn => _search.Order == SearchOrder.EventTime ? "event_time" : "record_time";

    private void Add(string condition) => _where.Append(_where.Length == 0 ? "" : " and ").Append(condition);

    // With one key the index gives the rows in order; with several they must be sorted.
    private string Is(string column, IReadOnlyList<long> keys) => keys.Count == 1 ? $"{column} = {Parameter(keys[0])}" : $"{column} = any({Parameter(keys.ToArray())})";

    private string Parameter<T>(T value)
    {
        var parameter = new NpgsqlParameter<T> { TypedValue = value };
        if (value is DateTime)
        {
            parameter.NpgsqlDbType = NpgsqlDbType.TimestampTz;
        }
        _parameters.Add(parameter);
        return string.Create(CultureInfo.InvariantCulture, $"${_parameters.Count}");
    }
}
