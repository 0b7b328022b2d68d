using System.Globalization;
using System.Text;
using TrustChain.Postgres.Partitions;
using TrustChain.UnitTests.Hostile;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>A file that was damaged or made up is refused by the reader's own answer. As the other parsers: TRUSTCHAIN_HOSTILE=N makes more, TRUSTCHAIN_SEED=S others.</summary>
public sealed class HostileArchiveTests
{
    private const string Good = """
        {"format":"trustchain-archive/1","origin":"log.example/tea","partition":3,"from":1,"before":20000001}
        {"statement":1,"jws":"ZXlK","leaves":"AAAA"}
        {"record":1,"event":"e30=","eventSalt":"AAAA","organisation":7,"public":true,"eventTime":"2026-03-04T08:15:30.0000000Z","recordTime":"2026-03-04T08:15:30.0000000Z","type":1,"step":2,"disposition":3,"parties":["a","b"]}
        {"record":2,"event":"e30="}
        {"measure":5,"value":"-1.5E-3","record":1}
        {"statements":1,"events":2,"measures":1}

        """;

    private static readonly int Count = Setting("TRUSTCHAIN_HOSTILE", 12_000) / 30;
    private static readonly int Seed = Setting("TRUSTCHAIN_SEED", 1);

    [Fact]
    public void HostileArchive_IsRefusedOrRead_WithinBounds()
    {
        Assert.Equal(5, Read(Encoding.UTF8.GetBytes(Good)));
        var inputs = new HostileInput([Encoding.UTF8.GetBytes(Good)], Seed);
        for (var i = 0; i < Count; i++)
        {
            var input = inputs.Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(input);
            }
            catch (ArchiveException)
            {
                // The reader's own answer.
            }
            catch (Exception exception)
            {
                Assert.Fail($"Input {i} of seed {Seed} ({Convert.ToBase64String(input)}): {exception}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < (4 << 20) + (400L * input.Length), $"Input {i} of seed {Seed} takes too much memory.");
        }
    }

    private static int Read(byte[] file)
    {
        var (reader, _) = ArchiveReader.Open(new MemoryStream(file));
        using (reader)
        {
            return reader.Rows().Count();
        }
    }

    private static int Setting(string name, int byDefault) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;
}
