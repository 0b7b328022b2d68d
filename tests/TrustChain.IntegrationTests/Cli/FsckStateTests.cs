using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Monitor;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>State files that are damaged, or were made to lie: they are refused, never taken for a check that was done.</summary>
public sealed class FsckStateTests : IAsyncLifetime
{
    private const string Origin = "test.example/log";

    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly AuditCli _cli = new();
    private readonly ForgedLog _log;
    private TamperingProxy? _proxy;

    public FsckStateTests()
    {
        using var member = SigningKey.Generate(SignatureAlgorithms.ES256);
        var admitted = new KeyEntry("company", "Company", member.PublicKey, Custody.Self, KeyEntry.StatementsPurpose, null, "operator", null);
        var keyEntry = LogEntry.ForPublic(EntryKind.Key, admitted.ToJcs());
        _log = new ForgedLog(Origin, _key, [.. ForgedLog.Entries(600), keyEntry, .. ForgedLog.Entries(100, "more")]) { Size = 650 };
        _cli.Trust(_log.Verifier);
    }

    private TamperingProxy Proxy => _proxy ?? throw new InvalidOperationException("The proxy has not started.");

    private string State => _cli.PathOf("state.json");

    public async ValueTask InitializeAsync()
    {
        _proxy = await TamperingProxy.StartAsync();
        Proxy.Instead = request => Task.FromResult(_log.Answer(request.Path));
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _cli.Dispose();
        _key.Dispose();
    }

    [Fact]
    public async Task State_DamagedAtAnyByte_IsRefused()
    {
        var content = await MakeStateAsync();
        _ = WalkStateFile.Parse("state", content);
        for (var i = 0; i < content.Length; i++)
        {
            var damaged = content.ToArray();
            damaged[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<CliException>(() => WalkStateFile.Parse("state", damaged));
            Assert.Throws<CliException>(() => WalkStateFile.Parse("state", content.AsMemory(0, i)));
        }
        Assert.Throws<CliException>(() => WalkStateFile.Parse("state", (byte[])[.. content, (byte)'\n']));
        foreach (var damaged in (byte[][])[[], content[..^1], content[..(content.Length / 2)], [.. content[..40], (byte)'x', .. content[41..]], Encoding.ASCII.GetBytes("{}\n")])
        {
            File.WriteAllBytes(State, damaged);
            Assert.StartsWith("trustchain:", (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(2).Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("size", "651")]
    [InlineData("root", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")]
    [InlineData("tiles", "[[],[]]")]
    [InlineData("tiles", "[]")]
    [InlineData("kinds", """{"1":650}""")]
    [InlineData("kinds", """{"1":651,"2":-1}""")]
    [InlineData("keys", "[]")]
    [InlineData("keys", """[{"index":650,"body":"e30"}]""")]
    [InlineData("confirmed", "\"no note\"")]
    [InlineData("confirmed", "null")]
    [InlineData("chain", "null")]
    [InlineData("v", "2")]
    [InlineData("type", "null")]
    public async Task State_ThatContradictsItself_IsRefused(string member, string value)
    {
        var json = await MakeJsonAsync();
        json[member] = JsonNode.Parse(value);
        await RefusedAsync(json);
    }

    [Fact]
    public async Task State_WithANoteOfAnotherTreeOrKey_IsRefused()
    {
        using var otherKey = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var another = new ForgedLog(Origin, _key, ForgedLog.Entries(800, "another"));
        foreach (var note in (string[])[another.Note(650), another.Note(700), new ForgedLog(Origin, otherKey, ForgedLog.Entries(650)).Note(650)])
        {
            var json = await MakeJsonAsync();
            json["confirmed"] = note;
            await RefusedAsync(json);
        }
    }

    [Fact]
    public async Task MonitorMemory_DamagedAtAnyByte_IsRefused()
    {
        string[] monitor = ["monitor", "--once", "--server", Proxy.BaseUrl, "--trust", _cli.TrustFile, "--state", _cli.PathOf("memory")];
        (await _cli.RunAsync(monitor)).Expect(0);
        foreach (var file in (string[])[Path.Combine("memory", "monitor.json"), Path.Combine("memory", "walk.json")])
        {
            var content = File.ReadAllBytes(_cli.PathOf(file));
            for (var i = 0; i < content.Length; i++)
            {
                var damaged = content.ToArray();
                damaged[i] ^= (byte)(1 << (i % 8));
                Assert.Throws<CliException>(() => Parse(file, damaged));
                Assert.Throws<CliException>(() => Parse(file, content[..i]));
            }
            File.WriteAllBytes(_cli.PathOf(file), content[..^10]);
            (await _cli.RunAsync(monitor)).Expect(2);
            File.Delete(_cli.PathOf(file));
            Assert.Contains("incomplete", (await _cli.RunAsync(monitor)).Expect(2).Errors, StringComparison.Ordinal);
            File.WriteAllBytes(_cli.PathOf(file), content);
        }
        (await _cli.RunAsync(monitor)).Expect(0);

        static void Parse(string file, byte[] content)
        {
            _ = file.EndsWith("walk.json", StringComparison.Ordinal) ? (object)WalkStateFile.Parse(file, content) : MonitorFolder.Parse(file, content);
        }
    }

    private async Task<byte[]> MakeStateAsync()
    {
        File.Delete(State);
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        return File.ReadAllBytes(State);
    }

    private async Task<JsonObject> MakeJsonAsync() => JsonNode.Parse(Encoding.UTF8.GetString(await MakeStateAsync()).Split('\n')[0])!.AsObject();

    /// <summary>With a digest that fits, as somebody who edits the file could give it.</summary>
    private async Task RefusedAsync(JsonObject json)
    {
        await SealedFile.WriteAsync(State, Encoding.UTF8.GetBytes(json.ToJsonString()), TestContext.Current.CancellationToken);
        Assert.Contains("is no state of a walk", (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(2).Errors, StringComparison.Ordinal);
    }
}
