using System.Diagnostics;

namespace TrustChain.Cli.Terminal;

/// <summary>Tells on standard error how far a long verb is: rewritten every second on a terminal, a new line every ten seconds elsewhere.</summary>
internal sealed class ProgressLine(Shell shell)
{
    private readonly bool _rewrite = !Console.IsErrorRedirected;
    private long _last = Stopwatch.GetTimestamp();
    private bool _open;

    /// <summary>Shows a state, unless the last one was shown a moment ago.</summary>
    public void Show(Func<string> text)
    {
        if (Stopwatch.GetElapsedTime(_last) < TimeSpan.FromSeconds(_rewrite ? 1 : 10))
        {
            return;
        }
        _last = Stopwatch.GetTimestamp();
        if (_rewrite)
        {
            shell.Error.Write($"\r{text()}   ");
            _open = true;
        }
        else
        {
            shell.Error.WriteLine(text());
        }
    }

    /// <summary>Leaves the line, so that what follows starts on one of its own.</summary>
    public void Finish()
    {
        if (_open)
        {
            shell.Error.WriteLine();
            _open = false;
        }
    }
}
