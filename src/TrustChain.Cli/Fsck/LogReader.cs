using System.Net;
using System.Text;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>Reads the public log of a server.</summary>
internal sealed class LogReader(ServerClient client)
{
    /// <summary>The newest checkpoint, with its signature checked.</summary>
    /// <param name="verifier">The log's key.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">It is malformed or not signed by the key.</exception>
    /// <exception cref="CliException">The server does not answer, or this machine cannot check the signature.</exception>
    public async Task<SignedCheckpoint> GetCheckpointAsync(NoteVerifier verifier, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync("log/checkpoint", "text/plain", cancellationToken);
        return answer.IsSuccess
            ? SignedCheckpoint.Read(Encoding.UTF8.GetString(answer.Body), verifier)
            : throw new CliException($"{answer.Address} answered {(int)answer.Status}; there is no checkpoint to check.");
    }

    /// <summary>A tile's bytes.</summary>
    /// <exception cref="LogFaultException">The server has no such tile, although its checkpoint covers it.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public Task<byte[]> GetTileAsync(TileCoordinate tile, int width, CancellationToken cancellationToken) =>
        GetAsync($"log/{tile.PathFor(width)}", $"level {tile.Level}, tile {tile.Index}", cancellationToken);

    /// <summary>An entry bundle's bytes.</summary>
    /// <exception cref="LogFaultException">The server has no such bundle, although its checkpoint covers it.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public Task<byte[]> GetBundleAsync(long index, int width, CancellationToken cancellationToken) =>
        GetAsync($"log/tile/entries/{TileCoordinate.IndexPath(index, width)}", $"entry bundle {index}", cancellationToken);

    private async Task<byte[]> GetAsync(string path, string what, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(path, "application/octet-stream", cancellationToken);
        if (answer.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            throw new LogFaultException(FaultCodes.BadEntry, what, $"{what}: the log does not have it ({(int)answer.Status} for {answer.Address}).");
        }
        // Any other refusal says nothing of the log.
        return answer.IsSuccess ? answer.Body : throw new CliException($"{answer.Address} answered {(int)answer.Status}; {what} could not be read.");
    }
}
