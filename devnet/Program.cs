using System.Runtime.InteropServices;
using TrustChain.Devnet;
using TrustChain.Devnet.Demo;
using TrustChain.Devnet.Demo.Check;

if (!DevnetOptions.TryParse(args, out var options, out var error))
{
    await Console.Error.WriteLineAsync(error);
    return 2;
}
if (options.Help)
{
    Console.WriteLine(DevnetOptions.Usage);
    return 0;
}

using var stopped = new CancellationTokenSource();
var stop = (PosixSignalContext context) =>
{
    context.Cancel = true; // the default would end this process before its children
    stopped.Cancel();
};
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, stop);
using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, stop);

var isUp = false;
try
{
    await using var devnet = await DevnetHost.StartAsync(options, Console.Out, stopped.Token);
    isUp = true;
    using var client = new DemoClient(devnet.Server.BaseUrl);
    var demo = options is { Empty: true, Check: false } ? null : await TeaDemo.PlayAsync(devnet, client, Console.Out, stopped.Token);
    devnet.Announce(demo?.Organisations ?? []);
    if (options.Check)
    {
        return await CheckRun.RunAsync(devnet, demo!, client, Console.Out, stopped.Token) ? 0 : 1; // A check plays the demo.
    }
    Console.WriteLine($"Server      {devnet.Server.BaseUrl}");
    Console.WriteLine($"Chain       {devnet.Anvil.RpcUrl} (chain id {AnvilProcess.ChainId})");
    Console.WriteLine($"PostgreSQL  127.0.0.1:{devnet.Postgres.Port}, database {PostgresProcess.Database}");
    Console.WriteLine($"Details     {devnet.Folder.DescriptionFile}");
    if (demo is not null)
    {
        TeaSigns.Print(devnet, demo, Console.Out);
    }
    Console.WriteLine("Ready; Ctrl-C stops everything.");
    throw new DevnetException(await devnet.WaitForFailureAsync(stopped.Token));
}
catch (OperationCanceledException) when (stopped.IsCancellationRequested)
{
    Console.WriteLine("Stopped.");
    return isUp && !options.Check ? 0 : 1; // A check that was broken off proves nothing.
}
catch (DevnetException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or HttpRequestException)
{
    await Console.Error.WriteLineAsync($"The devnet stopped: {exception.Message}");
    return 1;
}
