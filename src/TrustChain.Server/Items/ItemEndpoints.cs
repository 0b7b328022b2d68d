using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using QRCoder;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Pages;
using TrustChain.Server.Standby;

namespace TrustChain.Server.Items;

/// <summary>What a scan leads to: item pages at their Digital Link paths, QR codes, the home page.</summary>
internal static class ItemEndpoints
{
    private const string Html = "text/html; charset=utf-8";
    private const string JsonLd = "application/ld+json";

    /// <summary>What a QR code of version 40 with error correction M holds (ISO/IEC 18004).</summary>
    private const int MaxQrBytes = 2331;

    public static void MapItems(this IEndpointRouteBuilder app)
    {
        app.MapGet("/", GetHomeAsync).ExcludeFromDescription();
        app.MapGet("/item", GetItemByUriAsync).MayReadStandby().WithTags("Items").WithSummary("The page of an item that is not a GS1 key, by its URI.");
        // The primary keys of GS1 Digital Link that items here can have, by number and by short name.
        foreach (var key in (string[])["01", "gtin", "00", "sscc", "414", "gln", "417", "party", "8003", "grai", "8004", "giai", "8006", "itip", "8010", "cpid", "8017", "gsrnp", "8018", "gsrn", "253", "gdti", "255", "gcn", "401", "ginc", "402", "gsin"])
        {
            app.MapGet($"/{key}/{{**rest}}", GetItemAsync).MayReadStandby().WithTags("Items").WithName($"item-{key}").WithSummary("The page of an item; JSON-LD by Accept.");
        }
        app.MapGet("/api/qr", GetQr).WithTags("Items").WithSummary("The QR code of an item's address on this service, as SVG or PNG.");
        app.MapGet("/.well-known/gs1resolver", GetResolver).WithTags("Items").WithSummary("GS1 resolver description.");
    }

    private static Task<IResult> GetItemAsync(
        HttpContext context, Caller caller, ItemViewBuilder builder, ItemPageCache cache, HtmlRenderer renderer, IOptions<ServerOptions> server, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = context.Request.Path.ToUriComponent();
        return Gs1Identifier.TryParsePath(path, out var id, out var error)
            ? AnswerAsync(context, caller, ItemUris.Normalise(id.DigitalLink), id, id.CheckDigitOk == false, builder, cache, renderer, server, time, cancellationToken)
            : NotFoundAsync(context, new UnknownItemView(path, [], new Phrase(error, "en")), renderer, server, time);
    }

    private static Task<IResult> GetItemByUriAsync(
        HttpContext context,
        Caller caller,
        ItemViewBuilder builder,
        ItemPageCache cache,
        HtmlRenderer renderer,
        IOptions<ServerOptions> server,
        TimeProvider time,
        CancellationToken cancellationToken,
        string uri)
    {
        var item = Gs1Identifier.TryParse(uri, out var id, out _) ? id.DigitalLink : uri;
        return AnswerAsync(context, caller, ItemUris.Normalise(item), id, id?.CheckDigitOk == false, builder, cache, renderer, server, time, cancellationToken);
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        Caller caller,
        string item,
        Gs1Identifier? id,
        bool hasWrongCheckDigit,
        ItemViewBuilder builder,
        ItemPageCache cache,
        HtmlRenderer renderer,
        IOptions<ServerOptions> server,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var page = PageContext.For(context.Request, server.Value.Operator, time.GetUtcNow(), onlyParameter: context.Request.Path == "/item" ? "uri" : "");
        var wantsJson = WantsJson(context.Request);
        context.Response.Headers.ContentLanguage = page.Language.Tag();
        context.Response.Headers.Vary = "Accept, Accept-Language, Authorization, Cookie";
        // Whoever may have written a moment ago gets a page of their own.
        var mayBeOld = StandbyReads.MayBeOld(context);
        var key = $"{item} {wantsJson} {page.Language} {page.NewestFirst} {page.Address}";
        if (mayBeOld && cache.TryGet(key, out var cached, out var contentType))
        {
            return Answer(context, cached, contentType);
        }
        var generation = cache.Generation;
        var story = await builder.BuildAsync(item, id, caller, page.Language, cancellationToken);
        if (story is null)
        {
            return wantsJson
                ? Problems.NotFound("item")
                : await NotFoundAsync(context, new UnknownItemView(item, id is null ? [] : [new ItemLabel(id.PrimaryKey, id.Value), .. id.Qualifiers.Select(static q => new ItemLabel(q.Ai, q.Value))], hasWrongCheckDigit ? WrongCheckDigit(page.Language) : null), renderer, server, time);
        }
        var body = wantsJson
            ? ItemJson.Write(story)
            : Encoding.UTF8.GetBytes(await RenderAsync<ItemPage>(renderer, new() { [nameof(ItemPage.View)] = story.View, [nameof(ItemPage.Page)] = page }));
        if (mayBeOld)
        {
            cache.Put(key, body, wantsJson ? JsonLd : Html, generation);
        }
        return Answer(context, body, wantsJson ? JsonLd : Html);
    }

    private static IResult Answer(HttpContext context, byte[] body, string contentType)
    {
        SecurityHeaders.SetForPage(context, asksChain: true);
        context.Response.Headers.CacheControl = "private, max-age=1";
        return Results.Bytes(body, contentType);
    }

    private static async Task<IResult> NotFoundAsync(HttpContext context, UnknownItemView view, HtmlRenderer renderer, IOptions<ServerOptions> server, TimeProvider time)
    {
        SecurityHeaders.SetForPage(context, asksChain: true);
        var page = PageContext.For(context.Request, server.Value.Operator, time.GetUtcNow());
        var html = await RenderAsync<NotFoundPage>(renderer, new() { [nameof(NotFoundPage.View)] = view, [nameof(NotFoundPage.Page)] = page });
        return Results.Text(html, Html, Encoding.UTF8, StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> GetHomeAsync(
        HttpContext context, HtmlRenderer renderer, LogHead head, FeaturedItems featured, IOptions<ServerOptions> server, TimeProvider time, CancellationToken cancellationToken)
    {
        SecurityHeaders.SetForPage(context, asksChain: true);
        var page = PageContext.For(context.Request, server.Value.Operator, time.GetUtcNow());
        var view = new HomeView
        {
            LogOrigin = server.Value.Origin,
            LogSize = head.Checkpoint?.Size ?? 0,
            CheckpointTime = head.Checkpoint?.SignedAt,
            LastAnchor = head.Anchored is { } a ? new AnchorView(a.Anchor.ChainId, a.Anchor.Registry, a.Anchor.Transaction, a.Anchor.Block!.Value, a.Anchor.BlockTime!.Value, a.Anchor.Size) : null, // A final anchor has its block.
            Items = await featured.ListAsync(page.Language, cancellationToken),
        };
        return Results.Content(await RenderAsync<HomePage>(renderer, new() { [nameof(HomePage.View)] = view, [nameof(HomePage.Page)] = page }), Html);
    }

    private static IResult GetQr(string uri, IOptions<ServerOptions> server, string format = "svg", int size = 8)
    {
        if (uri.Length > 1000 || format is not ("svg" or "png") || size is < 2 or > 40)
        {
            return Problems.InvalidRequest("\"uri\" has at most 1000 characters, \"format\" is svg or png, \"size\" 2 to 40 pixels a module.");
        }
        var link = LinkTo(uri, server.Value.PublicUrl);
        if (Encoding.UTF8.GetByteCount(link) > MaxQrBytes)
        {
            return Problems.InvalidRequest($"The address of this item has more than {MaxQrBytes} bytes, which no QR code of this kind can hold.");
        }
        using var data = QRCodeGenerator.GenerateQrCode(link, QRCodeGenerator.ECCLevel.M);
        if (format == "png")
        {
            using var png = new PngByteQRCode(data);
            return Results.Bytes(png.GetGraphic(size), "image/png");
        }
        using var svg = new SvgQRCode(data);
        return Results.Text(svg.GetGraphic(size), "image/svg+xml");
    }

    /// <summary>The address on this service under which an item is shown: what a label's QR code holds.</summary>
    public static string LinkTo(string item, string publicUrl)
    {
        var root = publicUrl.TrimEnd('/');
        return Gs1Identifier.TryParse(item, out var id, out _)
            ? root + id.DigitalLink[CanonicalDigitalLink.Domain.Length..]
            : $"{root}/item?uri={Uri.EscapeDataString(item)}";
    }

    private static IResult GetResolver(IOptions<ServerOptions> server) => Results.Json(new
    {
        name = server.Value.Operator,
        resolverRoot = server.Value.PublicUrl,
        supportedPrimaryKeys = (string[])["01", "00", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018", "253", "255", "401", "402"],
    });

    private static Phrase WrongCheckDigit(PageLanguage language) =>
        language == PageLanguage.Chinese ? new Phrase("校验码不正确", "zh-CN") : new Phrase("The check digit is wrong", "en");

    private static bool WantsJson(HttpRequest request)
    {
        foreach (var accepted in request.GetTypedHeaders().Accept.OrderByDescending(static a => a.Quality ?? 1))
        {
            switch (accepted.MediaType.Value)
            {
                case JsonLd or "application/json":
                    return true;
                case "text/html" or "application/xhtml+xml" or "*/*":
                    return false;
            }
        }
        return false;
    }

    private static Task<string> RenderAsync<TPage>(HtmlRenderer renderer, Dictionary<string, object?> parameters)
        where TPage : IComponent => renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters))).ToHtmlString());
}
