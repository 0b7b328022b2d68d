using System.Text.Json.Nodes;
using TrustChain.Core.Log;

namespace TrustChain.Devnet.Demo;

/// <summary>
/// The tea demo: two gardens, a factory, a laboratory, certifiers, a carrier and a shop tell the story of six tins. Every statement is signed with a key its
/// organisation holds itself, but for the registration of the batch, which the service signs for the factory.
/// </summary>
internal sealed class TeaDemo
{
    /// <summary>Name of the step that the service signs.</summary>
    public const string Batch = "batch";

    private TeaDemo(TeaState state)
    {
        State = state;
        Items = new TeaItems(state.Season);
    }

    public TeaState State { get; }

    public TeaItems Items { get; }

    /// <summary>The organisations, for <c>devnet.json</c>.</summary>
    public IEnumerable<DevnetOrganisation> Organisations =>
        TeaOrganisations.All.Select(o => new DevnetOrganisation { Id = o.Id, Roles = o.Roles, ApiKey = State.ApiKeys[o.Id] });

    public string ApiKeyOf(TeaOrganisation organisation) => State.ApiKeys[organisation.Id];

    /// <summary>Plays the demo, or reads it back when this folder has seen it. A demo that was broken off is played again: the server takes repeats.</summary>
    /// <exception cref="DevnetException">The server refused something.</exception>
    public static async Task<TeaDemo> PlayAsync(DevnetHost devnet, DemoClient client, TextWriter output, CancellationToken cancellationToken)
    {
        var state = TeaState.Open(devnet.Folder, TimeProvider.System.GetUtcNow());
        var demo = new TeaDemo(state);
        if (state.IsPlayed)
        {
            return demo;
        }
        await output.WriteLineAsync("Playing the tea demo");
        await TeaOrganisations.EnrolAsync(client, devnet.AdminKey, state, cancellationToken);
        using var sender = new TeaSender(client, state);
        var events = new TeaEvents(state.Season, demo.Items);
        foreach (var step in events.Growing().Concat(events.Making()))
        {
            await sender.CaptureAsync(step, cancellationToken);
        }
        await demo.RegisterBatchAsync(client, sender, cancellationToken);
        await demo.AddDocumentsAsync(client, cancellationToken);
        foreach (var step in events.Selling(state.Documents[TeaPapers.InspectionReport]))
        {
            await sender.CaptureAsync(step, cancellationToken);
        }
        await demo.CertifyAsync(client, sender, cancellationToken);
        if (!devnet.Options.Check) // The check recalls the tin itself, to look at its page meanwhile.
        {
            await demo.RecallAsync(client, static () => Task.CompletedTask, cancellationToken);
        }
        state.IsPlayed = true;
        state.Save(devnet.Folder);
        return demo;
    }

    /// <summary>Recalls the last tin, waits for what is done meanwhile, and lifts the recall. Lifts first what a run that was broken off left in force.</summary>
    public async Task RecallAsync(DemoClient client, Func<Task> meanwhile, CancellationToken cancellationToken)
    {
        using var sender = new TeaSender(client, State);
        var known = DemoClient.Require(await client.GetAsync("api/recalls", ApiKeyOf(TeaOrganisations.Factory), cancellationToken), "Listing recalls");
        foreach (var left in known["recalls"]!.AsArray().Where(static r => r!["liftedAt"] is null))
        {
            await LiftAsync(left!["id"]!.GetValue<string>());
        }
        var id = $"tea-recall-{Guid.CreateVersion7()}";
        var set = await sender.PublishAsync(TeaOrganisations.Factory, "api/recalls", PublicEntry.RecallType, TeaPapers.Recall(id, Items.Tins[^1]), cancellationToken);
        DemoClient.Require(set, "Recalling a tin");
        await meanwhile();
        await LiftAsync(id);

        async Task LiftAsync(string recall)
        {
            var path = $"api/recalls/{recall}/lift";
            DemoClient.Require(await sender.PublishAsync(TeaOrganisations.Factory, path, PublicEntry.RecallType, TeaPapers.Lift(recall), cancellationToken), "Lifting the recall");
        }
    }

    /// <summary>The one custodial step: the factory registers its batch with an API key, and the service records and signs the commissioning.</summary>
    private async Task RegisterBatchAsync(DemoClient client, TeaSender sender, CancellationToken cancellationToken)
    {
        var json = new JsonObject
        {
            ["gtin"] = TeaItems.MadeTeaGtin,
            ["lot"] = Items.MadeTeaLot,
            ["name"] = TeaItems.ProductName,
            ["origin"] = TeaItems.Origin,
            ["variety"] = TeaItems.Variety,
            ["quantity"] = 46.2m,
            ["unit"] = "KGM",
            ["producedAt"] = EventWriter.At("03-29T06:00", State.Season),
            ["location"] = TeaItems.Place(TeaOrganisations.Factory, 4),
        };
        var answer = DemoClient.Require(await client.PostAsync("api/batches", ApiKeyOf(TeaOrganisations.Factory), json, cancellationToken), "Registering the batch");
        if (answer["capture"] is JsonObject captured) // Not told again for a repeat.
        {
            sender.Remember(Batch, captured);
        }
    }

    private async Task AddDocumentsAsync(DemoClient client, CancellationToken cancellationToken)
    {
        var organic = TeaPapers.Certificates(State.Season, Items)[0];
        await AddAsync(TeaPapers.InspectionReport, TeaOrganisations.Laboratory, "inspection-report", $"检验报告 Inspection report {Items.MadeTeaLot}.pdf", TeaPapers.WriteReport(State.Season, Items));
        await AddAsync(TeaPapers.OrganicCertificate, organic.By, "certificate", $"{organic.Name}.pdf", TeaPapers.WriteCertificate(organic, Items));

        async Task AddAsync(string key, TeaOrganisation by, string kind, string name, byte[] content)
        {
            var path = $"api/documents?kind={kind}&name={Uri.EscapeDataString(name)}";
            var answer = DemoClient.Require(await client.PostAsync(path, ApiKeyOf(by), "application/pdf", content, cancellationToken), $"Uploading {name}");
            State.Documents[key] = answer["digest"]!.GetValue<string>();
        }
    }

    private async Task CertifyAsync(DemoClient client, TeaSender sender, CancellationToken cancellationToken)
    {
        foreach (var certificate in TeaPapers.Certificates(State.Season, Items))
        {
            var statement = certificate.ToStatement(certificate.Kind == "organic" ? State.Documents[TeaPapers.OrganicCertificate] : null);
            var issued = await sender.PublishAsync(certificate.By, "api/certificates", PublicEntry.CertificateType, statement, cancellationToken);
            if (issued.ProblemCode != "already-exists") // Issued by a demo that was broken off.
            {
                DemoClient.Require(issued, $"Issuing {certificate.Id}");
            }
            if (certificate.RevokedBecause is null)
            {
                continue;
            }
            var known = DemoClient.Require(await client.GetAsync($"api/certificates/{certificate.Id}", null, cancellationToken), $"Reading {certificate.Id}");
            if (known["revokedAt"] is null)
            {
                var path = $"api/certificates/{certificate.Id}/revoke";
                DemoClient.Require(
                    await sender.PublishAsync(certificate.By, path, PublicEntry.CertificateType, certificate.ToRevocation(), cancellationToken), $"Withdrawing {certificate.Id}");
            }
        }
    }
}
