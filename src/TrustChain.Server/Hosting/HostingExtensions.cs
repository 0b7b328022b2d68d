using Microsoft.Extensions.Options;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Postgres.Partitions;
using TrustChain.Postgres.Query;
using TrustChain.Server.Limits;
using TrustChain.Server.Log;
using TrustChain.Server.Proxy;
using TrustChain.Server.Signing;
using TrustChain.Server.Standby;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Hosting;

/// <summary>What every feature stands on: options, database, problems, health, metrics, the API document.</summary>
internal static class HostingExtensions
{
    public static void AddServerHosting(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddOptionsWithValidateOnStart<ServerOptions>().BindConfiguration(ServerOptions.Section);
        services.AddOptionsWithValidateOnStart<CaptureOptions>().BindConfiguration(CaptureOptions.Section);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(static provider => DatabaseSources.CreatePrimary(provider.GetRequiredService<IOptions<ServerOptions>>().Value.ConnectionString));
        services.AddStandby();
        services.AddDraining();
        services.AddTrustedProxies();
        services.AddProblemDetails();
        // Pages and scripts carry no secrets beside what a sender chose, so compressing them gives nothing away.
        services.AddResponseCompression(static options => options.EnableForHttps = true);
        services.AddExceptionHandler<Failures>();
        services.AddOpenApi("v1", ApiDocument.Configure);
        builder.AddTelemetry();
        services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A little more than a capture may have, so that the answer to a larger one is ours and says so.
            kestrel.Limits.MaxRequestBodySize = Capture.CaptureUploads.MaxBytes + (2 << 20);
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            // Room beyond what queries may have, so that the answer to a longer one is ours and says so.
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
            kestrel.Limits.MaxRequestBufferSize = 1 << 20;
        });
    }

    /// <summary>Brings the schema up to date and makes sure the database holds this log.</summary>
    public static async Task PrepareDatabaseAsync(this WebApplication app)
    {
        await Migrator.ApplyAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), app.Lifetime.ApplicationStopping);
        await app.Services.GetRequiredService<PartitionStore>().EnsureAsync(app.Lifetime.ApplicationStopping);
        await app.Services.GetRequiredService<IndexCompletion>().RunAsync(app.Lifetime.ApplicationStopping);
        var (log, options) = (app.Services.GetRequiredService<LogStore>(), app.Services.GetRequiredService<IOptions<ServerOptions>>().Value);
        await log.InitialiseAsync(options.Origin, app.Lifetime.ApplicationStopping);
        // With another key, such as one that was made because this log's was missing, what is signed next would belong to a log that nobody trusts.
        if (await log.FindLatestCheckpointAsync(app.Lifetime.ApplicationStopping) is { } checkpoint
            && !(SignedNote.TryParse(checkpoint.Note, out var note) && note.Verify(app.Services.GetRequiredService<KeyRing>().Verifier) == SignatureCheck.Valid))
        {
            throw new WrongLogException(options.LogKey.Length > 0
                ? $"The checkpoint of {checkpoint.Size} entries was not signed by the key that TrustChain:LogKey names; see logKey in this log's trust file."
                : $"The checkpoint of {checkpoint.Size} entries was not signed by the key in {options.LogKeyFile}; bring this log's own key back. Where it is lost, see \"A lost log key\" in docs/operations.md.");
        }
        app.Services.GetRequiredService<KeptCheckpoint>().Read(); // Compared when the log is opened; here so that another log's file is told of as plainly.
    }

    public static void UseServerHosting(this WebApplication app)
    {
        app.UseDraining();
        app.UseTrustedProxies();
        app.UseTelemetry();
        app.UseExceptionHandler();
        app.UseSecurityHeaders();
        app.UseResponseCompression();
        app.UseStaticFiles();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        app.UseRouting();
        app.UseAuthentication();
        app.UseLimits();
    }

    public static void MapServerHosting(this WebApplication app)
    {
        app.MapTelemetry();
        // Where the type of every problem leads.
        app.MapGet("/docs/problems", static () => Results.Stream(typeof(HostingExtensions).Assembly.GetManifestResourceStream("problems.md")!, "text/markdown; charset=utf-8")) // It is embedded.
            .ExcludeFromDescription();
        app.MapOpenApi("/openapi/{documentName}.json");
    }
}
