using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using TrustChain.Cli.Http;

namespace TrustChain.Cli.Monitor;

/// <summary>Tells somebody: by a POST of the alarm's JSON, or by a command that gets it on its standard input. What fails is tried again in the next round.</summary>
internal sealed class AlarmSender : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Uri? _webhook;
    private readonly string? _command;
    private readonly HttpClient? _http;

    /// <summary>Makes it. With neither, nobody is told beyond the terminal and the state folder.</summary>
    public AlarmSender(Uri? webhook, string? command)
    {
        (_webhook, _command) = (webhook, command);
        _http = webhook is null ? null : Connections.Create(webhook, maxConnections: 1);
    }

    /// <summary>Whether there is anybody to tell.</summary>
    public bool HasReceiver => _webhook is not null || _command is not null;

    /// <summary>Sends one line of JSON, within a bounded time.</summary>
    /// <returns>Why it was not taken; null when it was.</returns>
    public async Task<string?> SendAsync(string json, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Patience);
        try
        {
            return _http is not null ? await PostAsync(_http, json, bounded.Token) : await RunAsync(json, bounded.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} seconds";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or Win32Exception)
        {
            return exception.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http?.Dispose();

    private async Task<string?> PostAsync(HttpClient http, string json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(_webhook, content, cancellationToken);
        return response.IsSuccessStatusCode ? null : $"it answered {(int)response.StatusCode}";
    }

    private async Task<string?> RunAsync(string json, CancellationToken cancellationToken)
    {
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd.exe", ["/c", _command!]) : new ProcessStartInfo("/bin/sh", ["-c", "exec 1>&2\n" + _command]); // Set where there is no webhook. Results of this program alone stand on standard output.
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!; // Never null: UseShellExecute is off.
        try
        {
            await process.StandardInput.WriteLineAsync(json.AsMemory(), cancellationToken);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : $"the command ended with {process.ExitCode}";
        }
        catch (IOException)
        {
            // It ended without reading its input: its exit code tells.
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : $"the command ended with {process.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
