using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Monitor;

/// <summary>One receipt of the folder named by <c>--receipts</c>, with what tells which events it is about.</summary>
/// <param name="Name">File name, and the line where it holds several.</param>
/// <param name="Compact">The receipt.</param>
internal sealed record ReceiptFile(string Name, string Compact)
{
    private const int MaxReceiptBytes = 1 << 20;

    /// <summary>SHA-256 of the receipt.</summary>
    public Hash32 Digest { get; } = Hash32.Compute(Encoding.UTF8.GetBytes(Compact));

    /// <summary>A bundle beside it, if there is one.</summary>
    public EvidenceBundle? Bundle { get; init; }

    /// <summary>Hashes of the events of the statement, from the capture's answer; empty when that is not there.</summary>
    public IReadOnlyList<string> EventHashes { get; init; } = [];

    /// <summary>Reads a folder: <c>X.receipt</c> or <c>X.jws</c> with <c>X.json</c> beside it, or an answer of a capture alone as <c>X.json</c>.</summary>
    /// <exception cref="CliException">The folder or a file cannot be read.</exception>
    public static async Task<IReadOnlyList<ReceiptFile>> ListAsync(Shell shell, string folder, CancellationToken cancellationToken)
    {
        string[] files;
        try
        {
            files = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{folder} cannot be read: {exception.Message}");
        }
        var receipts = new List<ReceiptFile>();
        var named = files.Where(static f => Path.GetExtension(f) is ".receipt" or ".jws").ToList();
        foreach (var file in named)
        {
            var companion = Path.ChangeExtension(file, ".json");
            var (bundle, hashes, _) = files.Contains(companion) ? await ReadCompanionAsync(shell, companion, cancellationToken) : (null, [], null);
            var lines = (await InputFile.ReadTextAsync(shell, file, MaxReceiptBytes, cancellationToken))
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            for (var i = 0; i < lines.Length; i++)
            {
                var name = Path.GetFileName(file) + (lines.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $":{i + 1}"));
                receipts.Add(new ReceiptFile(name, lines[i]) { Bundle = bundle, EventHashes = hashes });
            }
        }
        var companions = named.Select(static f => Path.ChangeExtension(f, ".json")).ToHashSet();
        foreach (var file in files.Where(f => Path.GetExtension(f) == ".json" && !companions.Contains(f)))
        {
            var (_, hashes, receipt) = await ReadCompanionAsync(shell, file, cancellationToken);
            if (receipt is not null)
            {
                receipts.Add(new ReceiptFile(Path.GetFileName(file), receipt) { EventHashes = hashes });
            }
        }
        return receipts;
    }

    private static async Task<(EvidenceBundle? Bundle, IReadOnlyList<string> EventHashes, string? Receipt)> ReadCompanionAsync(
        Shell shell, string file, CancellationToken cancellationToken)
    {
        var content = InputFile.WithoutByteOrderMark(await InputFile.ReadAsync(shell, file, EvidenceBundle.MaxBytes + 1, cancellationToken));
        if (EvidenceBundle.TryParse(content, out var bundle, out _))
        {
            return (bundle, [], null);
        }
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 16 });
            var hashes = JsonMembers.Array(document.RootElement, "events").Select(static e => JsonMembers.Text(e, "eventHash")).OfType<string>().Distinct().ToList();
            return (null, hashes, JsonMembers.Text(document.RootElement, "receipt"));
        }
        catch (JsonException)
        {
            return (null, [], null); // It tells nothing, and the receipt beside it is told to be of no use.
        }
    }
}
