using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace TrustChain.Server.Hosting;

/// <summary>What the OpenAPI document says beyond the routes.</summary>
internal static class ApiDocument
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "TrustChain",
            Version = "v1",
            Description = "Signed EPCIS events as evidence: capture, a public log, anchors, evidence bundles. Send API keys as \"Authorization: Bearer\".",
        };
        document.Servers = []; // the address is the deployment's business, and the document must not change with it
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "API key of an organisation." },
        };
        return Task.CompletedTask;
    });
}
