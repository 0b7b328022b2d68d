using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace TrustChain.Server.Hosting;

/// <summary>What the OpenAPI document says beyond the routes: who this is, bodies with an example each, and that errors are problem documents.</summary>
internal static partial class ApiDocument
{
    private static readonly JsonObject Examples = ReadExamples();

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "TrustChain",
                Version = "v1",
                Description = "Signed EPCIS events as evidence: capture, a public log, anchors, evidence bundles. Send API keys as \"Authorization: Bearer\". "
                    + "Errors are problem documents (RFC 9457); docs/api/problems.md explains every code.",
            };
            document.Servers = []; // the address is the deployment's business, and the document must not change with it
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "API key of an organisation." },
            };
            EpcisApi.AddComponents(document.Components);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            var path = $"/{context.Description.RelativePath?.TrimEnd('/')}";
            var route = $"{context.Description.HttpMethod} {Constraint().Replace(path, "}")}";
            EpcisApi.Describe(operation, context.Description.HttpMethod ?? "", path, context.Document ?? new OpenApiDocument());
            if (Examples[route] is JsonObject bodies)
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = bodies.ToDictionary(static b => b.Key, static b => new OpenApiMediaType { Example = b.Value?.DeepClone() }),
                };
            }
            operation.Responses ??= [];
            operation.Responses["default"] = new OpenApiResponse
            {
                Description = "A problem.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new OpenApiMediaType
                    {
                        Example = new JsonObject { ["type"] = "/docs/problems#not-found", ["title"] = "Not Found", ["status"] = 404, ["detail"] = "There is no such record that you may see.", ["code"] = "not-found" },
                    },
                },
            };
            return Task.CompletedTask;
        });
    }

    /// <summary>The type of a route's parameter, which the document does not show.</summary>
    [GeneratedRegex(":[a-z]+}")]
    private static partial Regex Constraint();

    private static JsonObject ReadExamples()
    {
        using var stream = typeof(ApiDocument).Assembly.GetManifestResourceStream("ApiExamples.json") ?? throw new InvalidOperationException("ApiExamples.json is not embedded.");
        return JsonNode.Parse(stream)!.AsObject(); // It is an object.
    }
}
