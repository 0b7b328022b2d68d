using System.Text.RegularExpressions;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Verification;

/// <summary>Every route that reads, asked by everybody: the one rule of who may see what, and that a refusal does not tell whether the thing exists.</summary>
public sealed partial class VisibilityTests(VisibilityFixture fixture) : IClassFixture<VisibilityFixture>
{
    /// <summary>Routes on which there is nothing to hide, each for its reason.</summary>
    private static readonly string[] PublicRoutes =
    [
        "/log/consistency", "/log/inclusion", "/log/witnesses", "/log/timestamps/{target}/{size}", "/api/organisations/{id}/keys/history", "/organisations/{id}/did.json", "/.well-known/did.json", // of the log, and so as public
        "/log/checkpoint", "/log/tile/entries/{path}", "/log/tile/{level}/{path}", "/log/anchors", "/log/trust", // the log is public, and holds digests
        "/epcis", // names of resources alone
        "/api/templates", "/api/qr", "/.well-known/gs1resolver", // say nothing of any record
        "/api/devices/templates", "/api/devices/templates/{name}", // say nothing of any device
        "/api/devices/claim/{code}", // whoever has the code is the device
        "/api/devices/{id}/standing", // stands in the public log, under a pseudonym that nobody guesses
        "/api/devices/encryption-key", // the service's own public key
        "/api/certificates/{id}", // certificates and recalls are public statements
    ];

    /// <summary>Answers that do not end; <c>DeviceTests</c> and <c>GrantTests</c> ask for them.</summary>
    private static readonly string[] Streams = ["/api/devices/{id}/live"];

    /// <summary>Routes for every organisation, but not for anonymous callers.</summary>
    private static readonly string[] MemberRoutes = ["/api/organisations"];

    // Of the whole deployment: for its admins and auditors.
    private static readonly string[] DeploymentRoutes = ["/api/audit"];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Reads_OfEveryRoute_ShowTheReaderWhatTheRuleAllows(int readerNumber)
    {
        var reader = (Reader)readerNumber;
        var faults = new List<string>();
        foreach (var route in fixture.Routes)
        {
            var unknown = await AskAsync(reader, route, route.Subjects.Unknown);
            Check(route, "public", route.MaySeePublic?.Contains(reader) ?? true, await AskAsync(reader, route, route.Subjects.Public), unknown, faults, reader);
            Check(route, "private", route.MaySeePrivate.Contains(reader), await AskAsync(reader, route, route.Subjects.Private), unknown, faults, reader);
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Lists_AskedByEverybody_HoldWhatTheRuleAllows(int readerNumber)
    {
        var reader = (Reader)readerNumber;
        foreach (var list in fixture.Lists)
        {
            var answer = (await fixture.GetAsync(reader, $"{list.Path}?perPage=1000")).Expect(200).Body;
            Assert.Contains(list.Public, answer, StringComparison.Ordinal);
            Assert.True(answer.Contains(list.Private, StringComparison.Ordinal) == list.MaySeePrivate.Contains(reader), $"{reader} asks for {list.Path}: {answer[..Math.Min(2000, answer.Length)]}");
        }
    }

    [Fact]
    public async Task OwnLists_AskedByOthers_HoldNothingOfTheOwners()
    {
        foreach (var (path, marker) in fixture.OwnLists)
        {
            Assert.Contains(marker, (await fixture.GetAsync(Reader.Owner, path)).Expect(200).Body, StringComparison.Ordinal);
            foreach (var reader in (Reader[])[Reader.Partner, Reader.Pretender, Reader.Stranger])
            {
                Assert.DoesNotContain(marker, (await fixture.GetAsync(reader, path)).Expect(200).Body, StringComparison.Ordinal);
            }
            (await fixture.GetAsync(Reader.Anonymous, path)).ExpectProblem(401, "not-authenticated");
        }
    }

    [Fact]
    public async Task MemberRoutes_AskedAnonymously_Are401()
    {
        foreach (var path in MemberRoutes)
        {
            (await fixture.GetAsync(Reader.Stranger, path)).Expect(200);
            (await fixture.GetAsync(Reader.Anonymous, path)).ExpectProblem(401, "not-authenticated");
        }
        foreach (var path in DeploymentRoutes)
        {
            (await fixture.GetAsync(Reader.Owner, path)).ExpectProblem(403, "not-allowed");
            (await fixture.GetAsync(Reader.Anonymous, path)).ExpectProblem(401, "not-authenticated");
        }
    }

    [Fact]
    public async Task WrongApiKey_OnEveryRoute_Is401()
    {
        foreach (var path in fixture.Routes.Select(static r => r.Path(r.Subjects.Public)).Concat(fixture.OwnLists.Select(static l => l.Template)).Concat(MemberRoutes))
        {
            (await fixture.Server.GetAsync(path, new string('x', 43))).ExpectProblem(401, "not-authenticated");
        }
    }

    [Fact]
    public async Task OpenApi_EveryReadRoute_IsInOneOfTheTables()
    {
        var document = (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Json;
        var served = document.GetProperty("paths").EnumerateObject().Where(static p => p.Value.TryGetProperty("get", out _)).Select(static p => p.Name.Replace("**", "", StringComparison.Ordinal)).ToHashSet();

        var known = fixture.Routes.Select(static r => r.Template).Concat(fixture.OwnLists.Select(static l => l.Template)).Concat(fixture.Lists.Select(static l => l.Path)).Concat(PublicRoutes).Concat(Streams).Concat(MemberRoutes).Concat(DeploymentRoutes).ToHashSet();

        Assert.True(served.Count > 40, "The document lists too few routes to be the server's.");
        Assert.Empty(served.Except(known));
        Assert.Empty(known.Except(served));
    }

    [Fact]
    public async Task Evidence_OfADocumentFormStatementWithAPrivateEvent_ShowsItsStatementToItsOwnerAlone()
    {
        var item = fixture.Owner.NewItem();
        var answer = (await fixture.Owner.CaptureDocumentAsync(fixture.OwnerKey, Events.Document(Events.Observation(item, Events.PublicStep), Events.Observation(item, Events.PrivateStep)))).Expect(202);
        await fixture.Server.GetCoveringCheckpointAsync();
        var path = $"/evidence?event={Uri.EscapeDataString(answer.Json.GetProperty("events")[0].GetProperty("eventID").GetString()!)}";

        var own = Parse(await fixture.GetAsync(Reader.Owner, path));
        var others = Parse(await fixture.GetAsync(Reader.Stranger, path));

        Assert.Single(own.Statements);
        Assert.Empty(others.Statements); // It would show the private event.
        Assert.Null(others.Records[0].Event);
    }

    private async Task<Answer> AskAsync(Reader reader, ReadRoute route, string subject)
    {
        var answer = await fixture.GetAsync(reader, route.Path(subject), route.Accept);
        return answer with { Bytes = System.Text.Encoding.UTF8.GetBytes(WithoutSubject(answer.Body, subject)) };
    }

    private static void Check(ReadRoute route, string which, bool maySee, Answer answer, Answer unknown, List<string> faults, Reader reader)
    {
        var isHidden = answer.Status == unknown.Status && answer.MediaType == unknown.MediaType && answer.Body == unknown.Body;
        var asked = $"{reader} asks for the {which} thing at {route.Path("…")} {route.Accept}";
        if (maySee && (answer.Status != 200 || isHidden))
        {
            faults.Add($"{asked}: must see it, got {answer.Status}");
        }
        if (!maySee && !isHidden)
        {
            faults.Add($"{asked}: must get what an unknown thing gets ({unknown.Status}), got {answer.Status}: {answer.Body[..Math.Min(300, answer.Body.Length)]}");
        }
        if (!maySee && answer.Body.Contains(VisibilityFixture.Secret, StringComparison.Ordinal))
        {
            faults.Add($"{asked}: was shown the secret");
        }
    }

    /// <summary>What remains when the thing's own name, trace ids and times are taken out: that must be equal for a refused and an unknown thing.</summary>
    private static string WithoutSubject(string body, string subject)
    {
        var plain = Uri.UnescapeDataString(subject);
        var link = plain.Replace("https://id.gs1.org", "", StringComparison.Ordinal);
        foreach (var form in (string[])[plain, Uri.EscapeDataString(plain), System.Net.WebUtility.HtmlEncode(plain), link, .. link.Split('/').Where(static part => part.Length > 4)])
        {
            body = body.Replace(form, "SUBJECT", StringComparison.Ordinal);
        }
        return Changing().Replace(body, "");
    }

    [GeneratedRegex("""("traceId":"[^"]*")|(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(UTC|Z))?)""")]
    private static partial Regex Changing();

    private static EvidenceBundle Parse(Answer answer)
    {
        Assert.True(EvidenceBundle.TryParse(answer.Expect(200).Bytes, out var bundle, out var error), error);
        return bundle;
    }
}
