using System.Net;
using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>Who may read what: the owner, the parties an event names, and everybody else.</summary>
internal sealed class ReadingCheck(DemoClient client, TeaDemo demo, Evidence evidence, CliProcess cli, CheckReport report)
{
    /// <summary>Events that the template does not make public.</summary>
    public async Task PrivateEventsAsync(CancellationToken cancellationToken)
    {
        await OneAsync("The fertilising plan", TeaEvents.Fertilising, [TeaOrganisations.Yunwu], cancellationToken);
        await OneAsync("The carrier's temperature log", TeaEvents.Transporting, [TeaOrganisations.Carrier, TeaOrganisations.Factory, TeaOrganisations.Shop], cancellationToken);
        var own = await evidence.OfEventAsync(demo.State.Events[TeaEvents.Fertilising], demo.ApiKeyOf(TeaOrganisations.Yunwu), cancellationToken);
        report.Add("The evidence of a private step verifies for its owner", (await cli.VerifyAsync(own, [], cancellationToken)).Fault());
    }

    /// <summary>The inspection report is the document whose digest the laboratory signed.</summary>
    public async Task DocumentAsync(CancellationToken cancellationToken)
    {
        var digest = demo.State.Documents[TeaPapers.InspectionReport];
        var bundle = Evidence.Read(await evidence.OfEventAsync(demo.State.Events[TeaEvents.Inspecting], null, cancellationToken));
        using var signed = JsonDocument.Parse(bundle.Records[0].Event!.Value); // In root form, and public.
        var named = signed.RootElement.GetProperty("tc:document")[0].GetString();
        var answer = await client.GetAsync($"api/documents/{digest[^64..]}", null, cancellationToken);
        var fault = named != digest ? $"the event names {named}"
            : !answer.IsSuccess ? $"it answered {(int)answer.Status}"
            : Hash32.Compute(answer.Body).ToHex() != digest[^64..] ? "its bytes have another digest"
            : !answer.Body.AsSpan().StartsWith("%PDF-"u8) ? "it is no PDF"
            : null;
        report.Add("The inspection report has the digest that the laboratory signed", fault);
    }

    private async Task OneAsync(string what, string step, IReadOnlyList<TeaOrganisation> readers, CancellationToken cancellationToken)
    {
        var path = $"epcis/events/{Uri.EscapeDataString(demo.State.Events[step])}";
        string? fault = null;
        foreach (var organisation in TeaOrganisations.All)
        {
            var status = (await client.GetAsync(path, demo.ApiKeyOf(organisation), cancellationToken)).Status;
            var expected = readers.Contains(organisation) ? HttpStatusCode.OK : HttpStatusCode.NotFound;
            fault ??= status == expected ? null : $"{organisation.Id} got {(int)status}";
        }
        var anybody = (await client.GetAsync(path, null, cancellationToken)).Status;
        fault ??= anybody == HttpStatusCode.NotFound ? null : $"anybody got {(int)anybody}";
        report.Add($"{what} is read by {string.Join(", ", readers.Select(static r => r.Id))}; for everybody else there is none", fault);
    }
}
