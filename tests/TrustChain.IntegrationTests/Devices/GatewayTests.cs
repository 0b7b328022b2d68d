using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Hostile;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Devices that speak MQTT 5 through <c>trustchain gateway</c>: by a client of other people, and byte by byte.</summary>
public sealed class GatewayTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int Taken = 0x00;
    private const int Failed = 0x83;
    private const int NotAuthorized = 0x87;
    private const int TopicNameInvalid = 0x90;
    private const int QuotaExceeded = 0x97;
    private const int PayloadFormatInvalid = 0x99;

    private RunningServer Server => fixture.Server;

    private static DateTimeOffset At(int hour) => new(DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-2)).ToDateTime(new TimeOnly(hour, 0)), TimeSpan.Zero);

    [Fact]
    public async Task Statements_AreAcknowledgedWithReceipts_WhenTheServerHasThem()
    {
        using var device = await NewDeviceAsync();
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        var statements = Enumerable.Range(0, 20).Select(i => i % 7 == 3 ? device.SignCbor(At(1 + i), 5, 100 + i) : device.Sign(device.Event(At(1 + i), 5, 100 + i))).ToList();
        var before = await Server.CountAsync();

        var answers = await gateway.PublishAsync([.. statements, statements[0]]);

        Assert.All(answers, static a => Assert.Equal(Taken, a.Reason));
        Assert.Equal(((string[])[.. statements, statements[0]]).Select(static c => TestDevice.Digest(c).ToHex()), answers.Select(static a => StatementOf(a.Receipt!))); // Taken, so each has one.
        Assert.Equal(before.Records + 20, (await Server.CountAsync()).Records); // The repeat is the same.

        using var idle = await gateway.ConnectAsync();
        await idle.EnterAsync();
        Assert.Equal(0, await gateway.StopAsync());
        Assert.Equal([0xE0, 0x8B], (await idle.ReadAsync())?[..2]); // It says that it stops.
    }

    [Fact]
    public async Task WhatIsRefused_SaysWhy_AndHoldsUpNothing()
    {
        using var device = await NewDeviceAsync();
        using var stranger = SigningKey.Generate(SignatureAlgorithms.ES256);
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        var good = device.Sign(device.Event(At(8), 5, 100));
        var negative = device.Event(At(9), 1, -3);

        var answers = await gateway.PublishAsync(
        [
            (GatewayProcess.Topic, "{\"not\":\"a statement\"}"),
            (GatewayProcess.Topic, "e30.e30"),
            (GatewayProcess.Topic, "e30.e30.AAAA"),
            (GatewayProcess.Topic, device.SignAs(device.Event(At(9), 1, 101), 1, null, key: stranger)),
            (GatewayProcess.Topic, device.SignAs(negative, 2, TestDevice.Digest(good))),
            ("elsewhere", good),
            (GatewayProcess.Topic, good),
        ]);

        Assert.Equal([PayloadFormatInvalid, PayloadFormatInvalid, PayloadFormatInvalid, NotAuthorized, PayloadFormatInvalid, TopicNameInvalid, Taken], answers.Select(static a => a.Reason));
        Assert.All(answers.Take(6), static a => Assert.False(string.IsNullOrWhiteSpace(a.Text)));
        Assert.StartsWith("invalid-telemetry: /sensorElementList/0/sensorReport/0", answers[4].Text, StringComparison.Ordinal);
        Assert.Contains(GatewayProcess.Topic, answers[5].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeviceThatWasJustEnrolled_IsWaitedForUntilItsEntryIsInTheLog()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var early = builder.Build();
        var asked = 0;
        early.Run(context => context.Response.WriteAsync(Interlocked.Increment(ref asked) <= 2
            ? """{"results":[{"status":409,"problem":{"code":"key-not-yet-logged","detail":"try again"}}]}"""
            : """{"results":[{"status":201,"capture":{"receipt":"the receipt"}}]}"""));
        await early.StartAsync(TestContext.Current.CancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(early.Urls.First());

        Assert.Equal(new Acknowledgement(Taken, null, "the receipt"), Assert.Single(await gateway.PublishAsync("e30.e30.AAAA")));
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task StatementThatTheServerFailsAt_IsToldSo_AndHoldsUpNothing()
    {
        const string Poison = "e30.e30.BBBB";
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var failing = builder.Build();
        failing.Run(async context =>
        {
            using var sent = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            var statements = sent.RootElement.GetProperty("statements").EnumerateArray().Select(static s => s.GetString()).ToList();
            if (statements.Contains(Poison))
            {
                context.Response.StatusCode = 500;
                return;
            }
            await context.Response.WriteAsync($$"""{"results":[{{string.Join(',', statements.Select(static _ => """{"status":201,"capture":{"receipt":"the receipt"}}"""))}}]}""", context.RequestAborted);
        });
        await failing.StartAsync(TestContext.Current.CancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(failing.Urls.First());

        var (taken, failed) = (new Acknowledgement(Taken, null, "the receipt"), new Acknowledgement(Failed, "The server failed at this statement.", null));
        for (var round = 0; round < 3; round++) // Right after a failure too, which is no sign that the server is away.
        {
            Assert.Equal([taken, failed, taken], (IEnumerable<Acknowledgement>)await gateway.PublishAsync("e30.e30.AAAA", Poison, "e30.e30.CCCC"));
        }
        Assert.DoesNotContain("statements wait", gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Device_ThatKeepsItsWindowFull_IsAcknowledgedInOrderAndStaysConnected()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        using var device = await gateway.ConnectAsync();
        await device.EnterAsync();
        for (ushort id = 1; id <= 16; id++)
        {
            await device.SendAsync(RawDevice.Publish(id, "no statement"));
        }
        for (ushort id = 1; id <= 500; id++)
        {
            var answer = await device.ReadAsync();
            Assert.True(answer is [0x40, var high, var low, PayloadFormatInvalid, ..] && (high << 8) + low == id, $"{id}: {(answer is null ? "closed" : Convert.ToHexString(answer))}");
            await device.SendAsync(RawDevice.Publish((ushort)(id + 16), "no statement"));
        }
    }

    [Fact]
    public async Task Address_ThatPublishesTooFast_IsToldSo()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl, more: static _ => ["--max-rate", "1"]);

        var answers = await gateway.PublishAsync(Enumerable.Repeat("no statement", 16));

        Assert.Equal(PayloadFormatInvalid, answers[0].Reason);
        Assert.Equal(QuotaExceeded, answers[15].Reason);
    }

    [Fact]
    public async Task OwnersKey_LetsOnlyTheOwnersDevicesPass()
    {
        using var device = await NewDeviceAsync();
        using var other = await NewDeviceAsync();
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl, more: g =>
        {
            File.WriteAllText(g.PathOf("key"), device.Owner.ApiKey);
            return ["--api-key-file", g.PathOf("key")];
        });

        var answers = await gateway.PublishAsync(device.Sign(device.Event(At(8), 5, 100)), other.Sign(other.Event(At(8), 5, 100)));

        Assert.Equal([Taken, NotAuthorized], answers.Select(static a => a.Reason));
    }

    [Fact]
    public async Task Encrypted_WithTheCertificateGiven()
    {
        using var device = await NewDeviceAsync();
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl, "mqtts://127.0.0.1:0", static g =>
        {
            WriteCertificate(g.PathOf("certificate.pem"), g.PathOf("key.pem"));
            return ["--certificate", g.PathOf("certificate.pem"), "--certificate-key", g.PathOf("key.pem")];
        });

        var answers = await gateway.PublishAsync([(GatewayProcess.Topic, device.Sign(device.Event(At(8), 5, 100)))], gateway.PathOf("certificate.pem"));

        Assert.Equal("mqtts", gateway.Address.Scheme);
        Assert.Equal(Taken, Assert.Single(answers).Reason);
    }

    [Fact]
    public async Task ServerAway_TheDeviceIsToldToSendAgain()
    {
        using var device = await NewDeviceAsync();
        await using var gateway = await GatewayProcess.StartAsync("http://127.0.0.1:9");

        var answer = Assert.Single(await gateway.PublishAsync(device.Sign(device.Event(At(8), 5, 100))));

        Assert.Equal((Failed, "The server does not take statements at the moment."), (answer.Reason, answer.Text));
        await Eventually.TrueAsync("a line that says so", () => Task.FromResult(gateway.Output.Contains("statements wait at their devices", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task MoreThanTheReceiveMaximum_EndsTheConnection()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var gateway = await GatewayProcess.StartAsync($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}");
        using var device = await gateway.ConnectAsync();
        await device.EnterAsync();

        for (ushort id = 1; id <= 17; id++)
        {
            await device.SendAsync(RawDevice.Publish(id, "e30.e30.AAAA"));
        }

        silent.Stop(); // Those under way are answered, which they are now; then comes the goodbye.
        for (byte id = 1; id <= 16; id++)
        {
            Assert.Equal([0x40, 0, id, Failed], (await device.ReadAsync())?[..4]);
        }
        Assert.Equal([0xE0, 0x93], (await device.ReadAsync())?[..2]);
        Assert.Null(await device.ReadAsync());
    }

    [Fact]
    public async Task WhatTheStandardForbids_IsRefusedWithItsReasonCode()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        (string Name, byte[] Sent, byte Reason)[] cases =
        [
            ("quality of service 2", RawDevice.Publish(1, "x", flags: 0x04), 0x9B),
            ("quality of service 3", RawDevice.Publish(1, "x", flags: 0x06), 0x81),
            ("a repeat of quality of service 0", RawDevice.Publish(1, "x", flags: 0x08), 0x81),
            ("no topic", RawDevice.Publish(1, "x", topic: ""), 0x82),
            ("SUBSCRIBE without a filter", [0x82, 3, 0, 5, 0], 0x82),
            ("SUBSCRIBE with identifier 0", [0x82, 7, 0, 0, 0, 0, 1, (byte)'#', 0], 0x82),
            ("a long SUBSCRIBE", [0x82, 0xFF, 0xFF, 0x7F], 0x95),
            ("retain", RawDevice.Publish(1, "x", flags: 0x03), 0x9A),
            ("identifier 0", RawDevice.Publish(0, "x"), 0x82),
            ("CONNECT once more", RawDevice.Connect, 0x82),
            ("AUTH", [0xF0, 0], 0x82),
            ("a packet that only a server sends", [0x20, 3, 0, 0, 0], 0x82),
            ("a packet too long", [0x32, 0xFF, 0xFF, 0xFF, 0x7F], 0x95),
            ("a length of five bytes", [0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 0x81),
            ("a PUBLISH that ends early", [0x32, 2, 0, 9], 0x81),
        ];
        foreach (var (name, sent, reason) in cases)
        {
            using var device = await gateway.ConnectAsync();
            await device.EnterAsync();
            await device.SendAsync(sent);
            var answer = await device.ReadAsync();
            Assert.True(answer is [0xE0, var code, ..] && code == reason, $"{name}: {(answer is null ? "closed" : Convert.ToHexString(answer))}");
            Assert.Null(await device.ReadAsync());
        }
    }

    [Fact]
    public async Task Connect_IsAnsweredAsTheStandardSays()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);

        using var old = await gateway.ConnectAsync();
        await old.SendAsync(0x10, 13, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 1, (byte)'d');
        Assert.Equal([0x20, 0, 1], await old.ReadAsync()); // 3.1.1 knows this code: unacceptable protocol version.
        Assert.Null(await old.ReadAsync());

        using var authenticating = await gateway.ConnectAsync();
        await authenticating.SendAsync(0x10, 18, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 4, 0x15, 0, 1, (byte)'X', 0, 1, (byte)'d');
        Assert.Equal([0x20, 0, 0x8C], (await authenticating.ReadAsync())?[..3]);

        using var web = await gateway.ConnectAsync();
        await web.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Null(await web.ReadAsync());

        using var device = await gateway.ConnectAsync();
        await device.EnterAsync();
        await device.SendAsync(0xC0, 0);
        Assert.Equal([0xD0], await device.ReadAsync());
        await device.SendAsync(0x82, 7, 0, 5, 0, 0, 1, (byte)'#', 0);
        Assert.Equal([0x90, 0, 5, 0, 0x87], await device.ReadAsync());
        await device.SendAsync(0xA2, 6, 0, 6, 0, 0, 1, (byte)'#');
        Assert.Equal([0xB0, 0, 6, 0, 0x11], await device.ReadAsync());
        await device.SendAsync(0xE0, 0);
        Assert.Null(await device.ReadAsync());
    }

    [Fact]
    public async Task Acknowledgement_IsShortForADeviceThatTakesNoMore()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        using var tiny = await gateway.ConnectAsync();
        await tiny.SendAsync(0x10, 19, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 5, 0x27, 0, 0, 0, 20, 0, 1, (byte)'d');
        Assert.Null(await tiny.ReadAsync()); // Not even CONNACK.

        using var plain = await gateway.ConnectAsync();
        await plain.SendAsync(0x10, 16, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 2, 0x17, 0, 0, 1, (byte)'d'); // Request Problem Information 0
        await plain.ReadAsync();
        await plain.SendAsync(RawDevice.Publish(7, "no statement"));
        Assert.Equal([0x40, 0, 7, PayloadFormatInvalid], (await plain.ReadAsync())?[..4]);

        using var device = await gateway.ConnectAsync();
        await device.SendAsync(0x10, 19, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 5, 0x27, 0, 0, 0, 60, 0, 1, (byte)'d'); // Maximum Packet Size 60
        await device.ReadAsync();
        await device.SendAsync(RawDevice.Publish(7, "no statement"));

        var answer = await device.ReadAsync();
        Assert.Equal([0x40, 0, 7, PayloadFormatInvalid], answer?[..4]);
        Assert.True(answer!.Length < 8);
    }

    [Fact]
    public async Task HostileBytes_EndTheirOwnConnectionAtMost()
    {
        await using var gateway = await GatewayProcess.StartAsync(Server.BaseUrl);
        byte[][] seeds = [RawDevice.Connect, RawDevice.Publish(1, "e30.e30.AAAA"), [0x82, 7, 0, 5, 0, 0, 1, (byte)'#', 0], [0xC0, 0], [0xE0, 2, 0, 0], [0x10, 18, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 4, 0x15, 0, 1, (byte)'X', 0, 1, (byte)'d']];
        var hostile = new HostileInput(seeds, 20261126);
        for (var i = 0; i < 300; i++)
        {
            using var device = await gateway.ConnectAsync();
            byte[] bytes = [.. i % 4 == 0 ? (byte[])[] : RawDevice.Connect, .. hostile.Next()];
            try
            {
                await device.SendAsync(bytes);
                await device.ReadUntilQuietAsync(TimeSpan.FromMilliseconds(30));
            }
            catch (IOException)
            {
                // It was closed before it was all sent.
            }
        }

        using var good = await NewDeviceAsync();
        Assert.Equal(Taken, Assert.Single(await gateway.PublishAsync(good.Sign(good.Event(At(8), 5, 100)))).Reason);
        Assert.DoesNotContain("a connection ended", gateway.Output, StringComparison.Ordinal); // What is written of an error that nobody thought of.
    }

    /// <summary>The statement that a receipt is for.</summary>
    private static string? StatementOf(string receipt) => Jws.TryParse(receipt, out var jws, out _) ? JsonDocument.Parse(jws.Payload).RootElement.GetProperty("statement").GetString() : null;

    private async Task<TestDevice> NewDeviceAsync() => await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());

    private static void WriteCertificate(string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
