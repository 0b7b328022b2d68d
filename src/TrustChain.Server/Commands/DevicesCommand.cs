using System.Globalization;
using Npgsql;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Devices;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary>What <c>devices recompute</c> is asked for.</summary>
/// <param name="Device">Pseudonym or URI; null for all devices.</param>
/// <param name="From">First day.</param>
/// <param name="Until">Last day, included.</param>
/// <param name="Summaries">Whether the summaries of statements are made again too, from their content.</param>
internal sealed record RecomputeRequest(string? Device, DateOnly From, DateOnly Until, bool Summaries);

/// <summary><c>devices recompute</c>: has days computed again after a rule changed, or where what is kept of them is in doubt. Servers may run meanwhile; they do the computing.</summary>
internal static class DevicesCommand
{
    private const int DevicesAtOnce = 100;
    private const int StatementsAtOnce = 200;

    /// <summary>Reads the arguments; null where they are none of its forms.</summary>
    public static RecomputeRequest? Parse(IReadOnlyList<string> arguments)
    {
        if (arguments is not ["devices", "recompute", ..])
        {
            return null;
        }
        var request = new RecomputeRequest(null, DateOnly.MinValue, DateOnly.MaxValue, false);
        for (var i = 2; i < arguments.Count; i++)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--summaries":
                    request = request with { Summaries = true };
                    break;
                case "--device" when value is { Length: > 0 }:
                    (request, i) = (request with { Device = value }, i + 1);
                    break;
                case "--from" when TryDay(value, out var day):
                    (request, i) = (request with { From = day }, i + 1);
                    break;
                case "--to" when TryDay(value, out var day):
                    (request, i) = (request with { Until = day }, i + 1);
                    break;
                default:
                    return null;
            }
        }
        return request.From <= request.Until ? request : null;

        static bool TryDay(string? text, out DateOnly day) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
    }

    /// <returns>0 when the days are marked, 1 when something failed or could not be made again, 2 when the configuration is wrong.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter errors)
    {
        var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        if (ServerOptionsValidator.FindFaultOfDatabase(options) is { } fault)
        {
            await errors.WriteLineAsync(fault);
            return 2;
        }
        await using var database = DatabaseSources.CreatePrimary(options.ConnectionString);
        try
        {
            await using (var connection = await database.OpenConnectionAsync())
            {
                if (await Migrator.ReadStateAsync(connection, CancellationToken.None) is { Missing.Count: > 0 } or { Unknown.Count: > 0 })
                {
                    await errors.WriteLineAsync("The schema is another than this program's; run trustchain-server migrate, or the program that belongs to the database.");
                    return 1;
                }
            }
            return await RecomputeAsync(Parse(arguments)!, database, new DeviceTemplates(Path.Combine(AppContext.BaseDirectory, "Templates", "devices")), output, errors); // The command line was read.
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidDataException)
        {
            await errors.WriteLineAsync($"trustchain-server: {exception.Message}");
            return 1;
        }
    }

    private static async Task<int> RecomputeAsync(RecomputeRequest request, NpgsqlDataSource database, DeviceTemplates templates, TextWriter output, TextWriter errors)
    {
        StoredDevice? one = null;
        if (request.Device is { } name)
        {
            var devices = new DeviceStore(database);
            one = Hash32.TryParseBase64Url(name, out var pseudonym) ? await devices.FindAsync(pseudonym, CancellationToken.None) : await devices.FindByUriAsync(name, CancellationToken.None);
            if (one is null)
            {
                await errors.WriteLineAsync($"There is no device \"{name}\"; a device is named by its pseudonym or its URI.");
                return 1;
            }
        }
        // Before anything is changed: what was begun is written down, also where it does not come to its end.
        await new AuditStore(database, TimeProvider.System).AddAsync(
            new AuditAct(one?.OrganisationId, "operator", "device-days-recomputed", $"{one?.Uri ?? "all devices"}{Describe(request)}", ""), CancellationToken.None);
        var store = new RecomputeStore(database);
        var (count, days, removed, maintenance, dismissed, changed, unread) = (0, 0, 0, 0, 0, 0, 0);
        var after = 0;
        for (var list = await NextAsync(); list.Count > 0; list = one is null ? await NextAsync() : [])
        {
            if (request.Summaries)
            {
                foreach (var device in list)
                {
                    var (other, none) = await RemakeAsync(store, device, request, templates);
                    (changed, unread) = (changed + other, unread + none);
                }
            }
            var marked = await store.MarkAsync([.. list.Select(static d => (d.Id, d.Uri))], request.From, request.Until, CancellationToken.None);
            (count, days, removed, maintenance, dismissed) = (count + list.Count, days + marked.Marked, removed + marked.Removed, maintenance + marked.Maintenance, dismissed + marked.Dismissed);
            after = list[^1].Id;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} devices, {days} days marked"));
        }
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"Done: {days} days will be computed again by the servers, after those that have something new. {removed} stored days without any statement were removed, {maintenance} records of maintenance found, {dismissed} removed."));
        if (request.Summaries)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{changed} summaries of statements were another than their content gives, and were replaced."));
        }
        if (unread > 0)
        {
            await errors.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{unread} statements keep the summary they had: their content is in cold storage, or cannot be read with their template."));
        }
        return unread == 0 ? 0 : 1;

        async Task<IReadOnlyList<(int Id, string Uri, string Template)>> NextAsync() =>
            one is not null ? [(one.Id, one.Uri, one.Template)] : await store.ListDevicesAsync(after, DevicesAtOnce, CancellationToken.None);
    }

    /// <summary>Makes the summaries of a device's statements again from their content.</summary>
    private static async Task<(int Changed, int Unread)> RemakeAsync(RecomputeStore store, (int Id, string Uri, string Template) device, RecomputeRequest request, DeviceTemplates templates)
    {
        var (changed, unread, after) = (0, 0, 0L);
        var template = templates.Find(device.Template);
        while (await store.ListStatementsAsync(device.Id, request.From, request.Until, after, StatementsAtOnce, CancellationToken.None) is { Count: > 0 } list)
        {
            var others = new List<(long, byte[])>();
            foreach (var statement in list)
            {
                if (template is null || statement.Event is null || !Core.Devices.Telemetry.TryRead(statement.Event, device.Uri, template, statement.ReceivedAt, out var telemetry, out _))
                {
                    unread++;
                }
                else if (TelemetrySummary.Of(telemetry, template).ToBytes() is var summary && !summary.AsSpan().SequenceEqual(statement.Summary))
                {
                    others.Add((statement.RecordId, summary));
                }
            }
            if (others.Count > 0)
            {
                await store.ReplaceAsync(others, CancellationToken.None);
            }
            (changed, after) = (changed + others.Count, list[^1].RecordId);
        }
        return (changed, unread);
    }

    private static string Describe(RecomputeRequest request)
    {
        var from = request.From > DateOnly.MinValue ? string.Create(CultureInfo.InvariantCulture, $" from {request.From:yyyy-MM-dd}") : "";
        var until = request.Until < DateOnly.MaxValue ? string.Create(CultureInfo.InvariantCulture, $" to {request.Until:yyyy-MM-dd}") : "";
        return from + until + (request.Summaries ? ", summaries too" : "");
    }
}
