namespace TrustChain.Devnet;

/// <summary>A program to run, and how it is stopped.</summary>
public sealed record ChildCommand
{
    /// <summary>What messages call it: <c>PostgreSQL</c>, <c>anvil</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the program, or a name to be found on PATH.</summary>
    public required string Program { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>File that gets standard output and standard error, mode 600. The previous run's is kept beside it as <c>.previous</c>.</summary>
    public required string LogFile { get; init; }

    /// <summary>File that remembers which process this is, so that the next start can end it if it was left behind. Null: not remembered.</summary>
    public string? PidFile { get; init; }

    /// <summary>Variables set on top of the inherited ones; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string WorkingDirectory { get; init; } = "/";

    /// <summary>Text for standard input, which is then closed. Null: standard input is empty.</summary>
    public string? StandardInput { get; init; }

    /// <summary>Runs as user nobody, for programs that refuse root. Needs root.</summary>
    public bool AsNobody { get; init; }

    /// <summary>Signals that ask it to stop, gentlest first, each given <see cref="Patience"/>. The first is also sent by the kernel if the starter
    /// dies.</summary>
    public IReadOnlyList<Signal> StopSignals { get; init; } = [Signal.Terminate];

    /// <summary>How long each stop signal may take before the next one; SIGKILL comes last.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
}
