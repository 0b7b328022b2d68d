using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>One way to send something wrong, and the answer it must get.</summary>
/// <param name="Status">A 4xx.</param>
/// <param name="Code">The problem's code.</param>
/// <param name="Request">What is sent.</param>
internal sealed record BadInput(int Status, string Code, Func<BadInputScene, BadRequest> Request)
{
    /// <summary>The rule of the first entry in the problem's errors.</summary>
    public string? Rule { get; init; }

    /// <summary>JSON Pointer of the first entry in the problem's errors.</summary>
    public string? Pointer { get; init; }

    /// <summary>Number of the event of the first entry in the problem's errors.</summary>
    public int? Event { get; init; }

    /// <summary>Part of the problem's detail that says where or what.</summary>
    public string? Detail { get; init; }

    /// <summary>The type that the GS1 OpenAPI gives this kind of refusal.</summary>
    public string Type => "epcisException:" + Status switch
    {
        401 or 403 => "SecurityException",
        413 => "CaptureLimitExceededException",
        415 => "UnsupportedMediaTypeException",
        _ => "ValidationException",
    };
}

/// <summary>A request to the capture interface.</summary>
internal sealed record BadRequest(string? MediaType, byte[] Body)
{
    public BadRequest(string? mediaType, string body)
        : this(mediaType, Encoding.UTF8.GetBytes(body))
    {
    }

    public string Path { get; init; } = "/epcis/capture";

    /// <summary>Value of the Authorization header.</summary>
    public string? Authorization { get; init; }

    public string? ContentEncoding { get; init; }

    /// <summary>Sent without telling its length.</summary>
    public bool IsChunked { get; init; }

    public HttpRequestMessage ToMessage(string baseUrl)
    {
        HttpContent content = IsChunked ? new StreamContent(new UnknownLengthStream(Body)) : new ByteArrayContent(Body);
        if (MediaType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", MediaType);
        }
        if (ContentEncoding is not null)
        {
            content.Headers.ContentEncoding.Add(ContentEncoding);
        }
        var message = new HttpRequestMessage(HttpMethod.Post, baseUrl + Path) { Content = content };
        message.Headers.TransferEncodingChunked = IsChunked ? true : null;
        if (Authorization is not null)
        {
            message.Headers.TryAddWithoutValidation("Authorization", Authorization);
        }
        return message;
    }

    private sealed class UnknownLengthStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}

/// <summary>Who and what the bad input is made with: everything in it is in order by itself.</summary>
internal sealed record BadInputScene(TestOrganisation Company, TestOrganisation Other, Core.Signing.SigningKey Es256, Core.Signing.SigningKey EdDsa, Core.Signing.SigningKey Revoked)
{
    public string Item { get; } = Company.NewItem();

    public string Bearer => "Bearer " + Company.ApiKey;

    /// <summary>An EPCIS document sent with the company's API key.</summary>
    public BadRequest Plain(string json) => Plain(Encoding.UTF8.GetBytes(json));

    public BadRequest Plain(byte[] body) => new("application/json", body) { Authorization = Bearer };

    /// <summary>A document of one good event with one member replaced.</summary>
    public BadRequest Plain(string member, string json) => Plain(Events.Document(Events.Observation(Item).With(member, json)));

    public string GoodDocument() => Events.Document(Events.Observation(Item));
}
