using Microsoft.Extensions.Options;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Items;
using TrustChain.Postgres.Log;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Partitions;
using TrustChain.Postgres.Query;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Capture;
using TrustChain.Server.Devices;
using TrustChain.Server.Devices.Grants;
using TrustChain.Server.Items;
using TrustChain.Server.Log;
using TrustChain.Server.Organisations;
using TrustChain.Server.Pages;
using TrustChain.Server.Partitions;
using TrustChain.Server.Query;
using TrustChain.Server.Signing;
using TrustChain.Server.Soap;
using TrustChain.Server.Subscriptions;
using TrustChain.Server.Verification;
using TrustChain.Server.Witness;

namespace TrustChain.Server.Hosting;

/// <summary>Registers each feature's parts, in the order of the life of an event.</summary>
internal static class FeatureExtensions
{
    public static void AddOrganisations(this IServiceCollection services)
    {
        services.AddSingleton<OrganisationStore>();
        services.AddSingleton<CallerCache>();
        services.AddSingleton<OrganisationDirectory>();
    }

    public static void AddSigning(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<KeyOptions>, KeyOptionsValidator>();
        services.AddOptionsWithValidateOnStart<KeyOptions>().BindConfiguration(KeyOptions.Section);
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<KeyHistoryStore>();
        services.AddSingleton<KeyChanges>();
        services.AddSingleton<KeyVouching>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyDirectory>();
        services.AddSingleton<CustodialSigner>();
    }

    public static void AddCapture(this IServiceCollection services, string contentRoot)
    {
        services.AddSingleton<CaptureWriter>();
        services.AddSingleton<RecordStore>();
        services.AddSingleton<ItemIndex>();
        services.AddSingleton(new TemplateCatalog(Path.Combine(contentRoot, "Templates")));
        services.AddSingleton<AuthorityCheck>();
        services.AddSingleton<CaptureMetrics>();
        services.AddSingleton<StatementWriter>();
        services.AddSingleton<CaptureService>();
        services.AddSingleton<CaptureJobStore>();
        services.AddSingleton<CaptureJobSignal>();
        services.AddSingleton<CaptureUploads>();
        services.AddHostedService<CaptureJobWorker>();
    }

    public static void AddDevices(this IServiceCollection services, string contentRoot)
    {
        services.AddSingleton<IValidateOptions<DeviceOptions>, DeviceOptionsValidator>();
        services.AddOptionsWithValidateOnStart<DeviceOptions>().BindConfiguration(DeviceOptions.Section);
        services.AddSingleton(new DeviceTemplates(Path.Combine(contentRoot, "Templates", "devices")));
        services.AddSingleton<DeviceStore>();
        services.AddSingleton<TelemetryStore>();
        services.AddSingleton<DeviceDayStore>();
        services.AddSingleton<DeviceDirectory>();
        services.AddSingleton<DeviceAttestation>();
        services.AddSingleton<DeviceActs>();
        services.AddSingleton<DeviceAccess>();
        services.AddSingleton<DeviceReading>();
        services.AddSingleton<DeviceTestimony>();
        services.AddSingleton<GrantStore>();
        services.AddSingleton<DayKeyStore>();
        services.AddSingleton<ServiceKeys>();
        services.AddSingleton<PlaceReader>();
        services.AddSingleton<SealedPlaces>();
        services.AddSingleton<DeviceMaintenanceStore>();
        services.AddSingleton<DevicePlaces>();
        services.AddSingleton<GrantParts>();
        services.AddSingleton<GrantedParts>();
        services.AddSingleton<DayKeyParts>();
        services.AddSingleton<DeviceParts>();
        services.AddSingleton<DeviceFleetStore>();
        services.AddSingleton<DeviceViewBuilder>();
        services.AddSingleton<DeviceMetrics>();
        services.AddSingleton<DaySignal>();
        services.AddSingleton<LiveStreams>();
        services.AddSingleton<TelemetryCapture>();
        services.AddSingleton<TelemetryImport>();
        services.AddSingleton<DeviceAlarmStore>();
        services.AddHostedService<DayWorker>();
        services.AddHostedService<DeviceAlarmWorker>();
    }

    public static void AddPartitions(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.AddOptionsWithValidateOnStart<StorageOptions>().BindConfiguration(StorageOptions.Section);
        services.AddSingleton(static p => new PartitionStore(p.GetRequiredService<Npgsql.NpgsqlDataSource>(), p.GetRequiredService<IOptions<StorageOptions>>().Value.Plan));
        services.AddSingleton<ArchiveStore>();
        services.AddSingleton<ColdStorage>();
        services.AddSingleton<PartitionMetrics>();
        services.AddHostedService<PartitionWorker>();
    }

    public static void AddLog(this IServiceCollection services)
    {
        services.AddSingleton<LogStore>();
        services.AddSingleton<LogSignal>();
        services.AddSingleton<LogMetrics>();
        services.AddSingleton(static p => new LogHead
        {
            ReadOnly = p.GetRequiredService<KeyRing>().CanSign ? null : "TrustChain:LogKey is set, so there is no key to sign with: the log is only read.",
        });
        services.AddSingleton<TileCache>();
        services.AddSingleton<RegistryGuard>();
        services.AddSingleton<KeptCheckpoint>();
        services.AddHostedService<SequencerWorker>();
    }

    public static void AddWitnesses(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<WitnessOptions>, WitnessOptionsValidator>();
        services.AddOptionsWithValidateOnStart<WitnessOptions>().BindConfiguration(WitnessOptions.Section)
            .Configure<IConfiguration>(static (options, configuration) => configuration.GetSection(WitnessOptions.ListSection).Bind(options.Witnesses));
        services.AddSingleton<CosignatureStore>();
        services.AddSingleton<WitnessMetrics>();
        services.AddSingleton<WitnessClient>();
        services.AddSingleton<WitnessParts>();
        services.AddHostedService<WitnessWorker>();
    }

    public static void AddAnchoring(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AnchoringOptions>, AnchoringOptionsValidator>();
        services.AddOptionsWithValidateOnStart<AnchoringOptions>().BindConfiguration(AnchoringOptions.Section);
        services.AddHttpClient("rpc");
        services.AddHttpClient("timestamp", static client =>
        {
            client.Timeout = TimeSpan.FromSeconds(30);
            client.MaxResponseContentBufferSize = 2 * Core.Log.TimestampToken.MaxSize;
        });
        services.AddSingleton<AnchorStore>();
        services.AddSingleton<AnchorTargetStore>();
        services.AddSingleton<PrimaryChain>();
        services.AddSingleton(static p => p.GetRequiredService<PrimaryChain>().Connection.Node);
        services.AddSingleton(static p => p.GetRequiredService<PrimaryChain>().Connection.Registry);
        services.AddSingleton(static p => p.GetRequiredService<PrimaryChain>().Connection.Identity);
        services.AddSingleton<AnchorMetrics>();
        services.AddSingleton<AnchorAlarms>();
        services.AddSingleton<AnchorTargets>();
        services.AddSingleton<AnchorCosts>();
        services.AddSingleton<AnchorReports>();
        services.AddHostedService<AnchorWorker>();
    }

    public static void AddEvidence(this IServiceCollection services)
    {
        services.AddSingleton<Visibility>();
        services.AddSingleton<Core.Verification.VerifierCache>();
        services.AddSingleton<KeyChains>();
        services.AddSingleton<AnchoredTrees>();
        services.AddSingleton<EvidenceMetrics>();
        services.AddSingleton<EvidenceBuilder>();
    }

    public static void AddQueries(this IServiceCollection services)
    {
        services.AddSingleton<EventSearchStore>();
        services.AddSingleton<ResourceStore>();
        services.AddSingleton<MasterDataStore>();
        services.AddSingleton<PageTokenStore>();
        services.AddSingleton<NamedQueryStore>();
        services.AddSingleton<IndexCompletion>();
        services.AddSingleton<PageTokens>();
        services.AddSingleton<CompanyPrefixes>();
        services.AddSingleton<EventDocuments>();
        services.AddSingleton<EventQueryService>();
        services.AddSingleton<EventAnswers>();
        services.AddSingleton<ResourceLists>();
        services.AddSingleton<SoapOperations>();
    }

    public static void AddSubscriptions(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<SubscriptionOptions>, SubscriptionOptionsValidator>();
        services.AddOptionsWithValidateOnStart<SubscriptionOptions>().BindConfiguration(SubscriptionOptions.Section);
        services.AddSingleton<SubscriptionStore>();
        services.AddSingleton<SubscriptionSecrets>();
        services.AddSingleton<SubscriptionMetrics>();
        services.AddSingleton<EventCollector>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<SubscriptionDelivery>();
        services.AddSingleton<EventStreamParts>();
        services.AddSingleton<EventStreams>();
        services.AddHostedService<SubscriptionWorker>();
    }

    public static void AddItems(this IServiceCollection services)
    {
        services.AddSingleton<BatchStore>();
        services.AddSingleton<DocumentStore>();
        services.AddSingleton<StatusStore>();
        services.AddSingleton<ItemStatus>();
        services.AddSingleton<ItemWalker>();
        services.AddSingleton<PublicStatements>();
        services.AddSingleton<ItemViewBuilder>();
        services.AddSingleton<ItemPageCache>();
        services.AddSingleton<FeaturedItems>();
        services.AddScoped<Microsoft.AspNetCore.Components.Web.HtmlRenderer>();
        services.AddPages();
    }
}
