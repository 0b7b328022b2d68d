using System.Net.WebSockets;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>What every stream works with.</summary>
internal sealed record EventStreamParts(
    EventCollector Collector, EventDocuments Documents, NamedQueryStore NamedQueries, CallerCache Callers, LogHead Head, SubscriptionMetrics Metrics, ILogger<EventStream> Logger);

/// <summary>
/// One open WebSocket. It reads on in the log only when the client has taken what was sent, so nothing gathers for a client that does not read; such a
/// client is disconnected.
/// </summary>
internal sealed partial class EventStream(EventStreamParts parts, SubscriptionOptions options, TimeProvider time, WebSocket socket)
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    public required Caller Caller { get; init; }

    /// <summary>What the caller came with, to ask again whether it is still good.</summary>
    public required string ApiKey { get; init; }

    /// <summary>The named query; null for the built-in one.</summary>
    public required NamedQuery? Named { get; init; }

    public required EventQuery Query { get; init; }

    public required string QueryName { get; init; }

    public required Guid SubscriptionId { get; init; }

    public required DocumentForm Form { get; init; }

    public required SubscriptionControls Controls { get; init; }

    public required DateTimeOffset InitialRecordTime { get; init; }

    /// <summary>The first entry that was not looked at.</summary>
    public required long NextLeaf { get; set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Of its own: cancelling a read breaks the connection, and a server that stops still says goodbye.
        using var ending = new CancellationTokenSource();
        var client = ListenAsync(ending.Token);
        try
        {
            var (status, reason) = await TellAsync(client, cancellationToken);
            await CloseAsync(client, status, reason);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await CloseAsync(client, WebSocketCloseStatus.EndpointUnavailable, "The server stops.");
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort(); // The client is gone, or does not read.
        }
        catch (Exception exception)
        {
            Log.Failed(parts.Logger, SubscriptionId, exception);
            await CloseAsync(client, WebSocketCloseStatus.InternalServerError, "Something went wrong on our side.");
        }
        finally
        {
            await ending.CancelAsync();
            socket.Abort();
            await client;
        }
    }

    /// <summary>Sends documents until the client closes, or there is a reason to.</summary>
    private async Task<(WebSocketCloseStatus Status, string Reason)> TellAsync(Task client, CancellationToken cancellationToken)
    {
        var due = Controls.Schedule?.NextAfter(time.GetUtcNow());
        var checkedAt = time.GetTimestamp();
        while (!client.IsCompleted)
        {
            try
            {
                if (time.GetElapsedTime(checkedAt) >= CheckInterval)
                {
                    if (await FindEndAsync(cancellationToken) is { } reason)
                    {
                        return (WebSocketCloseStatus.PolicyViolation, reason);
                    }
                    checkedAt = time.GetTimestamp();
                }
                var grown = parts.Head.Grown; // before looking, so that nothing is missed
                var size = parts.Head.Checkpoint?.Size ?? 0;
                var now = time.GetUtcNow();
                if (Controls.Schedule is null && NextLeaf < size)
                {
                    await StepAsync(size, cancellationToken);
                }
                else if (due <= now)
                {
                    await RunOnceAsync(size, cancellationToken);
                    due = Controls.Schedule?.NextAfter(time.GetUtcNow());
                }
                else
                {
                    await WaitAsync(client, Controls.Schedule is null ? grown : null, due - now, cancellationToken);
                }
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception))
            {
                Log.DatabaseAway(parts.Logger, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            }
        }
        return (WebSocketCloseStatus.NormalClosure, "");
    }

    private async Task WaitAsync(Task client, Task? grown, TimeSpan? untilDue, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pause = untilDue < CheckInterval ? untilDue.Value : CheckInterval;
        var timer = Task.Delay(pause + TimeSpan.FromMilliseconds(1), time, over.Token);
        await (grown is null ? Task.WhenAny(client, timer) : Task.WhenAny(client, timer, grown));
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>A scheduled run: all that is new, and an empty document where nothing is and that was asked for.</summary>
    private async Task RunOnceAsync(long until, CancellationToken cancellationToken)
    {
        var told = false;
        while (NextLeaf < until)
        {
            told |= await StepAsync(until, cancellationToken);
        }
        if (!told && Controls.ReportIfEmpty)
        {
            await SendAsync([], cancellationToken);
        }
    }

    private async Task<bool> StepAsync(long until, CancellationToken cancellationToken)
    {
        var found = await parts.Collector.CollectAsync(Query, Caller, NextLeaf, until, InitialRecordTime, options.MaxEvents, cancellationToken);
        if (found.Events.Count > 0)
        {
            await SendAsync(found.Events, cancellationToken);
        }
        NextLeaf = found.NextLeaf;
        return found.Events.Count > 0;
    }

    private async Task SendAsync(IReadOnlyList<FoundEvent> events, CancellationToken cancellationToken)
    {
        var document = await parts.Documents.WriteAsync(events, QueryName, SubscriptionId.ToString(), Form, time.GetUtcNow(), cancellationToken);
        using var timer = new CancellationTokenSource(options.StreamSendTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        // Cancelling breaks the connection: a message sent in part cannot be taken back.
        await socket.SendAsync(document.Body, WebSocketMessageType.Text, endOfMessage: true, both.Token);
        parts.Metrics.Delivered(events.Count, "websocket");
    }

    /// <summary>Why the client may not listen any longer; null: they may.</summary>
    private async Task<string?> FindEndAsync(CancellationToken cancellationToken)
    {
        if (await parts.Callers.FindAsync(ApiKey, cancellationToken) is not { } caller || caller.Organisation?.Id != Caller.Organisation?.Id)
        {
            return "The API key was revoked.";
        }
        return Named is { } named && (await parts.NamedQueries.FindAsync(named.OrganisationId, named.Name, cancellationToken))?.CreatedAt != named.CreatedAt
            ? "The query was deleted."
            : null;
    }

    /// <summary>Reads until the client closes or is gone, which also answers its pings. What it says has no meaning here.</summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        try
        {
            while ((await socket.ReceiveAsync(buffer, cancellationToken)).MessageType != WebSocketMessageType.Close)
            {
                // Read on.
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone, or ended from here.
        }
    }

    private async Task CloseAsync(Task client, WebSocketCloseStatus status, string reason)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }
        try
        {
            using var timer = new CancellationTokenSource(CloseTimeout, time);
            await socket.CloseOutputAsync(status, reason, timer.Token);
            await client.WaitAsync(timer.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // It is closed either way.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5020, LogLevel.Warning, "A stream waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(5021, LogLevel.Error, "Stream {Subscription} failed")]
        public static partial void Failed(ILogger logger, Guid subscription, Exception exception);
    }
}
