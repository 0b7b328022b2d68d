using System.Net;
using System.Text;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Fsck;

/// <summary>Reads the public log of a server.</summary>
internal sealed class LogReader(ServerClient client)
{
    /// <summary>The newest checkpoint, with its signature checked.</summary>
    /// <param name="verifier">The log's key.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">It is malformed or not signed by the key.</exception>
    /// <exception cref="CliException">The server does not answer, or this machine cannot check the signature.</exception>
    public async Task<Checkpoint> GetCheckpointAsync(NoteVerifier verifier, CancellationToken cancellationToken)
    {
        var text = Encoding.UTF8.GetString((await client.GetAsync("log/checkpoint", "text/plain", cancellationToken)).OrThrow().Body);
        if (!SignedNote.TryParse(text, out var note) || !Checkpoint.TryParse(note.Text, out var checkpoint))
        {
            throw new LogFaultException("The checkpoint is not a signed note of origin, size and root.");
        }
        return note.Verify(verifier) switch
        {
            SignatureCheck.CouldNotCheck => throw new CliException("This machine cannot check Ed25519 signatures."),
            SignatureCheck.Invalid => throw new LogFaultException($"The checkpoint of {checkpoint.Origin} is not signed by the key of {verifier.Name}."),
            _ => checkpoint.Origin == verifier.Name
                ? checkpoint
                : throw new LogFaultException($"The checkpoint is of {checkpoint.Origin}, the key of {verifier.Name}."),
        };
    }

    /// <summary>A tile's bytes.</summary>
    /// <exception cref="LogFaultException">The server has no such tile, although its checkpoint covers it.</exception>
    public Task<byte[]> GetTileAsync(TileCoordinate tile, int width, CancellationToken cancellationToken) =>
        GetAsync($"log/{tile.PathFor(width)}", $"level {tile.Level}, tile {tile.Index}", cancellationToken);

    /// <summary>An entry bundle's bytes.</summary>
    /// <exception cref="LogFaultException">The server has no such bundle, although its checkpoint covers it.</exception>
    public Task<byte[]> GetBundleAsync(long index, int width, CancellationToken cancellationToken) =>
        GetAsync($"log/tile/entries/{TileCoordinate.IndexPath(index, width)}", $"entry bundle {index}", cancellationToken);

    private async Task<byte[]> GetAsync(string path, string what, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(path, "application/octet-stream", cancellationToken);
        return answer.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone
            ? throw new LogFaultException($"{what}: the log does not have it ({(int)answer.Status} for {answer.Address}).")
            : answer.OrThrow().Body;
    }
}
