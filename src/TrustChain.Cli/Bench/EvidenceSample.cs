using System.Diagnostics;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Bench;

/// <summary>Fetches evidence of random acknowledged records by EPC and verifies it. What only the chain can tell is left out: anchors come later.</summary>
internal sealed class EvidenceSample(ServerClient client, TrustFile trust, EventCorpus corpus, BenchItems items, Func<int, (Hash32 Statement, int Position)> placeOf)
{
    private const int MaxPages = 1000;

    /// <summary>Latency of the bundles fetched.</summary>
    public Latencies Latencies { get; } = new();

    /// <summary>Fetches and verifies.</summary>
    /// <param name="chosen">Numbers of the records in the corpus.</param>
    /// <param name="clients">How many at once.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="CliException">A record is missing, or a bundle does not verify.</exception>
    public async Task CheckAsync(IEnumerable<int> chosen, int clients, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(chosen, options, async (number, token) => await CheckOneAsync(number, token));
    }

    private async Task CheckOneAsync(int number, CancellationToken cancellationToken)
    {
        var item = items.Uri(corpus.ItemsOf(number)[number % EventCorpus.EpcsPerEvent]);
        var (statement, position) = placeOf(number);
        var path = $"evidence?item={Uri.EscapeDataString(item)}";
        for (var page = 0; page < MaxPages; page++)
        {
            var started = Stopwatch.GetTimestamp();
            var answer = (await client.GetAsync(path, "application/json", cancellationToken)).OrThrow();
            Latencies.AddSince(started);
            if (!EvidenceBundle.TryParse(answer.Body, out var bundle, out var error))
            {
                throw new CliException($"The bundle of {item} is malformed: {error}", ExitCodes.Bad);
            }
            foreach (var check in EvidenceVerifier.Verify(bundle, trust, null).Checks)
            {
                if (check.Outcome != Outcome.Passed && check.Name is not (CheckNames.Anchor or CheckNames.Anchored))
                {
                    throw new CliException($"The bundle of {item} does not verify: {check.Name} {check.Subject} [{check.Code}]: {check.Message}", ExitCodes.Bad);
                }
            }
            if (bundle.Records.Any(record => IsAt(record, statement, position)))
            {
                return;
            }
            if (bundle.Next is not { } next)
            {
                break;
            }
            path = next.TrimStart('/');
        }
        throw new CliException($"The evidence of {item} does not have event {number}, which was acknowledged.", ExitCodes.Bad);
    }

    private static bool IsAt(BundleRecord bundled, Hash32 statement, int position)
    {
        using var document = JsonDocument.Parse(bundled.Record);
        return Record.TryParse(document.RootElement, out var record) && record.Statement == statement && record.Position == position;
    }
}
