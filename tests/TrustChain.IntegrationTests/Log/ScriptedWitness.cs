using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Log;

/// <summary>A witness that answers as a test wants, and remembers what it was asked.</summary>
internal sealed class ScriptedWitness : IAsyncDisposable
{
    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<AddCheckpointRequest> _requests = new();

    private ScriptedWitness(string name, Func<ScriptedWitness, AddCheckpointRequest, HttpContext, Task> answer)
    {
        Key = WitnessVerifier.Create(name, _key.PublicKey);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            if (context.Request.Path != "/add-checkpoint" || !AddCheckpointRequest.TryParse(body.ToArray(), out var request))
            {
                context.Response.StatusCode = 400;
                return;
            }
            _requests.Enqueue(request);
            await answer(this, request, context);
        });
    }

    public WitnessVerifier Key { get; }

    public string Url => _app.Urls.First();

    public IReadOnlyCollection<AddCheckpointRequest> Requests => _requests;

    public static async Task<ScriptedWitness> StartAsync(string name, Func<ScriptedWitness, AddCheckpointRequest, HttpContext, Task> answer)
    {
        var witness = new ScriptedWitness(name, answer);
        await witness._app.StartAsync(TestContext.Current.CancellationToken);
        return witness;
    }

    /// <summary>Cosigns whatever it is shown.</summary>
    public Task CosignAsync(AddCheckpointRequest request, HttpContext context) => CosignAsync(request, context, _key);

    /// <summary>The same by another key, under this witness's name and key ID.</summary>
    public async Task CosignAsync(AddCheckpointRequest request, HttpContext context, SigningKey key)
    {
        Assert.True(SignedNote.TryParse(request.Checkpoint, out var note));
        Assert.True(SignedNote.TryParse($"{note.Text}\n{Cosignature.Sign(note.Text, Key.Name, key, DateTimeOffset.UtcNow)}", out var signed));
        await context.Response.WriteAsync((signed.Signatures[0] with { KeyId = Key.KeyId }).ToLine(), context.RequestAborted);
    }

    public static long SizeOf(AddCheckpointRequest request) =>
        SignedNote.TryParse(request.Checkpoint, out var note) && Checkpoint.TryParse(note.Text, out var checkpoint) ? checkpoint.Size : -1;

    public static Task BusyAsync(HttpContext context)
    {
        context.Response.StatusCode = 503;
        return Task.CompletedTask;
    }

    public static async Task ConflictAsync(HttpContext context, long size)
    {
        context.Response.StatusCode = 409;
        context.Response.ContentType = AddCheckpointRequest.SizeMediaType;
        await context.Response.WriteAsync($"{size}\n", context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }
}
