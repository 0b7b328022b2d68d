using System.Globalization;
using Npgsql;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Devices;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>What is asked of the database about many devices stays small. Tables are filled by SQL, and nobody else works on them.</summary>
public sealed class DeviceStoreBoundsTests(SharedStack stack) : IAsyncLifetime
{
    private const int Devices = 2_000;

    private NpgsqlDataSource _database = null!; // set by InitializeAsync

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var name = $"bounds_{Guid.NewGuid():N}";
        await using (var maintenance = NpgsqlDataSource.Create(stack.Postgres.ConnectionString + ";Pooling=false"))
        await using (var create = maintenance.CreateCommand($"create database {name}"))
        {
            await create.ExecuteNonQueryAsync(Cancellation);
        }
        await using (var migrated = NpgsqlDataSource.Create(stack.Postgres.ConnectionStringTo(name) + ";Pooling=false"))
        {
            await Migrator.ApplyAsync(migrated, Cancellation);
        }
        // One session, whose counts of scans are written when they are asked for.
        _database = NpgsqlDataSource.Create(stack.Postgres.ConnectionStringTo(name) + ";Maximum Pool Size=1");
        await ExecuteAsync($"""
            insert into organisation (code, name, roles, created_at) values ('owner', 'Owner', array[]::text[], now()), ('other', 'Other', array[]::text[], now());
            insert into device (uri, pseudonym, salt, organisation_id, template, name, serial, state, created_at)
            select 'urn:test:' || i, sha256(i::text::bytea), sha256(i::text::bytea), 1 + i % 2, 'loom', 'Loom ' || lpad(i::text, 5, '0'), 'S-' || i, 1, now() from generate_series(1, {Devices}) i;
            insert into device_finding (device_id, key, day, of_day, code, severity, from_time, until_time, detail, records, found_at)
            select d, 'gap/' || f, current_date, true, 'gap', 2, now(), now(), '', array[]::bigint[], now() from generate_series(1, {Devices}) d, generate_series(1, 3) f;
            vacuum analyze
            """);
    }

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task DueDays_AreTakenUpToANumberOfStatements_AndEveryOneOnce()
    {
        var day = new DateOnly(2026, 3, 1);
        int[] statements = [40, 40, 40, 40, 500, 40, 40, 40, 40];
        for (var i = 0; i < statements.Length; i++)
        {
            await AddStatementsAsync(i + 1, day, statements[i]);
        }
        await AddStatementsAsync(8, day.AddDays(3), 80); // It is not due, but read with the day before it.
        await ExecuteAsync("update telemetry set summary = convert_to(repeat('x', 4096), 'UTF8') where device_id = 4"); // as large as five
        for (var repeat = 0; repeat < 2; repeat++) // Each statement makes its day due.
        {
            await ExecuteAsync("insert into device_day_due (device_id, day) select i, '2026-03-01' from generate_series(1, 9) i");
        }

        var telemetry = new TelemetryStore(_database);
        var passes = new List<string>();
        var hasMore = true;
        while (hasMore)
        {
            (_, hasMore) = await telemetry.TakeDueAsync(500, 100, (_, due) =>
            {
                Assert.All(due, d => Assert.Equal(day, d.Day));
                passes.Add(string.Join(' ', due.Select(static d => d.DeviceId)));
                return Task.CompletedTask;
            }, Cancellation);
        }

        Assert.Equal(["1 2", "3", "4", "5", "6 7", "8", "9"], passes);
        Assert.Equal(0, await ReadAsync("select count(*) from device_day_due"));
    }

    [Fact]
    public async Task DueDays_MoreThanAreLookedAtOnce_AreAllTaken()
    {
        await ExecuteAsync("insert into device_day_due (device_id, day) select i, '2026-03-01' from generate_series(1, 25) i");
        var telemetry = new TelemetryStore(_database);
        var taken = new List<int>();
        var hasMore = true;
        while (hasMore)
        {
            (_, hasMore) = await telemetry.TakeDueAsync(10, 100, (_, due) =>
            {
                taken.AddRange(due.Select(static d => d.DeviceId));
                return Task.CompletedTask;
            }, Cancellation);
        }
        Assert.Equal(Enumerable.Range(1, 25), taken);
    }

    [Fact]
    public async Task Fleet_ByName_CountsAlarmsOfItsPageAlone()
    {
        var fleet = new DeviceFleetStore(_database);
        var before = await CountScansAsync("device_finding");
        var page = await fleet.ListAsync(1, new FleetQuery(), DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-30), 50, 25, Cancellation);

        Assert.InRange(await CountScansAsync("device_finding") - before, 25, 100); // PostgreSQL may look into an index more than once for a device; the owner has a thousand.
        Assert.Equal((Devices / 2, 25), (page.Total, page.Rows.Count));
        Assert.Equal(Enumerable.Range(51, 25).Select(static i => (i * 2, 3)), page.Rows); // every second device is this owner's

        // Where alarms say which devices and in what order, they are counted for all; the rows are the same.
        await ExecuteAsync("update device_finding set ended_at = now() where device_id > 100 or (device_id <= 50 and key <> 'gap/1')");
        var most = await fleet.ListAsync(1, new FleetQuery { Order = FleetOrder.Alarms, AlarmsOnly = true }, DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-30), 20, 10, Cancellation);
        Assert.Equal(50, most.Total);
        Assert.Equal([.. Enumerable.Range(46, 5).Select(static i => (i * 2, 3)), .. Enumerable.Range(1, 5).Select(static i => (i * 2, 1))], most.Rows);
        var beyond = await fleet.ListAsync(1, new FleetQuery(), DateOnly.FromDateTime(DateTime.UtcNow), 5_000, 25, Cancellation);
        Assert.Equal((Devices / 2, 0), (beyond.Total, beyond.Rows.Count));
    }

    [Fact]
    public async Task Lookups_UseTheirIndexes()
    {
        await ExecuteAsync($"""
            insert into device_status (device_id, last_key_number, last_sequence, last_record_id, first_reading_at, last_reading_at, last_seen_at, statements, readings)
            select i, 0, 1, i, now(), now() - interval '3 days', now(), 1, 1 from generate_series(1, {Devices}) i;
            insert into device_hook (id, organisation_id, destination, severity, created_at) select gen_random_uuid(), 1, 'https://example.org', 0, now() from generate_series(1, 50);
            insert into device_alarm (device_id, organisation_id, key, code, severity, from_time, until_time, detail, raised_at)
            select i, 1, '', '', 2, now(), now(), '', now() from generate_series(1, 200) i;
            insert into device_alarm_delivery (alarm_id, hook_id, next_at) select a.id, h.id, now() from device_alarm a, device_hook h;
            vacuum analyze
            """);

        var found = await new DeviceStore(_database).ListByNamesAsync(1, ["s-10", "urn:test:20", "S-11"], Cancellation);
        Assert.Equal(["urn:test:10", "urn:test:20"], found.Select(static d => d.Uri)); // The eleventh is another owner's.
        Assert.True(await CountIndexScansAsync("device_serial") > 0);

        var alarms = new DeviceAlarmStore(_database);
        var hook = Assert.IsType<DeviceHook>((await alarms.ListHooksAsync(1, Cancellation))[0]);
        Assert.True(await alarms.RemoveHookAsync(1, hook.Id, Cancellation));
        Assert.True(await CountIndexScansAsync("device_alarm_delivery_hook") > 0);
        Assert.Equal(200 * 49, await ReadAsync("select count(*) from device_alarm_delivery"));

        await new DeviceDayStore(_database).WriteSilencesAsync([], DateTimeOffset.UtcNow, Cancellation);
        Assert.True(await CountIndexScansAsync("device_finding_silent") > 0);
    }

    [Fact]
    public async Task QuietDevices_AreReadToTheEnd()
    {
        await ExecuteAsync($"""
            insert into device_status (device_id, last_key_number, last_sequence, last_record_id, first_reading_at, last_reading_at, last_seen_at, statements, readings)
            select i, 0, 1, i, now(), now() - interval '3 days', now(), 1, 1 from generate_series(1, {Devices}) i;
            """);
        var days = new DeviceDayStore(_database);
        var (read, after) = (0, int.MinValue);
        while (await days.ListQuietAsync(DateTimeOffset.UtcNow.AddDays(-1), after, 300, Cancellation) is { Count: > 0 } page)
        {
            (read, after) = (read + page.Count, page[^1].DeviceId);
        }
        Assert.Equal((Devices, Devices), (read, after));
    }

    private Task AddStatementsAsync(int device, DateOnly day, int count) => ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
        insert into telemetry (device_id, key_number, sequence, digest, boot, clock, received_at, day, record_id, imported, readings, summary)
        select {device}, 0, 10000::bigint * {day.DayNumber} + i, sha256(i::text::bytea), 1, now(), now(), '{day:yyyy-MM-dd}', (select coalesce(max(record_id), 0) from telemetry) + i, false, 1, '' from generate_series(1, {count}) i
        """));

    private async Task<long> CountScansAsync(string table)
    {
        await ReadAsync("select 1 from (select pg_stat_force_next_flush()) f");
        return await ReadAsync($"select seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables where relname = '{table}'");
    }

    private async Task<long> CountIndexScansAsync(string index)
    {
        await ReadAsync("select 1 from (select pg_stat_force_next_flush()) f");
        return await ReadAsync($"select coalesce((select idx_scan from pg_stat_user_indexes where indexrelname = '{index}'), 0)");
    }

    private async Task ExecuteAsync(string sql)
    {
        foreach (var part in sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) // "vacuum" stands alone
        {
            await using var command = _database.CreateCommand(part);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }

    private async Task<long> ReadAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }
}
