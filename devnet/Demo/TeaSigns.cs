using QRCoder;

namespace TrustChain.Devnet.Demo;

/// <summary>Tells the person at the terminal where to look.</summary>
internal static class TeaSigns
{
    /// <summary>Prints the addresses and, as a QR code, that of the first tin's page.</summary>
    public static void Print(DevnetHost devnet, TeaDemo demo, TextWriter output)
    {
        var root = devnet.Options.PublicUrl ?? devnet.Server.BaseUrl;
        var tin = root + TeaItems.PathOf(demo.Items.Tins[0]);
        output.WriteLine($"Home        {root}/");
        output.WriteLine($"A tin, zh   {tin}?lang=zh");
        output.WriteLine($"A tin, en   {tin}?lang=en");
        output.WriteLine($"Its lot     {root}{TeaItems.PathOf(demo.Items.MadeTea)}");
        output.WriteLine($"OpenAPI     {root}/openapi/v1.json");
        using var code = QRCodeGenerator.GenerateQrCode(tin, QRCodeGenerator.ECCLevel.M);
        using var text = new AsciiQRCode(code);
        output.WriteLine(text.GetGraphicSmall());
    }
}
