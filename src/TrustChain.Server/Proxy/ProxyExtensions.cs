using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Proxy;

/// <summary>Takes the caller's address and scheme from trusted proxies, and from nobody else.</summary>
internal static class ProxyExtensions
{
    public static void AddTrustedProxies(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ProxyOptions>, ProxyOptionsValidator>();
        services.AddOptionsWithValidateOnStart<ProxyOptions>().BindConfiguration(ProxyOptions.Section);
    }

    /// <summary>Before everything that looks at an address or a scheme.</summary>
    public static void UseTrustedProxies(this IApplicationBuilder app)
    {
        var trusted = app.ApplicationServices.GetRequiredService<IOptions<ProxyOptions>>().Value.TrustedNetworks;
        if (trusted.Count == 0)
        {
            return;
        }
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // From the nearest proxy on, as far as each is trusted; the first that is not is the caller.
        };
        options.KnownProxies.Clear(); // The framework trusts this machine by itself.
        options.KnownIPNetworks.Clear();
        foreach (var text in trusted)
        {
            if (ProxyOptions.TryParse(text, out var network)) // The validator refused all others.
            {
                options.KnownIPNetworks.Add(network);
            }
        }
        app.UseForwardedHeaders(options);
    }
}
