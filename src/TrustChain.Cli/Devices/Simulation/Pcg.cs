namespace TrustChain.Cli.Devices.Simulation;

/// <summary>PCG32 (O'Neill 2014, XSH-RR): small, and the same on every machine. Not for secrets. Not safe for concurrent use.</summary>
internal sealed class Pcg
{
    private const ulong Multiplier = 6364136223846793005;

    private readonly ulong _increment;
    private ulong _state;

    /// <param name="seed">Chooses the numbers.</param>
    /// <param name="stream">Chooses among 2^63 sequences of one seed.</param>
    public Pcg(ulong seed, ulong stream)
    {
        _increment = (stream << 1) | 1;
        NextUInt32();
        _state += seed;
        NextUInt32();
    }

    /// <summary>32 bits.</summary>
    public uint NextUInt32()
    {
        var old = _state;
        _state = unchecked((old * Multiplier) + _increment);
        return uint.RotateRight((uint)(((old >> 18) ^ old) >> 27), (int)(old >> 59));
    }

    /// <summary>From 0, below a bound of at least 1.</summary>
    public int Next(int bound) => (int)(((ulong)NextUInt32() * (uint)bound) >> 32);

    /// <summary>From 0 inclusive to 1 exclusive.</summary>
    public double NextDouble() => NextUInt32() / 4294967296.0;

    /// <summary>Evenly between two bounds.</summary>
    public double Between(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>Whether something with this probability happens.</summary>
    public bool Happens(double probability) => NextDouble() < probability;

    /// <summary>About normal with mean 0 and deviation 1, within 6: a sum of twelve, which needs no function that differs between machines.</summary>
    public double Noise()
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++)
        {
            sum += NextDouble();
        }
        return sum;
    }

    /// <summary>Puts a list into a random order.</summary>
    public void Shuffle<T>(IList<T> list)
    {
        for (var i = list.Count - 1; i > 0; i--)
        {
            var other = Next(i + 1);
            (list[i], list[other]) = (list[other], list[i]);
        }
    }
}
