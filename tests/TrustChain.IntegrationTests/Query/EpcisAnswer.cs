using System.Net.Http.Headers;
using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>An answer of the query interface with its headers.</summary>
internal sealed record EpcisAnswer(Answer Answer, HttpResponseHeaders Headers, IReadOnlyCollection<string> Allow)
{
    public int Status => Answer.Status;

    /// <summary>eventIDs in the order given.</summary>
    public IReadOnlyList<string> EventIds => [.. Answer.Expect(200).EventList.Select(static e => e.GetProperty("eventID").GetString()!)];

    /// <summary>The members of a collection.</summary>
    public IReadOnlyList<string> Members => [.. Answer.Expect(200).Json.GetProperty("member").EnumerateArray().Select(static m => m.GetString()!)];

    /// <summary>Path and query of the next page; null on the last.</summary>
    public string? Next
    {
        get
        {
            if (Header("Link") is not { } link)
            {
                return null;
            }
            Assert.Matches("^<http://127\\.0\\.0\\.1:[0-9]+/epcis/[^>]*>; rel=\"next\"$", link);
            return link[link.IndexOf("/epcis/", StringComparison.Ordinal)..link.IndexOf('>', StringComparison.Ordinal)];
        }
    }

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    /// <summary>Checks that this is the exception of EPCIS.</summary>
    public JsonElement ExpectException(int status, string exception)
    {
        var problem = Answer.ExpectProblem(status, null);
        Assert.Equal($"epcisException:{exception}", problem.GetProperty("type").GetString());
        return problem;
    }

    /// <summary>Checks that the query was refused for this parameter.</summary>
    public void ExpectFault(string parameter)
    {
        var problem = ExpectException(400, "QueryParameterException");
        Assert.Contains(problem.GetProperty("errors").EnumerateArray(), e => e.GetProperty("parameter").GetString() == parameter);
    }
}
