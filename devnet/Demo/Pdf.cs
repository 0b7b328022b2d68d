using System.Globalization;
using System.Text;

namespace TrustChain.Devnet.Demo;

/// <summary>
/// Writes a PDF of one A4 page of text lines (PDF 1.4, ISO 32000-1). Latin lines are set in Helvetica; lines with other characters in a standard Chinese font
/// that the reader brings along, so that nothing has to be embedded.
/// </summary>
internal static class Pdf
{
    /// <summary>The document. The first line is its heading.</summary>
    /// <param name="lines">At most 40 lines that fit on the page; an empty one leaves a gap.</param>
    public static byte[] Write(IReadOnlyList<string> lines)
    {
        var content = Encoding.ASCII.GetBytes(Content(lines));
        string[] objects =
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /L 5 0 R /C 6 0 R >> >> >>",
            string.Create(CultureInfo.InvariantCulture, $"<< /Length {content.Length} >>\nstream\n{Encoding.ASCII.GetString(content)}\nendstream"),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H /DescendantFonts [7 0 R] >>",
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /W [1 95 500] /FontDescriptor 8 0 R >>",
            "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        ];
        var file = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        for (var i = 0; i < objects.Length; i++)
        {
            offsets.Add(file.Length); // All of it is ASCII, so characters are bytes.
            file.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{objects[i]}\nendobj\n");
        }
        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Length + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets)
        {
            file.Append(CultureInfo.InvariantCulture, $"{offset:0000000000} 00000 n \n");
        }
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Length + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(file.ToString());
    }

    private static string Content(IReadOnlyList<string> lines)
    {
        var content = new StringBuilder("BT\n60 770 Td\n");
        for (var i = 0; i < lines.Count; i++)
        {
            var size = i == 0 ? 17 : 11;
            var isLatin = lines[i].All(static c => c is >= ' ' and <= '~');
            var text = isLatin
                ? $"({lines[i].Replace("\\", @"\\", StringComparison.Ordinal).Replace("(", @"\(", StringComparison.Ordinal).Replace(")", @"\)", StringComparison.Ordinal)})"
                : $"<{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(lines[i]))}>";
            content.Append(CultureInfo.InvariantCulture, $"/{(isLatin ? 'L' : 'C')} {size} Tf\n{text} Tj\n0 {(i == 0 ? -30 : -18)} Td\n");
        }
        return content.Append("ET").ToString();
    }
}
