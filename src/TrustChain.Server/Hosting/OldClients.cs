using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Marks a route whose clients know neither bearer tokens nor problem documents: the API key may come as the password of HTTP Basic, and problems found
/// outside of the route's own handler are written in the form given here.
/// </summary>
/// <param name="WriteProblemAsync">Writes a problem, its status included.</param>
internal sealed record OldClients(Func<HttpContext, ProblemDetails, Task> WriteProblemAsync)
{
    /// <summary>What a 401 on such a route asks for: Basic first, since some clients look at the first scheme only.</summary>
    public static readonly string[] Challenges = ["Basic realm=\"TrustChain\", charset=\"UTF-8\"", "Bearer"];

    /// <summary>The mark of a route, if it has one.</summary>
    public static OldClients? Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<OldClients>();

    /// <summary>Writes a problem in the form that an endpoint's clients read.</summary>
    public static Task WriteAsync(HttpContext context, Endpoint? endpoint, IResult problem) =>
        problem is ProblemHttpResult { ProblemDetails: var details } && Of(endpoint) is { } old ? old.WriteProblemAsync(context, details) : problem.ExecuteAsync(context);
}
