using TrustChain.IntegrationTests.Devnet;
using TrustChain.Postgres.Partitions;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>Files that are no archives: each is refused with the line and the reason before the database is asked.</summary>
public sealed class ArchiveFileTests
{
    private const string Header = """{"format":"trustchain-archive/1","origin":"example/log","partition":1,"from":1,"before":20000001}""";

    [Theory]
    [InlineData("", "line 1: it ends too early")]
    [InlineData(Header, "line 1: it ends too early")] // no end of the line
    [InlineData(Header + "\n", "line 2: it ends too early")]
    [InlineData("[]\n", "line 1")]
    [InlineData("not json\n", "line 1")]
    [InlineData("{}\n", "no archive of the format")]
    [InlineData("{\"format\":1}\n", "line 1")]
    [InlineData("{\"format\":\"trustchain-archive/1\"}\n", "line 1")]
    [InlineData(Header + "\n7\n", "line 2")]
    [InlineData(Header + "\n{\"statement\":1,\"jws\":\"*\"}\n", "line 2")]
    [InlineData(Header + "\n{\"statement\":1,\"jws\":\"AA==\"}\n{\"statements\":0,\"events\":0,\"measures\":0}\n", "as many rows as it says")]
    [InlineData(Header + "\n{\"statements\":0,\"events\":0,\"measures\":0}\nmore\n", "something follows")]
    public async Task Restore_OfWhatIsNoArchive_NamesThePlace(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.PathOf("archive"), content, TestContext.Current.CancellationToken);
        await using var unasked = Npgsql.NpgsqlDataSource.Create("Host=127.0.0.1;Port=9");

        var refused = await Assert.ThrowsAsync<ArchiveException>(() => new ArchiveStore(unasked, TimeProvider.System).RestoreAsync(folder.PathOf("archive"), TestContext.Current.CancellationToken));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }
}
