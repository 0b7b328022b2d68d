using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using TrustChain.Cli;

namespace TrustChain.UnitTests.Devices;

/// <summary>The program itself, ended by the system at moments that can be seen from outside. Step by step it is done in <see cref="DeviceCrashTests"/>.</summary>
public sealed class DeviceKillTests : IDisposable
{
    private const int Days = 12;

    private readonly DeviceFolder _folder = new();
    private Process? _running;
    private (string Path, bool IsAnswered)? _killAt;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Program_IsKilledWhileItSignsAndSends_ServiceSeesNoForkAndNoGap(bool namesTemplate)
    {
        _folder.Service.Template = namesTemplate ? DeviceWorld.MachineJson : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync(Token);
        var server = app.Urls.Single();

        // The claim is used up, and the program dies before it knows.
        _killAt = ("/api/devices/claim", true);
        string[] claim = ["device", "claim", "--server", server, "--claim", StubService.Claim, "--state", _folder.Path];
        Assert.NotEqual(0, await RunAsync(0, claim));
        Assert.True(_folder.Service.IsClaimed);
        Assert.Equal(namesTemplate, File.Exists(Path.Combine(_folder.Path, "template.json"))); // Kept before the claim was used up.
        Assert.Equal(0, await RunAsync(0, claim));

        // With everything signed, before the service has the statements and after.
        _killAt = ("/api/devices/statements", false);
        Assert.NotEqual(0, await SendAsync(month: 1));
        _killAt = ("/api/devices/statements", true);
        Assert.NotEqual(0, await SendAsync(month: 2));

        // In the middle of signing, once so many statements are on the disk.
        await SendAsync(month: 3, killAtFiles: _folder.Files("out").Length + 4);

        Assert.Equal(0, await SendAsync(month: 4));
        Assert.Empty(_folder.Files("out"));
        var times = _folder.Service.RequireWhole();
        Assert.Equal(times.Order(), times);
        Assert.Equal([Days, Days, Days], ((int[])[1, 2, 4]).Select(month => times.Count(t => t.Month == month)));
        Assert.InRange(times.Count(static t => t.Month == 3), 4, Days);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var (method, path, type, body) = (context.Request.Method, context.Request.Path.Value!, context.Request.ContentType, await reader.ReadToEndAsync(context.RequestAborted)); // The path is never null.
        var kill = method == "POST" && path == _killAt?.Path ? _killAt : null;
        var (status, text) = kill is { IsAnswered: false } ? (503, "") : _folder.Service.Answer(method, path, type, body);
        if (kill is not null)
        {
            _killAt = null;
            _running!.Kill(); // Requests come from it alone.
            await _running.WaitForExitAsync(Token); // So it cannot have the answer.
        }
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(text, CancellationToken.None);
    }

    /// <summary>Signs a reading on each of the first days of a month, which makes a statement each, and sends them.</summary>
    private async Task<int> SendAsync(int month, int killAtFiles = 0)
    {
        var file = Path.Combine(_folder.Path, "readings.csv");
        await File.WriteAllLinesAsync(file, ["time,type,component,value,unit", .. Enumerable.Range(1, Days).Select(day => $"2026-{month:00}-{day:00}T08:00:00Z,{DeviceFolder.Hours},,{day},HUR")], Token);
        return await RunAsync(killAtFiles, "device", "send", "--state", _folder.Path, "--file", file);
    }

    private async Task<int> RunAsync(int killAtFiles, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandTree).Assembly.Location, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = _running = Process.Start(start)!; // Never null: UseShellExecute is off.
        try
        {
            var output = Task.WhenAll(process.StandardError.ReadToEndAsync(Token), process.StandardOutput.ReadToEndAsync(Token));
            while (killAtFiles > 0 && !process.HasExited)
            {
                if (Directory.GetFiles(Path.Combine(_folder.Path, "out"), "*.jws").Length >= killAtFiles)
                {
                    process.Kill();
                    break;
                }
            }
            await process.WaitForExitAsync(Token);
            await output;
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
