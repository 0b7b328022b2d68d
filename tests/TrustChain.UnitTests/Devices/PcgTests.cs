using TrustChain.Cli.Devices.Simulation;

namespace TrustChain.UnitTests.Devices;

public sealed class PcgTests
{
    [Fact]
    public void Pcg_SeedAndStreamOfTheReference_GivesItsNumbers()
    {
        // The demonstration of the reference implementation: seed 42, stream 54.
        var random = new Pcg(42, 54);
        uint[] expected = [0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e];
        Assert.Equal(expected, expected.Select(_ => random.NextUInt32()));
    }

    [Fact]
    public void Shuffle_KeepsTheElements()
    {
        var list = Enumerable.Range(0, 50).ToList();
        new Pcg(1, 1).Shuffle(list);
        Assert.NotEqual(Enumerable.Range(0, 50), list);
        Assert.Equal(Enumerable.Range(0, 50), list.Order());
    }
}
