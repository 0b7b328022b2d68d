using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>
/// Every route as every role and as no one. Bodies are empty and names stand for nothing, so that whoever may pass is told what is wrong with the request
/// and whoever may not is told that. Where a wrong body is told before the organisation is looked for, the body is right.
/// </summary>
public sealed partial class AccessMatrixTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int Through = 0;

    private static readonly Caller[] Callers = Enum.GetValues<Caller>();

    /// <summary>What a route needs, where it is more than nothing for a read. Everything that is no read must be named here. Reads that hide things from others answer "not found": <c>VisibilityTests</c>.</summary>
    private static readonly Dictionary<string, Need> Needs = new(StringComparer.Ordinal)
    {
        ["GET /api/organisations"] = Need.Viewer,
        ["GET /api/batches"] = Need.Viewer,
        ["GET /api/certificates"] = Need.Viewer,
        ["GET /api/recalls"] = Need.Viewer,
        ["GET /api/keys"] = Need.Viewer,
        ["GET /api/claims"] = Need.Viewer,
        ["GET /epcis/capture"] = Need.Viewer,
        ["GET /epcis/queries"] = Need.Viewer,
        ["GET /epcis/queries/{queryName}/subscriptions"] = Need.Viewer,
        ["GET /epcis/queries/{queryName}/subscriptions/{subscriptionID}"] = Need.Viewer,
        ["OPTIONS /epcis/queries/{queryName}/subscriptions/{subscriptionID}"] = Need.Viewer,
        ["GET /api/organisations/{id}/members"] = Need.OwnAdmin,
        ["GET /api/organisations/{id}/api-keys"] = Need.OwnAdmin,
        ["GET /api/organisations/{id}/audit"] = Need.OwnAdmin,
        ["GET /api/audit"] = Need.DeploymentReader,
        ["GET /api/grants"] = Need.Viewer,
        ["GET /api/grants/{grant}"] = Need.Viewer,
        ["GET /api/encryption-keys/{code}"] = Need.Viewer,
        ["GET /api/devices/{id}/grants"] = Need.Viewer,
        ["GET /api/devices/{id}/grants/{grant}"] = Need.Viewer,
        ["GET /api/devices/{id}/accesses"] = Need.Viewer,
        ["GET /api/devices/{id}/day-keys"] = Need.Viewer,
        ["GET /api/devices"] = Need.Viewer,
        ["GET /api/device-alarms"] = Need.Viewer,
        ["GET /api/device-alarms/hooks"] = Need.Viewer,
        ["POST /api/devices"] = Need.Operator,
        ["POST /api/devices/batch"] = Need.Operator,
        ["POST /api/devices/statements"] = Need.SignedOperator,
        ["POST /api/devices/claim"] = Need.Nothing,
        ["POST /api/devices/{id}/claim"] = Need.Operator,
        ["POST /api/devices/{id}/acts"] = Need.Operator,
        ["POST /api/device-alarms/hooks"] = Need.Operator,
        ["DELETE /api/device-alarms/hooks/{id}"] = Need.Operator,
        ["POST /epcis/soap"] = Need.Nothing, // It asks as it stands: whoever says nothing of themselves gets what is everybody's.
        ["POST /epcis/capture"] = Need.Operator,
        ["POST /epcis/events"] = Need.Operator,
        ["POST /epcis/queries"] = Need.Operator,
        ["DELETE /epcis/queries/{queryName}"] = Need.Operator,
        ["POST /epcis/queries/{queryName}/subscriptions"] = Need.Operator,
        ["DELETE /epcis/queries/{queryName}/subscriptions/{subscriptionID}"] = Need.Operator,
        ["POST /epcis/queries/{queryName}/subscriptions/{subscriptionID}/resume"] = Need.Operator,
        ["DELETE /epcis/nextPageToken/{token}"] = Need.Nothing,
        ["POST /api/batches"] = Need.Operator,
        ["POST /api/documents"] = Need.Operator,
        ["POST /api/devices/imports"] = Need.Operator,
        ["POST /api/devices/{id}/imports"] = Need.Operator,
        ["POST /api/certificates"] = Need.Operator,
        ["POST /api/certificates/{id}/revoke"] = Need.Operator,
        ["POST /api/recalls"] = Need.Operator,
        ["POST /api/recalls/{id}/lift"] = Need.Operator,
        ["POST /api/grants"] = Need.Operator,
        ["POST /api/encryption-keys"] = Need.Admin,
        ["POST /api/devices/{id}/grants"] = Need.Operator,
        ["POST /api/devices/{id}/grants/{grant}/approve"] = Need.Operator,
        ["POST /api/devices/{id}/grants/{grant}/refuse"] = Need.Operator,
        ["POST /api/devices/{id}/grants/{grant}/revoke"] = Need.Operator,
        ["POST /api/devices/{id}/day-keys"] = Need.Operator,
        ["POST /api/claims"] = Need.Admin,
        ["POST /api/claims/{id}/verify"] = Need.DeploymentAdmin,
        ["POST /api/keys"] = Need.Admin,
        ["POST /api/keys/{kid}/revoke"] = Need.Admin,
        ["POST /api/keys/recoveries/{index}/object"] = Need.Admin,
        ["POST /api/organisations"] = Need.DeploymentAdmin,
        ["POST /api/organisations/{id}/api-keys"] = Need.OwnAdmin,
        ["DELETE /api/organisations/{id}/api-keys"] = Need.OwnAdmin,
        ["POST /api/organisations/{id}/api-keys/{keyId}/rotate"] = Need.OwnAdmin,
        ["DELETE /api/organisations/{id}/api-keys/{keyId}"] = Need.OwnAdmin,
        ["POST /api/organisations/{id}/invitations"] = Need.OwnAdmin,
        ["POST /api/organisations/{id}/keys/{kid}/revoke"] = Need.DeploymentAdmin,
        ["POST /api/organisations/{id}/keys/recoveries"] = Need.DeploymentAdmin,
        ["POST /api/organisations/{id}/keys/recoveries/{index}/complete"] = Need.DeploymentAdmin,
        ["POST /api/people/{login}/codes-off"] = Need.DeploymentAdmin,
        ["POST /api/people/{login}/disable"] = Need.DeploymentAdmin,
        ["POST /api/people/{login}/enable"] = Need.DeploymentAdmin,
    };

    private static readonly Dictionary<string, object> Bodies = new(StringComparer.Ordinal)
    {
        ["POST /api/organisations/{id}/api-keys"] = new { label = "matrix", role = "viewer" },
        ["DELETE /api/organisations/{id}/api-keys"] = new { apiKey = "tck_nothing" },
        ["POST /api/organisations/{id}/invitations"] = new { note = "matrix", role = "viewer" },
    };

    /// <summary>What the account's pages need of whoever is signed in. Every page must be named here.</summary>
    private static readonly Dictionary<string, Need> PageNeeds = new(StringComparer.Ordinal)
    {
        ["GET /account/sign-in"] = Need.Nothing,
        ["POST /account/sign-in"] = Need.Nothing,
        ["GET /account/sign-in/code"] = Need.Nothing,
        ["POST /account/sign-in/code"] = Need.Nothing,
        ["POST /account/passkeys/request"] = Need.Nothing,
        ["POST /account/passkeys/sign-in"] = Need.Nothing,
        ["GET /account/join"] = Need.Nothing,
        ["POST /account/join"] = Need.Nothing,
        ["POST /account/sign-out"] = Need.Leaving,
        ["POST /account/sign-out-everywhere"] = Need.Leaving,
        ["GET /account"] = Need.Viewer,
        ["GET /account/codes"] = Need.Viewer,
        ["GET /account/members"] = Need.Admin,
        ["GET /account/api-keys"] = Need.Admin,
        ["GET /account/audit"] = Need.Admin,
        ["POST /account/organisation"] = Need.Viewer,
        ["POST /account/passkeys/create"] = Need.Viewer,
        ["POST /account/passkeys/add"] = Need.Viewer,
        ["POST /account/passkeys/remove"] = Need.Viewer,
        ["POST /account/codes"] = Need.Viewer,
        ["POST /account/codes/renew"] = Need.Viewer,
        ["POST /account/codes/off"] = Need.Viewer,
        ["GET /account/confirm"] = Need.Viewer,
        ["POST /account/confirm"] = Need.Viewer,
        ["POST /account/confirm/passkey"] = Need.Viewer,
        ["POST /account/password"] = Need.Viewer,
        ["POST /account/password/passkey"] = Need.Viewer,
        ["POST /account/sessions/end"] = Need.Viewer,
        ["POST /account/members/invite"] = Need.Admin,
        ["POST /account/members/withdraw"] = Need.Admin,
        ["POST /account/members/change"] = Need.Admin,
        ["POST /account/members/remove"] = Need.Admin,
        ["GET /account/devices"] = Need.Viewer,
        ["GET /account/devices/new"] = Need.Operator,
        ["POST /account/devices/new"] = Need.Operator,
        ["POST /account/devices/claim"] = Need.Operator,
        ["GET /account/devices/{id}/grants"] = Need.Viewer,
        ["POST /account/devices/{id}/grants"] = Need.Operator,
        ["GET /account/granted"] = Need.Viewer,
        ["POST /account/granted"] = Need.Operator,
        ["GET /account/granted/{id}"] = Need.Viewer,
        ["POST /account/api-keys"] = Need.Admin,
        ["POST /account/api-keys/rotate"] = Need.Admin,
        ["POST /account/api-keys/revoke"] = Need.Admin,
        ["GET /account/second-factor"] = Need.Viewer,
    };

    /// <summary>Who comes to the account's pages: the role on the deployment that their organisation has, if any, and their own in it. Whoever needs a second factor has one.</summary>
    private static readonly (string? Deployment, string? Role)[] People =
    [
        (null, null), (null, "viewer"), (null, "operator"), (null, "admin"), ("auditor", "viewer"), ("auditor", "operator"), ("auditor", "admin"), ("admin", "viewer"), ("admin", "operator"), ("admin", "admin"),
    ];

    private enum Need
    {
        Nothing,
        Viewer,
        Operator,
        Admin,

        /// <summary>Nothing; whoever is signed in is so no more.</summary>
        Leaving,

        /// <summary>Nothing, because what is sent is signed; but whoever comes with a key must be an operator.</summary>
        SignedOperator,

        /// <summary>Admin of the organisation in the path, or of the deployment.</summary>
        OwnAdmin,
        DeploymentReader,
        DeploymentAdmin,
    }

    private enum Caller
    {
        Nobody,
        WrongKey,

        /// <summary>A browser that an admin of the organisation signed in with: it opens reads and nothing else.</summary>
        Cookie,

        /// <summary>A browser that somebody signed in with who may only read.</summary>
        ViewerCookie,

        /// <summary>A browser that somebody of the auditor signed in with, by password and code.</summary>
        AuditorCookie,

        /// <summary>A browser that an admin of the deployment signed in with, by password and code.</summary>
        DeploymentAdminCookie,
        Viewer,
        Operator,
        Admin,
        Auditor,

        /// <summary>A key of the operator's organisation that is not an admin's.</summary>
        DeploymentOperator,
        DeploymentAdmin,
    }

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task EveryRoute_AsEveryRoleAndAsNoOne_AnswersAsItsNeedSays()
    {
        var company = await Server.AddOrganisationAsync();
        var keys = await MakeKeysAsync(company);
        using var browser = await SignInAsync(company.Id, "admin");
        using var viewing = await SignInAsync(company.Id, "viewer");
        using var auditing = await SignInAsync(AuditorOf(company), "viewer", withCode: true);
        using var administering = await SignInAsync(await OperatorAsync(), "admin", withCode: true);
        var browsers = new Dictionary<Caller, Browser>
        {
            [Caller.Cookie] = browser,
            [Caller.ViewerCookie] = viewing,
            [Caller.AuditorCookie] = auditing,
            [Caller.DeploymentAdminCookie] = administering,
        };
        var faults = new List<string>();
        var routes = (await Server.ListRoutesAsync()).Where(static r => !r.IsAccountPage).ToList();
        Assert.True(routes.Count > 130, "These are too few routes to be the server's.");
        Assert.Empty((await OperationsAsync()).Except(routes.Select(static r => r.Name)));
        Assert.Empty(Needs.Keys.Except(routes.Select(static r => r.Name)));
        foreach (var route in routes)
        {
            var (method, template, name) = (HttpMethod.Parse(route.Method), route.Path, route.Name);
            var reads = method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options;
            if (!Needs.TryGetValue(name, out var need) && !reads)
            {
                faults.Add($"{name} is in no table");
                continue;
            }
            foreach (var caller in Callers)
            {
                var status = await AskAsync(method, Fill(template, company), Bodies.GetValueOrDefault(name, new { }), keys.GetValueOrDefault(caller), browsers.GetValueOrDefault(caller));
                var expected = Expected(need, caller, method == HttpMethod.Get || method == HttpMethod.Head);
                if (expected == Through ? status is 401 or 403 or >= 500 : status != expected)
                {
                    faults.Add($"{caller} asks {name}, which needs {need}: {status} instead of {(expected == Through ? "an answer" : expected)}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task EveryFormOfTheAccount_AsEveryRoleAndAsNoOne_AnswersAsItsNeedSays()
    {
        var company = await Server.AddOrganisationAsync();
        using var device = await Devices.TestDevice.EnrolAsync(Server, company);
        Assert.Equal((await Server.ListRoutesAsync()).Where(static r => r.IsAccountPage).Select(static r => r.Name).Order(StringComparer.Ordinal), PageNeeds.Keys.Order(StringComparer.Ordinal));
        await AddAuditorAsync(company);
        var organisations = new Dictionary<string, string> { ["auditor"] = AuditorOf(company), ["admin"] = await OperatorAsync() };
        var faults = new List<string>();
        foreach (var (deployment, role) in People)
        {
            var mustHaveCode = deployment == "auditor" || (deployment, role) is ("admin", "admin");
            using var browser = role is null ? new Browser(Server.BaseUrl) : await SignInAsync(deployment is null ? company.Id : organisations[deployment], role, mustHaveCode);
            var who = $"{(deployment is null ? "" : $"a deployment {deployment}'s ")}{role ?? "nobody"}";
            await browser.GetAsync("/account");
            foreach (var (name, need) in PageNeeds.Append(new("GET /account/audit?all=true", Need.DeploymentReader)).OrderBy(static p => p.Value == Need.Leaving))
            {
                var (method, path) = (name.Split(' ')[0], name.Split(' ')[1].Replace("{id}", device.Id, StringComparison.Ordinal));
                var page = method == "GET" ? await browser.GetAsync(path) : await browser.PostAsync(path);
                var seen = See(page, need);
                if (path == "/account/codes/off" && mustHaveCode)
                {
                    // They turned off what they need.
                    Assert.Equal("must show a second factor", seen);
                    await OneTimeCode.TurnOnAsync(browser);
                    seen = "passes";
                }
                // The device is the company's: to others it is not there, whatever their role.
                var expected = deployment is not null && name.Contains("/devices/{id}", StringComparison.Ordinal) ? "finds nothing" : Expected(need, deployment, role);
                seen = expected == "finds nothing" && page.Status == 404 ? expected : seen;
                if (seen != expected)
                {
                    faults.Add($"{who} at {method} {path} {seen}, but should be one who {expected}: {page.Path} {page.Status}");
                }
                if (method == "POST" && (await browser.PostWithAsync("", path)).Status != 400)
                {
                    faults.Add($"{who} sends a form without its hidden field to {path}, and it is taken");
                }
                await browser.GetAsync("/account");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>What an account's page did with whoever came to it.</summary>
    private static string See(Page page, Need need) => (page.Path, page.Status) switch
    {
        (_, not (403 or >= 500)) when need == Need.Nothing => "passes",
        ("/account/second-factor", _) => "must show a second factor",
        ("/account/sign-in", _) or (_, 401) => "is asked to sign in",
        (_, 403) => "is refused",
        (_, >= 500) => $"breaks it with {page.Status}",
        _ => "passes",
    };

    private static string Expected(Need need, string? deployment, string? role) => need switch
    {
        Need.Nothing => "passes",
        _ when role is null || need == Need.Leaving => "is asked to sign in",
        Need.Admin when role != "admin" => "is refused",
        Need.Operator when role == "viewer" => "is refused",
        Need.DeploymentReader when deployment is null || (deployment, role) is ("admin", not "admin") => "is refused",
        _ => "passes",
    };

    private static int Expected(Need need, Caller caller, bool reads) => (need, caller) switch
    {
        (_, Caller.WrongKey) => 401,
        (Need.Nothing or Need.Leaving, _) => Through,
        (Need.SignedOperator, Caller.Viewer) => 403,
        (Need.SignedOperator, _) => Through,
        (_, Caller.Nobody) => 401,
        (_, Caller.Cookie or Caller.ViewerCookie or Caller.AuditorCookie or Caller.DeploymentAdminCookie) when !reads => 401,
        (Need.Viewer, _) => Through,
        (Need.Operator, Caller.Viewer) => 403,
        (Need.Operator, _) => Through,
        (Need.Admin, Caller.ViewerCookie or Caller.Viewer or Caller.Operator or Caller.DeploymentOperator) => 403,
        (Need.Admin, _) => Through,
        (Need.OwnAdmin, Caller.ViewerCookie or Caller.Viewer or Caller.Operator or Caller.DeploymentOperator) => 403,
        (Need.OwnAdmin, Caller.AuditorCookie) => 403,
        (Need.OwnAdmin, Caller.Auditor) => 404, // Another's: whether it is there is not said.
        (Need.OwnAdmin, _) => Through,
        (Need.DeploymentReader, Caller.Auditor or Caller.AuditorCookie or Caller.DeploymentAdmin or Caller.DeploymentAdminCookie) => Through,
        (Need.DeploymentAdmin, Caller.DeploymentAdmin) => Through,
        _ => 403,
    };

    /// <summary>A path whose names stand for nothing but the organisation itself.</summary>
    private static string Fill(string template, TestOrganisation company) => Parameter().Replace(template, match => match.Groups[1].Value switch
    {
        "id" when template.StartsWith("/api/organisations/", StringComparison.Ordinal) || template.StartsWith("/organisations/", StringComparison.Ordinal) => company.Id,
        "id" or "keyId" or "index" or "size" or "level" => "2000000000",
        _ => "nothing",
    });

    private async Task<int> AskAsync(HttpMethod method, string path, object body, string? key, Browser? browser)
    {
        using var content = method != HttpMethod.Post && method != HttpMethod.Delete ? null : JsonContent.Create(body);
        if (browser is null)
        {
            return (await Server.SendAsync(method, path, key, content)).Status;
        }
        var cookies = browser.Cookies.GetCookieHeader(new Uri(Server.BaseUrl));
        return (await Server.SendAsync(method, path, null, content, headers: [("Cookie", cookies)])).Status;
    }

    /// <summary>What the API document tells of.</summary>
    private async Task<List<string>> OperationsAsync() =>
    [
        .. from path in (await Server.GetAsync("/openapi/v1.json")).Expect(200).Json.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where operation.Name is "get" or "post" or "put" or "patch" or "delete"
           select $"{operation.Name.ToUpperInvariant()} {path.Name}",
    ];

    private async Task<Dictionary<Caller, string>> MakeKeysAsync(TestOrganisation company)
    {
        return new Dictionary<Caller, string>
        {
            [Caller.WrongKey] = new string('x', 43),
            [Caller.Viewer] = await MakeKeyAsync(company.Id, "viewer", company.ApiKey),
            [Caller.Operator] = await MakeKeyAsync(company.Id, "operator", company.ApiKey),
            [Caller.Admin] = company.ApiKey,
            [Caller.Auditor] = await AddAuditorAsync(company),
            [Caller.DeploymentOperator] = await MakeKeyAsync(await OperatorAsync(), "operator", Server.AdminKey),
            [Caller.DeploymentAdmin] = Server.AdminKey,
        };
    }

    private async Task<string> MakeKeyAsync(string organisation, string role, string apiKey) =>
        (await Server.PostAsync($"/api/organisations/{organisation}/api-keys", new { label = $"matrix {role}", role }, apiKey)).Expect(201).Text("apiKey");

    private static string AuditorOf(TestOrganisation company) => $"auditor-{company.Id}";

    /// <summary>The key of the new auditor.</summary>
    private async Task<string> AddAuditorAsync(TestOrganisation company) =>
        (await Server.PostAsAdminAsync("/api/organisations", new { id = AuditorOf(company), name = "Auditor", roles = new[] { "auditor" } })).Expect(201).Text("apiKey");

    /// <summary>The organisation of the deployment's admins.</summary>
    private async Task<string> OperatorAsync() => (await Server.ListAsync("/api/organisations", "organisations", Server.AdminKey))
        .First(static o => o.GetProperty("roles").EnumerateArray().Any(static r => r.GetString() == "admin")).GetProperty("id").GetString()!; // Every organisation has an id.

    private async Task<Browser> SignInAsync(string organisation, string role, bool withCode = false)
    {
        var browser = new Browser(Server.BaseUrl);
        var token = await Invitations.AddAsync(Server.Database, organisation, role);
        await browser.GetAsync($"/account/join?token={token}");
        var login = $"matrix-{role}-{Guid.NewGuid():N}";
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Matrix"), ("login", login), ("password", "correct horse battery"))).Expect((int)HttpStatusCode.OK, withCode ? "/account/second-factor" : "/account");
        if (withCode)
        {
            await OneTimeCode.TurnOnAsync(browser);
        }
        return browser;
    }

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex Parameter();
}
