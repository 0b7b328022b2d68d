using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Devices;

/// <summary>What a server made of the statements of one request.</summary>
/// <param name="Taken">How many it took.</param>
/// <param name="Refused">How many it refused.</param>
/// <param name="FirstProblem">Why, of the first; null where there is none.</param>
internal sealed record BatchAnswer(int Taken, int Refused, string? FirstProblem);

/// <summary>Requests with several telemetry statements.</summary>
internal static class StatementBatch
{
    /// <summary>Media type of the body.</summary>
    public const string MediaType = "application/vnd.trustchain.telemetry+json";

    /// <summary>Most statements in one request.</summary>
    public const int MaxStatements = 100;

    /// <summary>Longest body.</summary>
    public const int MaxBytes = (8 << 20) - 1024;

    /// <summary>Where they go.</summary>
    public const string Path = "api/devices/statements";

    /// <summary>The bodies of requests for statements, in order.</summary>
    public static IEnumerable<(byte[] Body, int Count)> Bodies(IEnumerable<string> statements, int most = MaxStatements)
    {
        var part = new List<string>(most);
        var bytes = 0;
        foreach (var statement in statements)
        {
            if (part.Count == most || (part.Count > 0 && bytes + statement.Length + 3 > MaxBytes))
            {
                yield return (Body(part), part.Count);
                part.Clear();
                bytes = 0;
            }
            part.Add(statement);
            bytes += statement.Length + 3;
        }
        if (part.Count > 0)
        {
            yield return (Body(part), part.Count);
        }
    }

    /// <summary>Sends one request, and once more each half second for a minute while a device's entry is not in the log yet.</summary>
    /// <exception cref="CliException">The server refused the whole, or does not answer for each.</exception>
    public static async Task<BatchAnswer> SendAsync(ServerClient client, byte[] body, int count, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var answer = (await client.PostAsync(Path, MediaType, body, cancellationToken)).OrThrow();
            using var json = answer.ToJson();
            var (taken, refused, early, seen) = (0, 0, false, 0);
            string? first = null;
            foreach (var result in JsonMembers.Array(json.RootElement, "results"))
            {
                seen++;
                if (JsonMembers.Integer(result, "status") is 200 or 201 or 202)
                {
                    taken++;
                    continue;
                }
                refused++;
                var problem = result.ValueKind == JsonValueKind.Object && result.TryGetProperty("problem", out var member) ? member : default;
                early |= JsonMembers.Text(problem, "code") == "key-not-yet-logged";
                first ??= $"{JsonMembers.Text(problem, "code")}: {JsonMembers.Text(problem, "detail")}";
            }
            if (seen != count)
            {
                throw new CliException($"{answer.Address} answered for {seen} of {count} statements.", ExitCodes.Bad);
            }
            if (!early || attempt == 120)
            {
                return new BatchAnswer(taken, refused, first);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
    }

    /// <summary>The body for compact JWS, which need no escapes.</summary>
    public static byte[] Body(IReadOnlyCollection<string> statements)
    {
        var start = "{\"statements\":["u8;
        var end = "]}"u8;
        var body = new byte[start.Length + end.Length + statements.Sum(static s => s.Length + 3) - 1];
        start.CopyTo(body);
        var at = start.Length;
        foreach (var statement in statements)
        {
            if (at > start.Length)
            {
                body[at++] = (byte)',';
            }
            body[at++] = (byte)'"';
            at += System.Text.Encoding.ASCII.GetBytes(statement, body.AsSpan(at));
            body[at++] = (byte)'"';
        }
        end.CopyTo(body.AsSpan(at));
        return body;
    }
}
