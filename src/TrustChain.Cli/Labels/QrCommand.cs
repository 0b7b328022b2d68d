using System.CommandLine;
using System.Text;
using QRCoder;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Labels;

/// <summary><c>qr URI --out FILE</c>: a QR code as SVG or PNG.</summary>
internal static class QrCommand
{
    private const int PixelsPerModule = 10;

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var uri = new Argument<string>("URI") { Description = "What the code says, such as a Digital Link." };
        var file = new Option<string>("--out") { Description = "File ending in .svg or .png.", HelpName = "FILE", Required = true };
        var command = new Command("qr", "Draws a QR code.") { uri, file };
        command.SetAction((parsed, cancellationToken) => RunAsync(shell, parsed.GetRequiredValue(uri), parsed.GetRequiredValue(file), cancellationToken));
        return command;
    }

    /// <summary>Writes the file; its ending says which format.</summary>
    public static async Task<int> RunAsync(Shell shell, string uri, string file, CancellationToken cancellationToken)
    {
        var image = Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".svg" => Draw(uri, static data =>
            {
                using var code = new SvgQRCode(data);
                return Encoding.UTF8.GetBytes(code.GetGraphic(PixelsPerModule));
            }),
            ".png" => Draw(uri, static data =>
            {
                using var code = new PngByteQRCode(data);
                return code.GetGraphic(PixelsPerModule);
            }),
            _ => throw new CliException($"{file} ends in neither .svg nor .png."),
        };
        await OutputFile.WriteAsync(file, image, cancellationToken);
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("uri", uri);
                json.WriteString("out", file);
            });
        }
        return ExitCodes.Good;
    }

    private static byte[] Draw(string uri, Func<QRCodeData, byte[]> draw)
    {
        using var generator = new QRCodeGenerator();
        try
        {
            // Level M (15 %) is what GS1 recommends for Digital Link on products.
            using var data = generator.CreateQrCode(uri, QRCodeGenerator.ECCLevel.M);
            return draw(data);
        }
        catch (QRCoder.Exceptions.DataTooLongException)
        {
            throw new CliException("The text is too long for a QR code.");
        }
    }
}
