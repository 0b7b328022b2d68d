using TrustChain.Cli;
using TrustChain.Cli.Terminal;

return await CommandTree.RunAsync(args, Shell.ForProcess(), CancellationToken.None);
