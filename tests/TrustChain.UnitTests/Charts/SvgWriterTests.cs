using System.Xml.Linq;
using TrustChain.Server.Pages.Charts;

namespace TrustChain.UnitTests.Charts;

/// <summary>What is written into a page stays text, whoever wrote it.</summary>
public sealed class SvgWriterTests
{
    [Theory]
    [InlineData("</text><script>alert(1)</script>", "&lt;/text&gt;&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("a\"b'c&d", "a&quot;b&#39;c&amp;d")]
    [InlineData("高空作业平台 7", "高空作业平台 7")]
    [InlineData("a\u0000b\u0007c\u009fd", "a\ufffdb\ufffdc\ufffdd")]
    [InlineData("😀", "😀")]
    public void Text_IsEscaped(string text, string expected) => Assert.Equal(expected, SvgWriter.Escape(text));

    [Fact]
    public void LoneSurrogate_IsReplaced() => Assert.Equal("a\ufffdb", SvgWriter.Escape("a" + '\ud800' + "b"));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.001, "0")]
    [InlineData(12.345678, "12.35")]
    [InlineData(-3.5, "-3.5")]
    [InlineData(1e7, "10000000")]
    public void Numbers_HaveAtMostTwoDecimalsAndNoExponent(double value, string expected) => Assert.Equal(expected, SvgWriter.Number(value));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Numbers_ThatAreNotFinite_AreRefused(double value) => Assert.Throws<ArgumentOutOfRangeException>(() => SvgWriter.Number(value));

    [Fact]
    public void Picture_IsWellFormedAndNamed()
    {
        var svg = new SvgWriter().BeginPicture("c", 10, 20, "chart", "A <name>", "\"what\" & more").Text(1, 2, "<x>", "tick").End().ToString();

        var root = XElement.Parse(svg);
        Assert.Equal("c-title c-desc", root.Attribute("aria-labelledby")?.Value);
        Assert.Equal("A <name>", root.Element("title")?.Value);
        Assert.Equal("\"what\" & more", root.Element("desc")?.Value);
        Assert.Equal("<x>", root.Element("text")?.Value);
    }

    [Fact]
    public void Writer_WithAnElementOpen_GivesNothing() => Assert.Throws<InvalidOperationException>(static () => new SvgWriter().Begin("g").ToString());
}
