namespace TrustChain.EndToEndTests.Stage;

/// <summary>Reads a QR code from its picture, as a phone's camera would, with a reader that shares no code with the server.</summary>
internal static class QrReader
{
    private const string Decode = """
        async (picture) => {
          const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          return jsQR(context.getImageData(0, 0, bitmap.width, bitmap.height).data, bitmap.width, bitmap.height)?.data ?? null;
        }
        """;

    /// <summary>The text in the picture; null when no QR code was found.</summary>
    public static async Task<string?> ReadAsync(TestSite site, byte[] png, CancellationToken cancellationToken)
    {
        await using var camera = await site.WelcomeAsync();
        await camera.Page.EvaluateAsync(await site.ReadPackageAsync("jsqr/dist/jsQR.js", cancellationToken));
        return await camera.Page.EvaluateAsync<string?>(Decode, Convert.ToBase64String(png));
    }
}
