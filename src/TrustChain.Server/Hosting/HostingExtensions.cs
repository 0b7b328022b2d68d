using Microsoft.Extensions.Options;
using Npgsql;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Postgres.Partitions;
using TrustChain.Postgres.Query;
using TrustChain.Server.Limits;
using TrustChain.Server.Proxy;
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
        services.AddSingleton(static provider =>
        {
            var source = new NpgsqlDataSourceBuilder(provider.GetRequiredService<IOptions<ServerOptions>>().Value.ConnectionString);
            source.ConnectionStringBuilder.ApplicationName ??= "trustchain-server";
            source.ConnectionStringBuilder.MaxAutoPrepare = 200; // few distinct statements, each run often
            source.ConnectionStringBuilder.NoResetOnClose = true; // nothing here sets anything for a session
            // Each statement is written for the one index it is to use, so a plan for its values would be the same and cost ten times what running it costs.
            // A server that is halted, or whose machine is gone, loses its open transactions after a while: others wait for what those hold. In the middle of a COPY
            // nothing ends its session, so nobody waits without limit.
            source.ConnectionStringBuilder.Options ??= "-c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=15s -c lock_timeout=10s";
            // A commit waits without limit, so a machine that is gone must be noticed by the connection itself.
            source.ConnectionStringBuilder.TcpKeepAlive = true;
            source.ConnectionStringBuilder.TcpKeepAliveTime = 30;
            source.ConnectionStringBuilder.TcpKeepAliveInterval = 10;
            source.Name = "trustchain"; // names the pool in metrics, in place of the connection string
            source.UseLoggerFactory(null); // commands carry content; nothing of it belongs in a log
            // Of several hosts, the one that takes writes, also after another has taken over.
            return source.ConnectionStringBuilder.Host?.Contains(',', StringComparison.Ordinal) is true
                ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
                : source.Build();
        });
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
        await app.Services.GetRequiredService<LogStore>().InitialiseAsync(app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.Origin, app.Lifetime.ApplicationStopping);
    }

    public static void UseServerHosting(this WebApplication app)
    {
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
