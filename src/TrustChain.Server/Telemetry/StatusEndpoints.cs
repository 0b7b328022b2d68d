using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Options;
using TrustChain.Server.Hosting;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Telemetry;

/// <summary>The service's state as a page, for people.</summary>
internal static class StatusEndpoints
{
    public static void MapStatus(this IEndpointRouteBuilder app) => app.MapGet("/status", GetAsync).ExcludeFromDescription();

    private static async Task<IResult> GetAsync(HttpContext context, HtmlRenderer renderer, StatusViews views, IOptions<ServerOptions> server, TimeProvider time)
    {
        SecurityHeaders.SetForPage(context);
        context.Response.Headers.CacheControl = "no-cache";
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(StatusPage.View)] = views.Make(),
            [nameof(StatusPage.Page)] = PageContext.For(context.Request, server.Value.Operator, time.GetUtcNow()),
        });
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<StatusPage>(parameters)).ToHtmlString());
        return Results.Content(html, "text/html; charset=utf-8");
    }
}
