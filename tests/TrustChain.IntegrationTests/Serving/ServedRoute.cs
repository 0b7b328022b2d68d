using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TrustChain.Server.Hosting;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>A route that the server serves, whether or not its API document tells of it.</summary>
/// <param name="Method">HTTP method; GET for a route that takes every method.</param>
/// <param name="Template">Its path as the server's metrics name it, such as <c>/log/tile/{level}/{**path}</c>.</param>
internal sealed partial record ServedRoute(string Method, string Template)
{
    /// <summary>The path as the API document names it: parameters without constraints.</summary>
    public string Path => Extras().Replace(Template, "{$1}");

    /// <summary>Method and path.</summary>
    public string Name => $"{Method} {Path}";

    public bool IsAccountPage => Path == "/account" || Path.StartsWith("/account/", StringComparison.Ordinal);

    /// <summary>Starts a server in this process and lists what it has mapped, the way its router sees it.</summary>
    public static async Task<IReadOnlyList<ServedRoute>> ListAsync(IReadOnlyDictionary<string, string?> settings)
    {
        var factory = new Factory(settings);
        try
        {
            var endpoints = factory.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
            return
            [
                .. endpoints.SelectMany(static e => (e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["GET"])
                        .Select(m => new ServedRoute(m, "/" + e.RoutePattern.RawText!.Trim('/')))) // A route of the server is made from text.
                    .Distinct().OrderBy(static r => r.Name, StringComparer.Ordinal),
            ];
        }
        finally
        {
            await EndAsync(factory);
        }
    }

    /// <summary>The program disposes its services itself once it is told to stop; the factory, which stops them too, may come second and find them gone.</summary>
    private static async Task EndAsync(Factory factory)
    {
        try
        {
            await factory.DisposeAsync();
        }
        catch (Exception exception) when (exception is ObjectDisposedException || (exception is AggregateException several && several.InnerExceptions.All(static e => e is ObjectDisposedException)))
        {
            // Nothing is left to be stopped.
        }
    }

    [GeneratedRegex(@"\{\**([A-Za-z]+)(?::[^}]*)?\}")]
    private static partial Regex Extras();

    private sealed class Factory(IReadOnlyDictionary<string, string?> settings) : WebApplicationFactory<ServerOptions>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            foreach (var (name, value) in settings)
            {
                builder.UseSetting(name, value);
            }
        }
    }
}
