using System.Diagnostics;

namespace TrustChain.Devnet;

/// <summary>
/// A running child. It leads its own session, so that Ctrl-C in the terminal reaches only the starter, which then stops its children in order;
/// and the kernel stops it if the starter is killed.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly ChildCommand _command;
    private readonly Process _process;

    private ChildProcess(ChildCommand command, Process process)
    {
        _command = command;
        _process = process;
        Id = process.Id;
    }

    /// <summary>Process id, and the id of its process group.</summary>
    public int Id { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Exit code; 128 plus the signal number when a signal ended it.</summary>
    /// <exception cref="InvalidOperationException">It still runs.</exception>
    public int ExitCode => _process.ExitCode;

    /// <exception cref="DevnetException">A program needed to start it is missing.</exception>
    public static async Task<ChildProcess> StartAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        var startInfo = Describe(command);
        PrepareLog(command.LogFile);
        cancellationToken.ThrowIfCancellationRequested();
        var process = await SpawnThread.RunAsync(() => Process.Start(startInfo)!); // never null: UseShellExecute is off
        var child = new ChildProcess(command, process);
        try
        {
            if (command.PidFile is not null)
            {
                PidFile.Write(command.PidFile, child.Id);
            }
            if (command.StandardInput is not null)
            {
                await process.StandardInput.WriteAsync(command.StandardInput.AsMemory(), cancellationToken);
                process.StandardInput.Close();
            }
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a program to its end and returns the exit code. A cancelled run leaves no process behind.</summary>
    public static async Task<int> RunAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        await using var child = await StartAsync(command, cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        return child.ExitCode;
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>The last line of the log that has one of <paramref name="marks"/>, else the last line; for messages about a child that
    /// ended.</summary>
    public string ReadReason(params ReadOnlySpan<string> marks)
    {
        var lines = File.ReadAllLines(_command.LogFile).Where(line => !string.IsNullOrWhiteSpace(line)).ToList();
        foreach (var mark in marks)
        {
            if (lines.FindLast(line => line.Contains(mark, StringComparison.Ordinal)) is { } found)
            {
                return found.Trim();
            }
        }
        return lines.Count == 0 ? "it printed nothing" : lines[^1].Trim();
    }

    /// <summary>Stops it and everything in its process group. Returns when it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var signal in _command.StopSignals)
        {
            if (_process.HasExited || !LinuxProcess.Send(Id, signal) || await EndsWithinAsync(_command.Patience))
            {
                break;
            }
        }
        // Whatever the child itself started goes too. Process ids are given out in turn, so a group of this id a moment later is still the child's.
        LinuxProcess.Send(-Id, Signal.Kill);
        if (!_process.HasExited)
        {
            LinuxProcess.Send(Id, Signal.Kill);
        }
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        if (_command.PidFile is not null)
        {
            File.Delete(_command.PidFile);
        }
    }

    private async Task<bool> EndsWithinAsync(TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The shell opens the log before any privilege is dropped and, like the two programs after it, replaces itself: the id stays one and
    /// the same.</summary>
    private static ProcessStartInfo Describe(ChildCommand command)
    {
        var startInfo = new ProcessStartInfo(Tools.Get("sh"))
        {
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardInput = command.StandardInput is not null,
        };
        var input = command.StandardInput is null ? " </dev/null" : "";
        string[] wrapper = ["-c", $"log=$1; shift; exec \"$@\" >>\"$log\" 2>&1{input}", "sh", command.LogFile,
            Tools.Get("setsid"), Tools.Get("setpriv"), "--pdeathsig", LinuxProcess.NameOf(command.StopSignals[0])];
        string[] user = command.AsNobody ? ["--reuid=nobody", $"--regid={LinuxProcess.FindGroupOfNobody()}", "--clear-groups"] : [];
        foreach (var argument in (string[])[.. wrapper, .. user, command.Program, .. command.Arguments])
        {
            startInfo.ArgumentList.Add(argument);
        }
        foreach (var (name, value) in command.Environment)
        {
            startInfo.Environment[name] = value;
        }
        return startInfo;
    }

    private static void PrepareLog(string logFile)
    {
        if (File.Exists(logFile))
        {
            File.Move(logFile, logFile + ".previous", overwrite: true);
        }
        using var _ = new FileStream(logFile, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }
}
