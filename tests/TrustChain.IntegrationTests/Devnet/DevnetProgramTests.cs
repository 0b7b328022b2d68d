using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

public sealed class DevnetProgramTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_TwoSideBySide_BothAnswer_AndOneWhosePostgresEndsLeavesTheOther()
    {
        using var temporary = new TemporaryFolder();
        await using var first = StarterProcess.Start(temporary.PathOf("first"), []);
        await using var second = StarterProcess.Start(temporary.PathOf("second"), []);

        foreach (var description in await Task.WhenAll(first.WaitUntilReadyAsync(Cancellation), second.WaitUntilReadyAsync(Cancellation)))
        {
            Assert.Equal(31337, description.ChainId);
            Assert.NotNull(await ChainClient.GetBlockNumberAsync(description.RpcUrl, Cancellation));
            await using var source = NpgsqlDataSource.Create(description.Postgres);
            await using var command = source.CreateCommand("select 1");
            Assert.Equal(1, await command.ExecuteScalarAsync(Cancellation));
        }

        var children = second.FindChildren();
        children.Single(static child => child.Name == "postgres").Kill();

        Assert.Equal(1, await second.WaitForExitAsync(Cancellation));
        Assert.StartsWith("PostgreSQL ended by itself", second.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(children, static child => child.IsRunning);
        Assert.All(first.FindChildren(), static child => Assert.True(child.IsRunning));
    }

    [Theory]
    [InlineData(Signal.Terminate)]
    [InlineData(Signal.Interrupt)]
    public async Task Signal_WhenReadyAndAfterAnotherStartOnTheFolderFailed_StopsEverythingAndExitsZero(Signal signal)
    {
        Assert.SkipWhen(signal == Signal.Interrupt && IsInterruptIgnored(), "The tests run in the background of a shell, where every program ignores SIGINT.");
        using var temporary = new TemporaryFolder();
        await using var starter = StarterProcess.Start(temporary.PathOf("data"), []);
        var description = await starter.WaitUntilReadyAsync(Cancellation);
        var children = starter.FindChildren();
        Assert.Contains("Another devnet", await FailAsync(temporary.PathOf("data"), [], 1, ownsFolder: false), StringComparison.Ordinal);
        Assert.NotNull(await ChainClient.GetBlockNumberAsync(description.RpcUrl, Cancellation)); // Undisturbed.
        Assert.True(File.Exists(temporary.PathOf("data/devnet.json")));

        starter.Send(signal);

        Assert.Equal(0, await starter.WaitForExitAsync(Cancellation));
        Assert.True(children.Count >= 2);
        Assert.DoesNotContain(children, child => child.IsRunning);
        Assert.False(File.Exists(temporary.PathOf("data/devnet.json")));
        Assert.Empty(Directory.GetFiles(temporary.PathOf("data/run")));
        Assert.False(await IsListeningAsync(new Uri(description.RpcUrl).Port));
        Assert.Empty(starter.Errors);
    }

    [Fact]
    public async Task Signal_WhileStarting_LeavesNothingRunning()
    {
        using var temporary = new TemporaryFolder();
        await using var starter = StarterProcess.Start(temporary.PathOf("data"), []);
        while (!Directory.Exists(temporary.PathOf("data/run")) || starter.FindChildren().Count == 0)
        {
            await Task.Delay(5, Cancellation);
        }
        var children = starter.FindChildren();

        starter.Send(Signal.Terminate);

        await starter.WaitForExitAsync(Cancellation);
        Assert.DoesNotContain(children, child => child.IsRunning);
        Assert.Empty(Directory.GetFiles(temporary.PathOf("data/run")));
    }

    [Fact]
    public async Task Kill_OfTheStarter_EndsItsChildrenAndTheNextStartWorks()
    {
        using var temporary = new TemporaryFolder();
        await using var starter = StarterProcess.Start(temporary.PathOf("data"), []);
        var description = await starter.WaitUntilReadyAsync(Cancellation);
        await ChainClient.MineAsync(description.RpcUrl, 9, Cancellation);
        var block = await ChainClient.GetBlockNumberAsync(description.RpcUrl, Cancellation);
        var children = starter.FindChildren();

        starter.Send(Signal.Kill);

        await Task.WhenAll(children.Select(child => child.WaitForEndAsync(Cancellation)));
        await starter.WaitForExitAsync(Cancellation);
        File.Delete(temporary.PathOf("data/devnet.json")); // left behind; the next start would remove it, but not at once
        await using var next = StarterProcess.Start(temporary.PathOf("data"), []);
        var nextDescription = await next.WaitUntilReadyAsync(Cancellation);
        Assert.True(Number(await ChainClient.GetBlockNumberAsync(nextDescription.RpcUrl, Cancellation)) >= Number(block));
    }

    [Theory]
    [InlineData("--http")]
    [InlineData("--rpc")]
    [InlineData("--pg")]
    public async Task Start_PortInUse_FailsWithOneLine(string option)
    {
        using var temporary = new TemporaryFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var error = await FailAsync(temporary.PathOf("data"), [option, port], 1);

        Assert.Contains(port, error, StringComparison.Ordinal);
        Assert.Contains(option, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoNode_FailsWithOneLine()
    {
        using var temporary = new TemporaryFolder();

        Assert.Contains("Node.js", await FailAsync(temporary.PathOf("data"), [], 1, path: temporary.Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NodeTooOld_FailsWithOneLine()
    {
        using var temporary = new TemporaryFolder();
        foreach (var name in (string[])["node", "npm"])
        {
            await File.WriteAllTextAsync(temporary.PathOf(name), "#!/bin/sh\necho v18.19.0\n", Cancellation);
            File.SetUnixFileMode(temporary.PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        Assert.Contains("v18.19.0", await FailAsync(temporary.PathOf("data"), [], 1, path: temporary.Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FolderCannotBeCreated_FailsWithOneLine()
    {
        // Not even root may write there.
        Assert.Contains("/proc/trustchain", await FailAsync("/proc/trustchain", [], 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FolderIsAFile_FailsWithOneLine()
    {
        using var temporary = new TemporaryFolder();
        await File.WriteAllTextAsync(temporary.PathOf("file"), "", Cancellation);

        Assert.Contains("--data", await FailAsync(temporary.PathOf("file"), [], 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnknownOption_ExitsTwoWithOneLine()
    {
        using var temporary = new TemporaryFolder();

        Assert.Contains("--nonsense", await FailAsync(temporary.PathOf("data"), ["--nonsense"], 2), StringComparison.Ordinal);
    }

    private static async Task<string> FailAsync(string folder, IReadOnlyList<string> arguments, int exitCode, string? path = null, bool ownsFolder = true)
    {
        await using var starter = StarterProcess.Start(folder, arguments, path, ownsFolder);
        Assert.Equal(exitCode, await starter.WaitForExitAsync(Cancellation));
        Assert.NotEmpty(starter.Errors);
        Assert.DoesNotContain('\n', starter.Errors);
        return starter.Errors;
    }

    private static long Number(string? hex) => long.Parse((hex ?? "")[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>An ignored signal stays ignored in all programs that one starts.</summary>
    private static bool IsInterruptIgnored()
    {
        const string Ignored = "SigIgn:";
        var mask = File.ReadLines("/proc/self/status").Single(static l => l.StartsWith(Ignored, StringComparison.Ordinal))[Ignored.Length..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
