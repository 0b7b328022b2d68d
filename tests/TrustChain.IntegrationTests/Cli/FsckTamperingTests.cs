using System.Globalization;
using System.Text;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>An operator with all power over the database, and a stranger with the command line, who is told where the log is not what was signed, and why.</summary>
public sealed class FsckTamperingTests(SharedStack stack)
{
    private readonly CliProcess _cli = new();
    private RunningServer? _server;

    private RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fsck_DatabaseAltered_NamesThePlaceAndTheReason()
    {
        await using var server = _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        using var cli = _cli;
        var company = await server.AddOrganisationAsync();
        cli.Write("trust.json", Encoding.UTF8.GetString(server.Registry.Trust.ToUtf8()));
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem()), Events.Observation(company.NewItem())))).Expect(202);
        var size = (await server.GetCoveringCheckpointAsync()).Size;
        var anchored = (await server.GetFinalAnchorAsync(size)).GetProperty("size").GetInt64();
        (await FsckAsync()).Expect(0);
        var (entries, hashes) = (await ReadAsync("select entries from log_bundle"), await ReadAsync("select hashes from log_tile"));
        var last = MerkleTree.HashLeaf(EntryBundle.Parse(entries)[(int)size - 1].Span);
        var forged = Flip(entries);
        var forgedLeaf = MerkleTree.HashLeaf(EntryBundle.Parse(forged)[(int)size - 1].Span);
        var root = MerkleTree.ComputeRoot([.. EntryBundle.Parse(entries).Select(static e => MerkleTree.HashLeaf(e.Span))]);
        var otherRoot = MerkleTree.ComputeRoot([.. EntryBundle.Parse(forged).Select(static e => MerkleTree.HashLeaf(e.Span))]);
        var newest = string.Create(CultureInfo.InvariantCulture, $"level 0, tile 0, entry {size - 1}");

        // The newest entry, against the leaf hash of the tile.
        await AlterAsync("update log_bundle set entries = $1", forged);
        await ExpectAsync("bad-entry", newest, $"{newest}: the tile has {last.ToBase64Url()}, the entries give {forgedLeaf.ToBase64Url()}.");

        // Its leaf hash with it: then only the signed root tells.
        await AlterAsync("update log_tile set hashes = $1", [.. hashes[..^Hash32.Size], .. forgedLeaf.ToArray()]);
        await ExpectAsync("bad-entry", "root", $"root: the entries lead to {otherRoot.ToBase64Url()}, the checkpoint of size {size} names {root.ToBase64Url()}.");

        // The leaf hash alone.
        await AlterAsync("update log_bundle set entries = $1", entries);
        await ExpectAsync("bad-entry", newest, $"{newest}: the tile has {forgedLeaf.ToBase64Url()}, the entries give {last.ToBase64Url()}.");
        await AlterAsync("update log_tile set hashes = $1", hashes);

        // The first entry's kind: each entry is two bytes of length, then its version and kind. Then a bundle that is cut off.
        byte[] renamed = [.. entries[..3], 0xEE, .. entries[4..]];
        await AlterAsync("update log_bundle set entries = $1", renamed);
        await ExpectAsync(
            "bad-entry", "level 0, tile 0, entry 0", $"the tile has {Leaf(entries, 0)}, the entries give {Leaf(renamed, 0)}.");
        await AlterAsync("update log_bundle set entries = $1", entries[..^1]);
        await ExpectAsync("bad-entry", "entry bundle 0", "entry bundle 0: ");
        await AlterAsync("update log_bundle set entries = $1", entries);

        // What the server says of its anchors.
        var row = string.Create(CultureInfo.InvariantCulture, $"update anchor set root = $1 where size = {anchored}");
        await AlterAsync(row, new byte[Hash32.Size]);
        await ExpectAsync(
            "anchor-mismatch", string.Create(CultureInfo.InvariantCulture, $"anchor {anchored}"),
            string.Create(CultureInfo.InvariantCulture, $"anchor of size {anchored}: the server calls it final, but the contract does not hold it ("));
        await AlterAsync(row, await ReadAsync(string.Create(CultureInfo.InvariantCulture, $"select root from checkpoint where size = {anchored}")));

        (await FsckAsync()).Expect(0); // All is as it was.
    }

    private Task<CliResult> FsckAsync() => _cli.RunAsync("fsck", "--json", "--server", Server.BaseUrl, "--trust", "trust.json", "--rpc", Server.RpcUrl);

    private async Task ExpectAsync(string code, string place, string reason)
    {
        var said = (await FsckAsync()).Expect(1).Json;
        Assert.Equal(("bad", code, place), (said.GetProperty("result").GetString(), said.GetProperty("code").GetString(), said.GetProperty("subject").GetString()));
        Assert.Contains(reason, said.GetProperty("fault").GetString(), StringComparison.Ordinal);
    }

    private async Task<byte[]> ReadAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        return (byte[])(await command.ExecuteScalarAsync(Cancel))!; // There is one bundle, one tile, and a checkpoint of each anchored size.
    }

    private async Task AlterAsync(string sql, byte[] value)
    {
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }

    private static string Leaf(byte[] bundle, int index) => MerkleTree.HashLeaf(EntryBundle.Parse(bundle)[index].Span).ToBase64Url();

    /// <summary>The last bit, which is one of the newest entry's digest.</summary>
    private static byte[] Flip(byte[] bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)];
}
