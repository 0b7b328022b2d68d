using Microsoft.Extensions.Options;
using TrustChain.Postgres.Database;

namespace TrustChain.Server.Standby;

/// <summary>Registers reading from a standby, and marks the routes that do.</summary>
internal static class StandbyExtensions
{
    public static void AddStandby(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StandbyOptions>, StandbyOptionsValidator>();
        services.AddOptionsWithValidateOnStart<StandbyOptions>().BindConfiguration(StandbyOptions.Section);
        services.AddSingleton<WalStore>();
        services.AddSingleton<StandbyHosts>();
        services.AddSingleton<StandbyMetrics>();
        services.AddSingleton<StandbyReads>();
        services.AddHostedService<StandbyWatch>();
    }

    /// <summary>
    /// The route reads events or tiles, changes nothing, and may be run twice for one request: first on a standby, and where that has no answer on the
    /// primary.
    /// </summary>
    public static TBuilder MayReadStandby<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(static (context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<StandbyReads>().AnswerAsync(context, next));

    /// <summary>The route takes events from callers without credentials.</summary>
    public static TBuilder TellsPosition<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(static (context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<StandbyReads>().TellPositionAsync(context, next));
}
