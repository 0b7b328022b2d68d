using System.Net.Http.Headers;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet.Serving;
using TrustChain.Evm.Rpc;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.FaultTests.Stage;

/// <summary>
/// Checks after a fault, from what the clients remember, what the log serves to everybody and what the database holds: every acknowledged record is in the log exactly
/// once and nothing else is, receipts were kept, signed checkpoints do not contradict each other, no anchor was doubled.
/// </summary>
internal sealed class Audit(Site site, Load load, CheckpointWatcher watcher, string apiKey) : IDisposable
{
    private const int MostPages = 4; // of a hundred records each; items with more are those of jobs with a thousand events

    private readonly VerifierCache _cache = new();
    private readonly List<byte[]> _entries = [];
    private readonly Dictionary<string, Receipt> _receipts = [];
    private readonly CliProcess _cli = new();
    private int _evidenced;

    private static CancellationToken Cancel => Site.Cancel;

    /// <summary>Lets the clients come to rest and the log take everything in, then checks all.</summary>
    /// <param name="resume">Let fsck go on where it stopped the last time it was told so.</param>
    public async Task ExpectSoundAsync(bool resume = false)
    {
        await ExpireLeasesAsync();
        await load.DrainAsync();
        await ExpectWithoutDrainingAsync(resume);
    }

    public void Dispose() => _cli.Dispose();

    /// <summary>Checks all when no client sends any more.</summary>
    public async Task ExpectWithoutDrainingAsync(bool resume = false)
    {
        await watcher.ThrowIfContradictedAsync();
        var size = await WaitUntilQuietAsync();
        await using var database = site.OpenDatabase();
        await FetchEntriesAsync(size);
        var records = await ReadRecordsAsync(database);
        ExpectEachOnce(records, size);
        await ExpectCheckpointsAsync(database);
        await ExpectAnchorsAsync(database);
        await ExpectEvidenceAsync();
        (await _cli.RunAsync(["fsck", "--server", site.BaseUrl(0), "--trust", site.TrustFile, "--rpc", site.RpcUrl, .. resume ? (string[])["--state", _cli.PathOf("fsck.state")] : []])).Expect(0);
    }

    /// <summary>Waits until the whole log is under a final anchor, and checks that no anchor was doubled on the way.</summary>
    public async Task ExpectAnchoredAsync()
    {
        await using var database = site.OpenDatabase();
        await Eventually.GetAsync("final anchor of the whole log", async () =>
        {
            await using var command = database.CreateCommand("select 'yes' from anchor a join log_state s on a.size = s.size where a.state = 'final' limit 1");
            return (string?)await command.ExecuteScalarAsync(Cancel);
        }, TimeSpan.FromMinutes(3));
        await ExpectAnchorsAsync(database);
    }

    /// <summary>The root of the first entries as the log serves them now.</summary>
    public async Task<Hash32> ComputeRootAsync(long size)
    {
        await FetchEntriesAsync(size);
        var tree = new Tree();
        foreach (var entry in _entries)
        {
            tree.Append(MerkleTree.HashLeaf(entry));
        }
        return tree.Root();
    }

    /// <summary>A server that died holds its jobs for a minute; this is that minute passing.</summary>
    private async Task ExpireLeasesAsync()
    {
        await using var database = site.OpenDatabase();
        await using var command = database.CreateCommand("update capture_job set lease_until = now() where is_running and lease_owner is not null");
        await command.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>The log's size once nothing waits any more and all is under a signed checkpoint that every server serves.</summary>
    private async Task<long> WaitUntilQuietAsync()
    {
        await using var database = site.OpenDatabase();
        var size = await Eventually.GetAsync("empty queue under a checkpoint that all servers serve", async () =>
        {
            await using var command = database.CreateCommand("""
                select (select size from log_state)::text
                where not exists (select from log_queue) and not exists (select from capture_job where is_running) and exists (select from checkpoint c join log_state s on c.size = s.size)
                """);
            var committed = (string?)await command.ExecuteScalarAsync(Cancel);
            for (var server = 0; committed is not null && server < site.ServerCount; server++)
            {
                if (site.IsRunning(server) && (await GetTextAsync(server, "/log/checkpoint")).Split('\n')[1] != committed)
                {
                    return null;
                }
            }
            return committed;
        }, TimeSpan.FromMinutes(3));
        return long.Parse(size, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>All entries as anybody can fetch them. Whole bundles were fetched before; that they are as they were is for fsck to find.</summary>
    private async Task FetchEntriesAsync(long size)
    {
        _entries.RemoveRange(_entries.Count - (_entries.Count % TileCoordinate.FullWidth), _entries.Count % TileCoordinate.FullWidth);
        while (_entries.Count < size)
        {
            var index = _entries.Count / TileCoordinate.FullWidth;
            var width = new TileCoordinate(0, index).WidthAt(size);
            var bundle = EntryBundle.Parse(await site.Client.GetByteArrayAsync($"{site.BaseUrl(0)}/log/tile/entries/{TileCoordinate.IndexPath(index, width)}", Cancel));
            Assert.Equal(width, bundle.Count);
            _entries.AddRange(bundle.Select(static e => e.ToArray()));
        }
    }

    private sealed record Stored(string EventHash, Hash32 Statement, DateTimeOffset ReceivedAt, byte[] Entry, long? Leaf);

    private static async Task<List<Stored>> ReadRecordsAsync(NpgsqlDataSource database)
    {
        const string Sql = """
            select r.event_hash, r.position, r.salt, s.digest, s.kid, s.key_entry, s.custody, s.event_count, s.received_at, e.leaf_index
            from record r join statement s on s.id = r.statement_id left join log_entry e on e.record_id = r.id
            """;
        var records = new List<Stored>();
        await using var command = database.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
        {
            var hash = $"ni:///sha-256;{Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(0))}?ver=CBV2.0";
            var (statement, receivedAt) = (new Hash32(reader.GetFieldValue<byte[]>(3)), reader.GetFieldValue<DateTimeOffset>(8));
            var record = new Record(
                reader.GetInt32(7), (Custody)reader.GetInt16(6), hash, reader.GetInt64(5), reader.GetString(4), reader.GetInt32(1), receivedAt, statement);
            records.Add(new Stored(
                hash, statement, receivedAt, LogEntry.ForEvent(reader.GetFieldValue<byte[]>(2), record.ToJcs()), await reader.IsDBNullAsync(9, Cancel) ? null : reader.GetInt64(9)));
        }
        return records;
    }

    private void ExpectEachOnce(List<Stored> records, long size)
    {
        var places = _entries.Select(static (entry, index) => (Key: Convert.ToHexString(entry), Index: (long)index)).ToLookup(static e => e.Key, static e => e.Index);
        Assert.Equal(size, places.Count); // no entry twice
        foreach (var record in records)
        {
            Assert.Equal([record.Leaf ?? -1], places[Convert.ToHexString(record.Entry)]);
        }
        Assert.Equal(records.Count, _entries.Count(static e => e[1] == (byte)EntryKind.Event));
        var byHash = records.ToLookup(static r => r.EventHash);
        var acknowledged = load.Acknowledged.ToList();
        foreach (var one in acknowledged)
        {
            var receipts = one.Receipts.Select(ReadReceipt).ToDictionary(static r => r.Statement);
            foreach (var hash in one.Capture.EventHashes)
            {
                var found = byHash[hash].ToList();
                Assert.True(found.Count == 1, $"{hash} was acknowledged and is there {found.Count} times.");
                Assert.True(receipts.TryGetValue(found[0].Statement, out var receipt), $"{hash} is there, but not under the statement that its receipt names.");
                Assert.Equal(receipt.ReceivedAt, found[0].ReceivedAt.ToUniversalTime());
            }
        }
        // Nothing was begun that was not acknowledged in the end, so nothing else may be there.
        Assert.Equal(acknowledged.Sum(static a => a.Capture.EventHashes.Count), records.Count);
    }

    private Receipt ReadReceipt(string compact)
    {
        if (!_receipts.TryGetValue(compact, out var receipt))
        {
            Assert.Equal(SignatureCheck.Valid, Receipt.Verify(compact, site.Keys.LogVerifier.Key, out receipt));
            _receipts.Add(compact, receipt!); // A valid one can be read.
        }
        return receipt!;
    }

    /// <summary>Every signed checkpoint, in the database or seen by anybody before, is the tree's root at its size.</summary>
    private async Task ExpectCheckpointsAsync(NpgsqlDataSource database)
    {
        var notes = watcher.Seen.ToList();
        await using var command = database.CreateCommand("select note from checkpoint");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var kept = new HashSet<string>();
        while (await reader.ReadAsync(Cancel))
        {
            kept.Add(reader.GetString(0));
        }
        Assert.Empty(notes.Except(kept)); // What was served was durable.
        var roots = kept.Select(note => CheckpointWatcher.Read(note, site)).ToDictionary(static c => c.Size, static c => c.Root);
        var tree = new Tree();
        for (var i = 0; i < _entries.Count; i++)
        {
            tree.Append(MerkleTree.HashLeaf(_entries[i]));
            if (roots.Remove(i + 1, out var root))
            {
                Assert.Equal(tree.Root(), root);
            }
        }
        Assert.Empty(roots); // None is larger than the log.
    }

    private async Task ExpectAnchorsAsync(NpgsqlDataSource database)
    {
        await using var doubled = database.CreateCommand("""
            select count(*) from (select from anchor where state in ('mined', 'final') group by size having count(*) > 1) s
            """);
        Assert.Equal(0L, await doubled.ExecuteScalarAsync(Cancel));
        // The chain before the database: the servers go on, and what a block holds by now was prepared before it was sent.
        using var http = new HttpClient();
        var node = new EvmNode(new JsonRpcClient(http, new Uri(site.RpcUrl), new JsonRpcOptions(), TimeProvider.System));
        var mined = await node.GetTransactionCountAsync(site.Keys.Publisher.Address, BlockTag.Latest, Cancel);
        await using var prepared = database.CreateCommand("select count(distinct nonce) from anchor");
        var nonces = (long)(await prepared.ExecuteScalarAsync(Cancel))!; // count always answers.
        Assert.InRange((long)mined - 1, 0, nonces); // The first deployed the contract.
    }

    /// <summary>What was acknowledged since the last time, as bundles that a stranger verifies.</summary>
    private async Task ExpectEvidenceAsync()
    {
        var fresh = load.Acknowledged.Skip(_evidenced).ToList();
        _evidenced += fresh.Count;
        foreach (var item in fresh.GroupBy(static a => a.Capture.Item))
        {
            var shown = new List<string>();
            var path = $"/evidence?item={Uri.EscapeDataString(item.Key)}";
            for (var page = 0; path is not null && page < MostPages; page++)
            {
                Assert.True(EvidenceBundle.TryParse(await GetBundleAsync(path), out var bundle, out var error), error);
                var report = EvidenceVerifier.Verify(bundle, site.Trust, null, _cache);
                // The chain is not asked here: fsck does. Everything else must pass.
                Assert.DoesNotContain(report.Checks, static c => c.Outcome != Outcome.Passed && c.Name is not (CheckNames.Anchor or CheckNames.Anchored));
                foreach (var bundled in bundle.Records)
                {
                    using var document = System.Text.Json.JsonDocument.Parse(bundled.Record);
                    Assert.True(Record.TryParse(document.RootElement, out var record));
                    shown.Add(record.EventHash);
                }
                path = bundle.Next;
            }
            var expected = item.SelectMany(static a => a.Capture.EventHashes).ToHashSet();
            Assert.Equal(shown.Count, shown.Distinct().Count());
            Assert.Subset(expected, shown.ToHashSet());
            Assert.True(path is not null || shown.Count == expected.Count, $"The evidence of {item.Key} has {shown.Count} records of {expected.Count}.");
        }
        load.NextItems();
        await load.RepeatAsync(fresh.TakeLast(10));
    }

    private async Task<byte[]> GetBundleAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, site.BaseUrl(0) + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        using var answer = await site.Client.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsByteArrayAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path} was answered with {(int)answer.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
        return body;
    }

    private async Task<string> GetTextAsync(int server, string path)
    {
        using var answer = await site.Client.GetAsync(site.BaseUrl(server) + path, Cancel);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Cancel) : "\n\n";
    }
}
