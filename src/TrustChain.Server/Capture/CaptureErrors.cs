using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TrustChain.Server.Capture;

/// <summary>The problems of a capture job: the first 50 of them, as a client would have been answered each.</summary>
internal sealed class CaptureErrors
{
    private const int Limit = 50;

    private readonly List<object> _errors = [];

    public int Count { get; private set; }

    public bool IsFull => Count >= Limit;

    public void Add(IResult problem)
    {
        Count++;
        if (_errors.Count < Limit && problem is ProblemHttpResult { ProblemDetails: var details })
        {
            _errors.Add(new
            {
                type = details.Type,
                title = details.Title,
                status = details.Status,
                detail = details.Detail,
                code = details.Extensions.TryGetValue("code", out var code) ? code : null,
                errors = details.Extensions.TryGetValue("errors", out var errors) ? errors : null,
            });
        }
    }

    public string ToJson() => JsonSerializer.Serialize(_errors);
}
