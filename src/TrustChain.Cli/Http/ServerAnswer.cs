using System.Net;
using System.Text.Json;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Http;

/// <summary>One answer of a server, read whole.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="Address">What was asked.</param>
/// <param name="Location">The Location header, if any.</param>
/// <param name="AsksToWait">It came with Retry-After and is no success.</param>
internal sealed record ServerAnswer(HttpStatusCode Status, byte[] Body, Uri Address, string? Location, bool AsksToWait)
{
    /// <summary>True for a 2xx status.</summary>
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>Returns this answer when it is a success.</summary>
    /// <exception cref="CliException">
    /// It is not. The message has the problem's code and detail; a refusal (4xx) is bad, a server that is busy, asks to wait or fails means "could not check".
    /// </exception>
    public ServerAnswer OrThrow() => IsSuccess ? this : throw new CliException(Describe(), IsRefusal ? ExitCodes.Bad : ExitCodes.CouldNotCheck);

    /// <summary>The body as JSON.</summary>
    /// <exception cref="CliException">It is not a JSON object.</exception>
    public JsonDocument ToJson()
    {
        if (TryParse() is { } document)
        {
            return document;
        }
        throw new CliException($"{Address} did not answer with a JSON object.");
    }

    private bool IsRefusal => (int)Status is >= 400 and < 500 and not (408 or 425 or 429);

    private string Describe()
    {
        var text = $"{Address.GetLeftPart(UriPartial.Path)} answered {(int)Status}";
        using var document = TryParse();
        if (document is null)
        {
            return text + ".";
        }
        var problem = document.RootElement;
        var code = JsonMembers.Text(problem, "code") ?? JsonMembers.Text(problem, "type");
        var detail = JsonMembers.Text(problem, "detail") ?? JsonMembers.Text(problem, "title");
        text += $"{(code is null ? "" : $" ({code})")}: {detail ?? "no reason given"}";
        if (problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
        {
            foreach (var error in errors.EnumerateArray().Take(5))
            {
                var fault = JsonMembers.Text(error, "detail") ?? JsonMembers.Text(error, "rule");
                if (fault is not null && !text.Contains(fault, StringComparison.Ordinal)) // The first is often the problem's own detail.
                {
                    text += $"; {JsonMembers.Text(error, "pointer")}: {fault}";
                }
            }
        }
        return text.ReplaceLineEndings(" ");
    }

    private JsonDocument? TryParse()
    {
        try
        {
            var document = JsonDocument.Parse(Body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
