using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;

namespace TrustChain.UnitTests.Devices;

public sealed class DeviceTemplateTests
{
    public static TheoryData<string> Shipped => [.. Files().Select(static f => Path.GetFileNameWithoutExtension(f))];

    [Fact]
    public void FiveTemplates_AreShipped_AndEarlierVersionsWithThem() =>
        Assert.Equal(["aerial-platform", "aerial-platform-v2", "e-bike", "e-bike-v2", "loom", "orchard", "orchard-v2", "shared-bike"], Files().Select(static f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Shipped))]
    public void ShippedTemplate_IsReadAndNamedForItsFile(string name)
    {
        var bytes = File.ReadAllBytes(Files().Single(f => Path.GetFileNameWithoutExtension(f) == name));
        Assert.True(DeviceTemplate.TryParse(bytes, out var template, out var error), error);
        Assert.Equal(name, template.Name);
        Assert.Equal(Core.Log.Hash32.Compute(bytes), template.Digest);
        Assert.NotEqual(template.Title.In("en"), template.Title.In("zh"));
    }

    // What days were computed with must be there as it was, byte by byte: days and evidence name the digest of the file. A changed template is another file.
    [Theory]
    [InlineData("aerial-platform-v2", "dba0964244c56f007f872b2e581dfd46b13e165d5dcae9c49521c8a521209c3c")]
    [InlineData("aerial-platform", "837efb13409cfbc8439e0350d4732333098496ca60338b5567d06f5bbed180ee")]
    [InlineData("orchard-v2", "6577df4f35ba7c2b13fbe867da1575191ebbf6ca7e9104ee9185af3cf87a40d8")]
    [InlineData("orchard", "ec7a949b2fc04e4daf0956485d55ac756c0ba17476fab816fcccbf16f2224387")]
    [InlineData("e-bike", "bc00bcb6087f163157fdf28d628f560f127c0e2c479949dd1464497c325f1ae3")]
    [InlineData("e-bike-v2", "e3ab4775d7e2cce6d645a4d1a99680748ea0e62a7dffc0e9a12c918d806143c1")]
    [InlineData("loom", "790c2615854c57f6770d715d826a903221b2f6d5f80d597c85b32d6b23bb430f")]
    [InlineData("shared-bike", "35ab28ac63f189bc8f84b235df6017ceac137d5fa4f0de99eeba8eaf3b7dac02")]
    public void TemplateInUse_IsNotEdited(string name, string digest) =>
        Assert.Equal(digest, Core.Log.Hash32.Compute(File.ReadAllBytes(Files().Single(f => Path.GetFileNameWithoutExtension(f) == name))).ToHex());

    [Theory]
    [InlineData("aerial-platform", DevicePrivacy.ServiceReadable)]
    [InlineData("orchard", DevicePrivacy.ServiceReadable)]
    [InlineData("shared-bike", DevicePrivacy.ServiceReadable)]
    [InlineData("e-bike", DevicePrivacy.Sealed)]
    public void NewDevice_HasItsPositionEncrypted(string name, DevicePrivacy privacy)
    {
        var template = Newest(name);
        Assert.Equal(privacy, template.Privacy);
        Assert.All(template.Measures, static m => Assert.Equal(m.Kind is not (MeasureKind.Latitude or MeasureKind.Longitude) && m.About == MeasureSubject.Device, m.IsOpen));
        Assert.Contains(template.Measures, static m => m.Kind == MeasureKind.Latitude);
        Assert.Equal(privacy == DevicePrivacy.ServiceReadable, template.ServiceJudgesPlaces);
    }

    [Theory]
    [InlineData("e-bike", "Angle", "latitude", KeyGroup.Position)]
    [InlineData("e-bike", "https://gs1.org/voc/Angle", "https://ref.gs1.org/cbv/Comp-longitude", KeyGroup.Position)]
    [InlineData("aerial-platform", "Angle", "https://ref.gs1.org/cbv/Comp-latitude", KeyGroup.Position)]
    [InlineData("e-bike", "urn:trustchain:measure:rider-power", null, KeyGroup.Rider)]
    [InlineData("e-bike", "urn:trustchain:measure:cadence", null, KeyGroup.Rider)]
    [InlineData("shared-bike", "urn:trustchain:measure:cadence", null, null)]
    [InlineData("e-bike", "Angle", null, null)]
    [InlineData("e-bike", "Length", null, null)]
    [InlineData("e-bike", "urn:x:unknown", null, null)]
    [InlineData("loom", "Angle", "latitude", null)]
    public void EncryptedMeasure_IsFoundInEverySpelling(string name, string type, string? component, KeyGroup? group) =>
        Assert.Equal(group, Newest(name).FindEncryptionGroup(type, component));

    [Fact]
    public void EncryptedMeasure_ThatIsNoPlace_IsOfTheOperation()
    {
        var json = JsonNode.Parse(File.ReadAllBytes(Files().Single(static f => f.EndsWith("e-bike.json", StringComparison.Ordinal))))!;
        json["measures"]![1]!["privacy"] = "encrypted";
        Assert.True(DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var template, out var error), error);
        Assert.Equal(KeyGroup.Operation, template.FindEncryptionGroup("Length", null));
    }

    [Fact]
    public void RiderOfABicycle_IsEncrypted_AndOneOfBeforeHasNone()
    {
        string[] expected = ["riderPower", "cadence"];
        Assert.Equal(expected, Newest("e-bike").Measures.Where(static m => m is { About: MeasureSubject.Rider, IsOpen: false }).Select(static m => m.Name));
        Assert.True(DeviceTemplate.TryParse(File.ReadAllBytes(Files().Single(static f => Path.GetFileName(f) == "e-bike.json")), out var before, out var error), error);
        Assert.Equal(before.Measures, Newest("e-bike").Measures.SkipLast(2)); // Nothing else is another.
    }

    // In either privacy of the template, and whatever the type is: an angle that is about the rider is no place.
    [Theory]
    [InlineData("sealed", "urn:x:heart-rate", "urn:x:heart-rate")]
    [InlineData("service-readable", "Frequency", "https://gs1.org/voc/Frequency")]
    [InlineData("service-readable", "Angle", "Angle")]
    public void MeasureAboutTheRider_IsOfTheRider(string privacy, string type, string spelling)
    {
        var template = DeviceWorld.Template(t => { t["privacy"] = privacy; t["measures"]!.AsArray().Add(Rider(type)); });
        Assert.Equal(KeyGroup.Rider, template.FindEncryptionGroup(spelling, null));
        Assert.Null(template.FindEncryptionGroup("urn:x:time", null));
    }

    [Theory]
    [InlineData("privacy", "\"open\"", "what is \"about\" the \"rider\" has the \"privacy\" \"encrypted\"")]
    [InlineData("about", "\"driver\"", "about")]
    [InlineData("about", "1", "about")]
    [InlineData("role", "\"temperature\"", "has a \"role\"")]
    public void Refuses_WhenAMeasureAboutTheRiderIsWrong(string member, string value, string expected) => Refuses(
        json =>
        {
            var rider = Rider("urn:x:body-temperature");
            (rider["unit"], rider[member]) = ("CEL", JsonNode.Parse(value));
            json["measures"]!.AsArray().Add(rider);
        },
        expected);

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Refuses_WhenAPlaceIsSaidToBeAboutTheRider(int measure) => Refuses(
        json =>
        {
            (json["measures"]![6]!["privacy"], json["measures"]![7]!["privacy"]) = ("encrypted", "encrypted");
            json["measures"]![measure]!["about"] = "rider";
        },
        "places");

    private static JsonObject Rider(string type) => new()
    {
        ["name"] = "rider",
        ["type"] = type,
        ["kind"] = "gauge",
        ["unit"] = type == "Angle" ? "DD" : "RPM",
        ["privacy"] = "encrypted",
        ["about"] = "rider",
        ["title"] = new JsonObject { ["en"] = "Rider", ["zh"] = "骑行者" },
    };

    [Fact]
    public void Measures_AreFoundByNameAndRole()
    {
        var template = DeviceWorld.Machine;
        Assert.Equal((1, -1), (template.IndexOf("energy"), template.IndexOf("Energy")));
        Assert.Equal((0, 3, -1), (template.IndexOf(MeasureRole.OperatingHours), template.IndexOf(MeasureRole.Running), template.IndexOf(MeasureRole.Fault)));
    }

    [Theory]
    [InlineData("name", "\"Machine\"", "\"name\"")]
    [InlineData("name", "\"a--b\"", "\"name\"")]
    [InlineData("name", "null", "name")]
    [InlineData("title", "{\"en\":\"\",\"zh\":\"x\"}", "\"title\"")]
    [InlineData("title", "{\"en\":\"x\"}", "zh")]
    [InlineData("measures", "[]", "\"measures\"")]
    [InlineData("measures", "[null]", "\"measures\"")]
    [InlineData("expectedInterval", "0", "\"expectedInterval\"")]
    [InlineData("expectedInterval", "86401", "\"expectedInterval\"")]
    [InlineData("maxClockDrift", "0", "\"maxClockDrift\"")]
    [InlineData("schedule", "\"25-3\"", "\"schedule\"")]
    [InlineData("schedule", "\"8-16\"", "\"schedule\"")]
    [InlineData("schedule", "\"08-08\"", "\"schedule\"")]
    [InlineData("silenceAfter", "0", "\"silenceAfter\"")]
    [InlineData("privacy", "\"sealed\"", "encrypted")]
    [InlineData("privacy", "\"open\"", "privacy")]
    [InlineData("privacy", "1", "privacy")]
    [InlineData("maxSpeed", "0", "\"maxSpeed\"")]
    [InlineData("geofence", "{\"latitude\":91,\"longitude\":0,\"radius\":1}", "\"geofence\"")]
    [InlineData("geofence", "{\"latitude\":0,\"longitude\":0,\"radius\":0}", "\"geofence\"")]
    [InlineData("minWattsWhileRunning", "6000", "\"minWattsWhileRunning\"")]
    [InlineData("maxWattsWhileRunning", "null", "\"maxWattsWhileRunning\"")]
    [InlineData("colour", "\"red\"", "colour")]
    public void Refuses_WhenATemplateIsWrong(string member, string value, string expected) =>
        Refuses(json => json[member] = JsonNode.Parse(value), expected);

    [Theory]
    [InlineData(0, "name", "\"Hours\"", "\"name\"")]
    [InlineData(0, "name", "\"energy\"", "Two measures")]
    [InlineData(0, "type", "\"hours\"", "\"type\"")]
    [InlineData(0, "type", "\"https://gs1.org/voc/Energy\"", "of another")]
    [InlineData(0, "unit", "\"XYZ\"", "\"unit\"")]
    [InlineData(0, "unit", "null", "\"unit\"")]
    [InlineData(0, "unit", "\"KGM\"", "\"role\"")]
    [InlineData(0, "role", "\"energy\"", "\"role\"")]
    [InlineData(0, "role", "\"running\"", "\"role\"")]
    [InlineData(0, "role", "\"nonsense\"", "role")]
    [InlineData(0, "kind", "\"gauge\"", "\"role\"")]
    [InlineData(0, "maxPerHour", "0", "\"maxPerHour\"")]
    [InlineData(0, "resolution", "0", "\"resolution\"")]
    [InlineData(0, "stuckAfter", "3", "\"stuckAfter\"")]
    [InlineData(2, "min", "100", "\"min\"")]
    [InlineData(2, "maxPerHour", "1", "\"maxPerHour\"")]
    [InlineData(2, "resolution", "2", "\"resolution\"")]
    [InlineData(2, "stuckAfter", "25", "\"stuckAfter\"")]
    [InlineData(2, "component", "\"sideways\"", "\"component\"")]
    [InlineData(3, "unit", "\"C62\"", "\"unit\"")]
    [InlineData(3, "max", "1", "\"min\"")]
    [InlineData(4, "role", "\"running\"", "\"role\"")]
    [InlineData(6, "unit", "\"C81\"", "DD")]
    [InlineData(6, "privacy", "\"encrypted\"", "A position")]
    [InlineData(6, "title", "{\"en\":\"x\",\"zh\":\"\"}", "\"title\"")]
    [InlineData(7, "kind", "\"latitude\"", "A position")]
    public void Refuses_WhenAMeasureIsWrong(int measure, string member, string value, string expected) =>
        Refuses(json => json["measures"]![measure]![member] = JsonNode.Parse(value), expected);

    [Fact]
    public void Refuses_WhenPowerHasNothingToBeJudgedBy() => Refuses(static json => json["measures"]!.AsArray().RemoveAt(1), "Power");

    [Fact]
    public void Refuses_WhenPlaceHasNoPosition() =>
        Refuses(static json => { json["measures"]!.AsArray().RemoveAt(7); json["measures"]!.AsArray().RemoveAt(6); }, "need a position");

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}")]
    public void Refuses_WhatIsNoTemplate(string json)
    {
        Assert.False(DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void Refuses_WhatIsTooLarge() => Assert.False(DeviceTemplate.TryParse(new byte[300_000], out _, out _));

    private static void Refuses(Action<JsonObject> change, string expected)
    {
        var json = JsonNode.Parse(DeviceWorld.MachineJson)!.AsObject();
        change(json);
        Assert.False(DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var template, out var error));
        Assert.Null(template);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    /// <summary>The template that new devices get.</summary>
    internal static DeviceTemplate Newest(string name)
    {
        var file = Files().Where(f => Path.GetFileNameWithoutExtension(f) is var own && (own == name || own.StartsWith(name + "-v", StringComparison.Ordinal))).MaxBy(static f => f.Length)!; // There is one; no version has two digits yet.
        return DeviceTemplate.TryParse(File.ReadAllBytes(file), out var template, out var error) ? template : throw new InvalidDataException(error);
    }

    /// <summary>The templates that are shipped.</summary>
    internal static string[] Files()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "TrustChain.sln"))) // Tests run below it.
        {
            folder = folder.Parent;
        }
        return Directory.GetFiles(Path.Combine(folder.FullName, "src/TrustChain.Server/Templates/devices"), "*.json");
    }
}
