using System.Net;
using TrustChain.Core.Devices;
using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

public sealed class DeviceEnrolmentTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claim_IsGood_DeviceIsEnrolledWithItsKey()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        Assert.Equal(StubService.Device, device.Device);
        Assert.Equal(folder.Service.History.Current!.Key.Kid, device.Kid); // Enrolled.
    }

    [Fact]
    public async Task Claim_AnswerIsLost_CalledAgainFinishes()
    {
        using var folder = new DeviceFolder();
        folder.Service.Prepare(static request => request.Method == HttpMethod.Get ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("") } : null);
        await Assert.ThrowsAsync<HttpRequestException>(folder.ClaimAsync);
        Assert.Throws<DeviceException>(folder.Open);

        var calls = 0;
        folder.Service.Prepare(request =>
        {
            calls++;
            // The one that tells who the device is arrives; the one that uses the claim up is answered to nobody.
            folder.Service.Prepare(static _ => null);
            var (status, body) = folder.Service.Answer("GET", request.RequestUri!.AbsolutePath, null, "");
            return new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) };
        });
        await Assert.ThrowsAsync<HttpRequestException>(folder.ClaimAsync);
        Assert.True(folder.Service.IsClaimed);
        using var device = await folder.ClaimAsync();
        Assert.Equal(1, calls);
        DeviceFolder.Store(device, 0, 1);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task Claim_IsUnknown_IsRefusedAndTheFolderCanBeClaimedWithAnother()
    {
        using var folder = new DeviceFolder();
        await Assert.ThrowsAsync<DeviceException>(() => TelemetryDevice.ClaimAsync(folder.Path, folder.Options, "CLAIM-2", Token));
        (await folder.ClaimAsync()).Dispose();
    }

    [Fact]
    public async Task Claim_FolderHasADevice_IsRefused()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        await Assert.ThrowsAsync<DeviceException>(folder.ClaimAsync);
    }

    [Fact]
    public async Task Rotate_NewKeyNumbersFromOne()
    {
        using var folder = new DeviceFolder();
        using (var device = await folder.ClaimAsync())
        {
            DeviceFolder.Store(device, 0, 2);
            var old = device.Kid;
            await device.RotateAsync(null, Token);
            Assert.NotEqual(old, device.Kid);
            Assert.Equal(2, folder.Service.Taken.Count); // Under the old key, before it ended.
            Assert.Equal(DeviceState.Active, folder.Service.History.State);
            DeviceFolder.Store(device, 2, 1);
        }
        using (var device = folder.Open())
        {
            Assert.Equal(1, device.Sequence);
            Assert.Equal(1, (await device.SendAsync(Token)).Sent);
        }
        Assert.Equal([1, 2, 1], folder.Service.Taken.Select(static t => t.Sequence));
        Assert.Single(Directory.GetFiles(folder.Path, "*.pem"));
    }

    [Fact]
    public async Task Rotate_StatementsAreLeft_IsRefused()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        folder.Service.Prepare(HttpStatusCode.ServiceUnavailable);
        await Assert.ThrowsAsync<DeviceException>(() => device.RotateAsync(null, Token));
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task Rotate_IsRefused_OldKeyGoesOn()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        var kid = device.Kid;
        folder.Service.Prepare(request =>
        {
            folder.Service.Prepare(HttpStatusCode.Conflict);
            var (status, body) = folder.Service.Answer("GET", request.RequestUri!.AbsolutePath, null, "");
            return new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) };
        });
        await Assert.ThrowsAsync<DeviceException>(() => device.RotateAsync(null, Token));
        Assert.False(device.IsRotating);
        Assert.Equal(kid, device.Kid);
        DeviceFolder.Store(device, 0, 1);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task Open_WithAnotherKey_IsRefused()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        using var other = FileKey.Create(folder.Path);
        Assert.Throws<DeviceException>(() => TelemetryDevice.Open(folder.Path, folder.Options with { Key = other }));
        folder.Open().Dispose();
    }

    [Theory]
    [InlineData("http://192.0.2.1:8080", false)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("https://192.0.2.1", true)]
    public async Task Server_IsNotReachedBySecureMeans_IsRefused(string server, bool isGood)
    {
        using var folder = new DeviceFolder();
        var options = folder.Options with { Server = new Uri(server) };
        if (isGood)
        {
            (await TelemetryDevice.ClaimAsync(folder.Path, options, StubService.Claim, Token)).Dispose();
            return;
        }
        await Assert.ThrowsAsync<DeviceException>(() => TelemetryDevice.ClaimAsync(folder.Path, options, StubService.Claim, Token));
        Assert.Empty(folder.Service.Requests);
    }
}
