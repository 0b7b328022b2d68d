using System.Globalization;
using System.Net.Mime;
using System.Security;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Soap;

/// <summary>
/// The SOAP binding of the query control interface of EPCIS 1.2, for clients that know no later one. It is described by its WSDL and not in the OpenAPI
/// document.
/// </summary>
internal static class SoapEndpoints
{
    private const string Path = "/epcis/soap";

    private static readonly string Wsdl = ReadWsdl();

    public static void MapSoap(this IEndpointRouteBuilder app)
    {
        var soap = app.MapGroup(Path).WithMetadata(new OldClients(WriteProblemAsync)).ExcludeFromDescription();
        soap.MapPost("", PostAsync).NeedsRole(OrganisationRole.Viewer); // It asks and subscribes to nothing.
        soap.MapGet("", GetWsdl);
    }

    private static async Task<IResult> PostAsync(HttpContext context, Caller caller, SoapOperations operations, CancellationToken cancellationToken)
    {
        var version = VersionOf(context.Request, out var type);
        if (type is null || context.Request.Headers.ContentEncoding.Count > 0)
        {
            return Fault(version, SoapFault.Unreadable($"The message is sent as {SoapNames.MediaType11} (SOAP 1.1) or {SoapNames.MediaType12} (SOAP 1.2), not compressed.", 415));
        }
        // Many clients send a key only when asked for one, which an address that answers everybody never does.
        if (caller.Organisation is null && context.Request.Query.ContainsKey("login"))
        {
            context.Response.Headers.WWWAuthenticate = OldClients.Challenges;
            return Fault(version, NotAuthenticated());
        }
        if (await RequestBody.ReadAsync(context.Request, SoapMessage.MaxBytes, cancellationToken) is not { } body)
        {
            return Fault(version, SoapFault.Unreadable($"The message is larger than {SoapMessage.MaxBytes} bytes.", 413));
        }
        var message = SoapMessage.Read(body, type.Encoding, version);
        if (message.Operation is null)
        {
            return Fault(message.Version, message.Fault!); // One of the two is set.
        }
        using var answer = new SoapAnswer(message.Version);
        if (await operations.RunAsync(message.Operation, caller, answer, cancellationToken) is { } fault)
        {
            return Fault(message.Version, fault);
        }
        if (answer.LeftOut > 0)
        {
            context.Response.Headers["TrustChain-Left-Out"] = answer.LeftOut.ToString(CultureInfo.InvariantCulture);
        }
        context.Response.Headers.CacheControl = "no-store";
        return Results.Bytes(answer.Complete(), SoapNames.ContentTypeOf(message.Version));
    }

    private static IResult GetWsdl(IOptions<ServerOptions> server) =>
        Results.Text(Wsdl.Replace("{address}", SecurityElement.Escape(server.Value.PublicUrl + Path), StringComparison.Ordinal), MediaTypeNames.Text.Xml, Encoding.UTF8);

    /// <summary>What went wrong around the handler, as a fault: the key, the database, ourselves.</summary>
    private static Task WriteProblemAsync(HttpContext context, ProblemDetails problem)
    {
        var version = VersionOf(context.Request, out _);
        var reason = problem.Detail ?? "Something went wrong.";
        return Fault(version, problem.Status switch
        {
            401 => NotAuthenticated(),
            403 => SoapFault.Of("SecurityException", reason),
            < 500 => SoapFault.Unreadable(reason, problem.Status.Value),
            _ => new SoapFault(SoapFaultCode.Receiver, reason) { Exception = "ImplementationException" },
        }).ExecuteAsync(context);
    }

    private static SoapFault NotAuthenticated() =>
        SoapFault.Of("SecurityException", "This needs a valid API key: as \"Authorization: Bearer\", or as the password of HTTP Basic with any user name.") with { Status = 401 };

    private static IResult Fault(SoapVersion version, SoapFault fault) => new FaultResult(SoapAnswer.Write(version, fault), SoapNames.ContentTypeOf(version), fault.StatusIn(version));

    /// <summary>The version that the media type stands for, 1.1 where it is none; and the media type if it is one of the two.</summary>
    private static SoapVersion VersionOf(HttpRequest request, out MediaTypeHeaderValue? type)
    {
        var name = MediaTypeHeaderValue.TryParse(request.ContentType, out type) ? type.MediaType.Value?.ToLowerInvariant() : null;
        if (name is not (SoapNames.MediaType11 or SoapNames.MediaType12))
        {
            type = null;
        }
        return name == SoapNames.MediaType12 ? SoapVersion.V12 : SoapVersion.V11;
    }

    private static string ReadWsdl()
    {
        using var reader = new StreamReader(typeof(SoapEndpoints).Assembly.GetManifestResourceStream("epcis-query.wsdl")!); // It is embedded.
        return reader.ReadToEnd();
    }

    private sealed class FaultResult(byte[] body, string contentType, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = contentType;
            httpContext.Response.ContentLength = body.Length;
            return httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }
    }
}
