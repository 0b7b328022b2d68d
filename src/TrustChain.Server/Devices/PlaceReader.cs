using Npgsql;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Devices.Grants;

namespace TrustChain.Server.Devices;

/// <summary>
/// Decrypts the positions of statements of service-readable devices, so that places can be judged. At capture nothing is decrypted: keys may come later, and the summary of a statement is
/// what whoever has the statement alone computes. For one caller at a time.
/// </summary>
internal sealed class PlaceReader(ServiceKeys keys, DeviceStore devices, TimeProvider time)
{
    private const int MaxKnown = 20_000;

    // Events are some 100 kB long, and a day may have a thousand of them.
    private const int ChunkSize = 20;

    // Statements whose positions were all read: a day is computed again with each new statement, and the others do not change.
    private readonly Dictionary<long, StatementPlaces> _known = [];

    /// <summary>Reads the positions of statements, as far as there are keys; by record.</summary>
    /// <param name="connection">With the caller's transaction.</param>
    /// <param name="wanted">Statements of devices that the service may read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyDictionary<long, StatementPlaces>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(int DeviceId, DeviceTemplate Template, StatementFacts Facts)> wanted, CancellationToken cancellationToken)
    {
        var found = new Dictionary<long, StatementPlaces>();
        if (_known.Count > MaxKnown)
        {
            _known.Clear();
        }
        foreach (var (record, places) in wanted.Select(w => (w.Facts.RecordId, Places: _known.GetValueOrDefault(w.Facts.RecordId))))
        {
            if (places is not null)
            {
                found[record] = places;
            }
        }
        var missing = wanted.Where(w => !found.ContainsKey(w.Facts.RecordId)).ToList();
        var known = missing.Count == 0 ? [] : (await devices.ListAsync([.. missing.Select(static w => w.DeviceId).Distinct()], cancellationToken)).ToDictionary(static d => d.Id);
        // Those of all days at once: after a restart, or when many keys come, there are hundreds.
        var keysOfDays = await keys.ListAsync([.. missing.Select(w => (known[w.DeviceId], w.Facts.Summary.Day)).Distinct()], cancellationToken);
        foreach (var day in missing.GroupBy(static w => (w.DeviceId, w.Template, w.Facts.Summary.Day)))
        {
            var dayKeys = keysOfDays[new DayOfDevice(day.Key.DeviceId, day.Key.Day)];
            if (!dayKeys.Keys.Any(static k => k.Group == KeyGroup.Position))
            {
                continue;
            }
            foreach (var chunk in day.Select(static w => w.Facts.RecordId).Distinct().Chunk(ChunkSize))
            {
                foreach (var (record, e) in await TelemetryStore.ListEventsAsync(connection, chunk, cancellationToken))
                {
                    var device = known[day.Key.DeviceId].Uri;
                    if (Core.Devices.Telemetry.TryRead(e, device, day.Key.Template, time.GetUtcNow(), out var telemetry, out _))
                    {
                        Keep(record, StatementPlaces.Of(telemetry, day.Key.Template, device, dayKeys));
                    }
                }
            }
        }
        return found;

        void Keep(long record, StatementPlaces places)
        {
            found[record] = places;
            if (places.Read == places.Encrypted)
            {
                _known[record] = places;
            }
        }
    }
}
