using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

/// <summary>Hostile and broken input: always faults, never an exception.</summary>
public sealed class EpcisInputTests
{
    [Theory]
    [InlineData("", EpcisRules.MalformedJson, 1, 0)]
    [InlineData("{\n\"type\": nope}", EpcisRules.MalformedJson, 2, 11)]
    [InlineData("{}{}", EpcisRules.MalformedJson, 1, 2)]
    [InlineData("{\"a\":1,}", EpcisRules.MalformedJson, 1, 7)]
    [InlineData("{\"a\":\"\\ud800\"}", EpcisRules.InvalidUnicode, 1, 5)]
    [InlineData("{\"a\":\"\\u0000\"}", EpcisRules.InvalidUnicode, 1, 5)]
    [InlineData("{\"\\udc00x\":1}", EpcisRules.InvalidUnicode, 1, 1)]
    public void Read_OfBrokenJson_SaysWhere(string json, string rule, int line, int offset)
    {
        var fault = Assert.Single(Samples.Read(json).Faults);

        Assert.Equal((rule, line, offset), (fault.Rule, fault.Line, fault.ByteOffset));
    }

    [Fact]
    public void Read_OfBytesThatAreNotUtf8_SaysWhere()
    {
        var fault = Assert.Single(EpcisReader.Read("{\"a\":\"\n"u8.ToArray().Append((byte)0xC3).ToArray(), EpcisReadOptions.Default).Faults);

        Assert.Equal((EpcisRules.InvalidUnicode, 2, 7), (fault.Rule, fault.Line, fault.ByteOffset));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("{\"type\":5}")]
    public void Read_OfOtherJson_SaysItIsNotEpcis(string json) =>
        Assert.Equal(EpcisRules.NotEpcis, Assert.Single(Samples.Read(json).Faults).Rule);

    [Theory]
    [InlineData("{\"type\":1,\"a\":{\"b\":[0,{\"c\":1,\"d\":2,\"c\":3}]}}", "/a/b/1/c")]
    [InlineData("{\"type\":1,\"\\u0074ype\":2}", "/type")]
    public void Read_OfTwoMembersOfOneName_RefusesAtAnyDepth(string json, string pointer)
    {
        var fault = Samples.Read(json).Faults[0];

        Assert.Equal((EpcisRules.DuplicateMember, pointer), (fault.Rule, fault.JsonPointer));
    }

    [Fact]
    public void Read_OfSeveralPairsOfOneName_NamesEachAndGoesOn()
    {
        var text = Samples.ObjectEvent().ToJsonString();

        var result = Samples.Read(Samples.Document(text[..^1] + ",\"ex:a\":{\"b\":1,\"b\":1},\"action\":\"MOVE\"}"));

        Assert.Equal(
            [
                (EpcisRules.DuplicateMember, "/epcisBody/eventList/0/ex:a/b"),
                (EpcisRules.DuplicateMember, "/epcisBody/eventList/0/action"),
                (EpcisRules.UnknownValue, "/epcisBody/eventList/0/action"),
            ],
            result.Faults.Select(fault => (fault.Rule, fault.JsonPointer)));
    }

    [Fact]
    public void Read_OfTwoMembersOfOneNameAmongMany_Refuses()
    {
        var members = string.Join(",", Enumerable.Range(0, 5000).Select(i => $"\"ex:{i}\":1"));

        Assert.Equal([EpcisRules.DuplicateMember, EpcisRules.NotEpcis], Samples.Read($"{{{members},\"ex:77\":2}}").Faults.Select(fault => fault.Rule));
        Assert.Equal(EpcisRules.NotEpcis, Assert.Single(Samples.Read($"{{{members}}}").Faults).Rule);
    }

    [Fact]
    public void Read_NestedToTheLimit_AcceptsAndOneMoreRefuses()
    {
        static string Nested(int depth) => Samples.With(Samples.ObjectEvent(), "ex:a", new string('[', depth - 1) + "1" + new string(']', depth - 1)).ToJsonString();

        Assert.Empty(Samples.Read(Nested(32)).Faults);
        Assert.Equal(EpcisRules.TooDeep, Assert.Single(Samples.Read(Nested(33)).Faults).Rule);
        Assert.Equal(EpcisRules.TooDeep, Assert.Single(Samples.Read(new string('[', 1_000_000)).Faults).Rule);
    }

    [Fact]
    public void Read_BeyondALimit_Refuses()
    {
        var one = Samples.ObjectEvent().ToJsonString();
        var three = Samples.Document($"{one},{one},{one}");

        Assert.Empty(Samples.Read(three, new EpcisReadOptions { MaxEvents = 3, MaxEpcs = 3 }).Faults);
        Assert.Equal(EpcisRules.TooManyEvents, Assert.Single(Samples.Read(three, new EpcisReadOptions { MaxEvents = 2 }).Faults).Rule);
        Assert.Equal(EpcisRules.TooManyEpcs, Assert.Single(Samples.Read(three, new EpcisReadOptions { MaxEpcs = 2 }).Faults).Rule);
        Assert.Equal(EpcisRules.TooManyValues, Assert.Single(Samples.Read(three, new EpcisReadOptions { MaxValues = 20 }).Faults).Rule);
    }

    [Fact]
    public void Read_WithAnImpossibleLimit_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Samples.Read("{}", new EpcisReadOptions { MaxDepth = 0 }));

    [Fact]
    public void Read_OfAHugeNamespace_Refuses()
    {
        var json = Samples.With(Samples.ObjectEvent(), "@context", $$"""{"ex":"https://example.com/{{new string('a', 600)}}"}""");

        Assert.Equal(EpcisRules.InvalidContext, Assert.Single(Samples.Read(json).Faults).Rule);
    }

    [Fact]
    public void Read_OfTooManyPrefixes_Refuses()
    {
        static string Context(int names) => "[" + string.Join(",", Enumerable.Range(0, names).Select(i => $$"""{"p{{i}}":"https://example.com/{{i}}/"}""")) + "]";

        Assert.Empty(Samples.Read(Samples.With(Samples.ObjectEvent(), "@context", Context(100))).Faults);
        Assert.Equal(EpcisRules.InvalidContext, Assert.Single(Samples.Read(Samples.With(Samples.ObjectEvent(), "@context", Context(101))).Faults).Rule);
    }

    [Theory]
    [InlineData(2045, true)]
    [InlineData(2046, false)]
    public void Read_OfALongUri_RefusesBeyondTheLimit(int digits, bool accepted)
    {
        var json = Samples.With(Samples.ObjectEvent(), "epcList", $"[\"ab:{new string('1', digits)}\"]");

        Assert.Equal(accepted, Samples.Read(json).IsValid);
        Assert.False(Samples.Read(Samples.With(json, "epcList", $"[\"ex:{new string('1', 2045)}\"]")).IsValid);
    }

    [Fact]
    public void Read_OfDamagedDocuments_NeverThrows()
    {
        var seeds = new[] { Samples.ObjectEvent(), Samples.AggregationEvent(), Samples.TransformationEvent(), Samples.TransactionEvent() }
            .Select(e => Encoding.UTF8.GetBytes(Samples.Document(e.ToJsonString()))).ToArray();
        var random = new Random(20260304);
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = seeds[round % seeds.Length].ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(bytes.Length);
                bytes[at] = random.Next(3) == 0 ? (byte)random.Next(256) : "{}[],:\"\\0u1e-.+ TZ"u8[random.Next(18)];
            }
            var result = EpcisReader.Read(bytes.AsMemory(0, random.Next(8) == 0 ? random.Next(bytes.Length) : bytes.Length), EpcisReadOptions.Default);
            Assert.Equal(result.IsValid, result.Faults.Count == 0);
            accepted += result.IsValid ? 1 : 0;
        }

        // Both outcomes must have been seen, else the loop tests nothing.
        Assert.InRange(accepted, 1, 19_999);
    }
}
