using Npgsql;
using TrustChain.Core.Devices;

namespace TrustChain.Postgres.Devices;

/// <summary>That somebody else signs in the name of a device.</summary>
public sealed partial class DeviceDayStore
{
    /// <summary>
    /// Keeps that somebody else's key signed in the name of a device, if there is one of this URI: one finding and one alarm of its owner's for as long as it goes on, however often it
    /// happens, counted. A device that is there takes the same statements as one that is not.
    /// </summary>
    /// <param name="uri">Canonical URI that was named.</param>
    /// <param name="finding">What to tell the owner.</param>
    /// <param name="ended">What was last seen before this moment has ended: the next time is another alarm.</param>
    /// <param name="now">When it came.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task AddImpersonationAsync(string uri, Finding finding, DateTimeOffset ended, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Two at a time would both find none that is open.
        const string Lock = "select from device where uri = $1 for no key update";
        const string End = """
            update device_finding f set ended_at = $3 from device d
            where d.uri = $1 and f.device_id = d.id and f.key = $2 and f.ended_at is null and f.until_time < $4
            """;
        const string Keep = """
            insert into device_finding as f (device_id, key, day, of_day, code, severity, from_time, until_time, measure, detail, records, found_at)
            select d.id, $2, $3, false, $2, $4, $5, $5, null::text, $6, '{}'::bigint[], $5 from device d where d.uri = $1
            on conflict (device_id, key) do update set until_time = excluded.until_time, ended_at = null,
                day = case when f.ended_at is null then f.day else excluded.day end,
                from_time = case when f.ended_at is null then f.from_time else excluded.from_time end,
                found_at = case when f.ended_at is null then f.found_at else excluded.found_at end,
                times = case when f.ended_at is null then f.times + 1 else 1 end
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Lock) { Parameters = { new() { Value = uri } } },
                new(End) { Parameters = { new() { Value = uri }, new() { Value = finding.Code }, new() { Value = now.UtcDateTime }, new() { Value = ended.UtcDateTime } } },
                DeviceAlarmStore.Raise(uri, finding.Code, finding, now),
                new(Keep)
                {
                    Parameters =
                    {
                        new() { Value = uri }, new() { Value = finding.Code }, new() { Value = DateOnly.FromDateTime(now.UtcDateTime) }, new() { Value = (short)finding.Severity },
                        new() { Value = now.UtcDateTime }, new() { Value = finding.Detail },
                    },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
    }
}
