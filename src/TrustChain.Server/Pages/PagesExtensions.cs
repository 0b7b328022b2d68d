using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.Extensions.WebEncoders;

namespace TrustChain.Server.Pages;

/// <summary>Registers what the pages need.</summary>
public static class PagesExtensions
{
    /// <summary>
    /// Adds server-rendered components, and an HTML encoder that leaves letters of all scripts as they are: the default writes each Chinese
    /// character as a reference of eight bytes. Characters with a meaning in HTML are encoded in either case.
    /// </summary>
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
        services.Configure<WebEncoderOptions>(static options => options.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        return services;
    }
}
