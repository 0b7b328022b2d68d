namespace TrustChain.Evm.Rpc;

/// <summary>Bounds of the requests to a node.</summary>
public sealed record JsonRpcOptions
{
    /// <summary>Time for one attempt, from sending to the last byte of the answer. Default 10 seconds.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request is sent at most while it fails in transport; 1 means no repetition. Default 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Pause before the second attempt; it doubles before each further one. Default 250 milliseconds.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest pause between attempts. Default 5 seconds.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest answer read. Default 4 MiB.</summary>
    public int MaxResponseBytes { get; init; } = 4 << 20;
}
