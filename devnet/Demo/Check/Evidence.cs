using System.Diagnostics;
using TrustChain.Core.Verification;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>Fetches evidence that is complete: logged, and anchored for good.</summary>
internal sealed class Evidence(DemoClient client)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>Evidence of an item and all that went into it.</summary>
    public Task<byte[]> OfItemAsync(string item, CancellationToken cancellationToken) =>
        GetAsync($"evidence?item={Uri.EscapeDataString(item)}&trace=true", null, cancellationToken);

    /// <summary>Evidence of one event.</summary>
    public Task<byte[]> OfEventAsync(string eventId, string? apiKey, CancellationToken cancellationToken) =>
        GetAsync($"evidence?event={Uri.EscapeDataString(eventId)}", apiKey, cancellationToken);

    /// <summary>Reads a bundle of our own server.</summary>
    /// <exception cref="DevnetException">It is malformed.</exception>
    public static EvidenceBundle Read(byte[] utf8) =>
        EvidenceBundle.TryParse(utf8, out var bundle, out var error) ? bundle : throw new DevnetException($"The server's evidence is malformed: {error}");

    private async Task<byte[]> GetAsync(string path, string? apiKey, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await client.GetAsync(path, apiKey, cancellationToken);
            if (answer.IsSuccess && IsAnchored(Read(answer.Body)))
            {
                return answer.Body;
            }
            if (!answer.IsSuccess && answer.ProblemCode != "not-yet-logged")
            {
                throw new DevnetException($"/{path} answered {(int)answer.Status} {answer.Text}");
            }
            if (clock.Elapsed > Timeout)
            {
                throw new DevnetException($"/{path} was not anchored within {Timeout.TotalSeconds:0} s; the server's log says why.");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(250), cancellationToken);
        }
    }

    private static bool IsAnchored(EvidenceBundle bundle) =>
        bundle.Leaves() is [.., var last] && bundle.Anchors.Any(anchor => last.Index < anchor.Size);
}
