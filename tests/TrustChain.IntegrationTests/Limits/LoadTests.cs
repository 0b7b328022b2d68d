using System.Net.Sockets;
using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>Slow senders, many connections, and more than the database can take.</summary>
[Collection(LimitedServerTests.Name)]
public sealed class LoadTests(LimitedServer limited)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningServer Server => limited.Server;

    [Fact]
    public async Task HeadersThatDoNotEnd_CloseTheConnection()
    {
        using var slow = new Sender(Server, 20);

        var said = await slow.SayAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");

        Assert.True(said.Length == 0 || said.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task BodyThatCrawls_IsRefused()
    {
        using var slow = new Sender(Server, 21);

        var said = await slow.SayAsync(slow.Head("POST /epcis/capture", "Content-Type: application/jose", "Content-Length: 100000") + "abc");

        Assert.StartsWith("HTTP/1.1 408 ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionsOfOneAddress_HaveALimit()
    {
        using var many = new Sender(Server, 22);
        var open = new List<Socket>();
        try
        {
            var closed = 0;
            for (var i = 0; i < 25; i++)
            {
                try
                {
                    open.Add(await many.ConnectAsync(Cancellation));
                }
                catch (SocketException)
                {
                    closed++; // at once
                }
            }
            await Eventually.TrueAsync("refused connection", async () => await Server.GetMetricAsync("trustchain_limits_refused") > 0);
            // A connection that is not served is closed at once; one that is served says 200.
            foreach (var socket in open)
            {
                try
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes(many.Head("GET /health/live", "Connection: close")), Cancellation);
                }
                catch (SocketException)
                {
                    closed++;
                    continue;
                }
                closed += (await Sender.ReadToEndAsync(socket, Cancellation)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) ? 0 : 1;
            }
            Assert.Equal(5, closed);
        }
        finally
        {
            open.ForEach(static s => s.Dispose());
        }
        using var other = new Sender(Server, 23);
        (await other.GetAsync("/health/live")).Expect(200);
    }

    [Fact]
    public async Task Database_ThatStandsStill_MakesNewWorkWaitOutsideAndLosesNothing()
    {
        var company = await Server.AddOrganisationAsync("tea");
        var held = Events.Document(Events.Commissioning(company.NewItem()));
        var before = await Server.CountAsync();
        Task<Answer> first;
        Answer refused;
        await using (var connection = await Server.Database.OpenConnectionAsync(Cancellation))
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            async Task LockAsync(string table, string mode)
            {
                await using var command = new Npgsql.NpgsqlCommand($"lock table {table} in {mode} mode", connection, transaction);
                await command.ExecuteNonQueryAsync(Cancellation);
            }
            await LockAsync("statement", "exclusive"); // may be read, not written
            first = company.CaptureAsync(held);
            // Empty statements are refused by what they hold; once the group commit is behind, by that, and before they are read.
            refused = await Eventually.GetAsync("503 for a capture", async () => await company.CaptureAsync("{}") is { Status: 503 } busy ? busy : null);

            await LockAsync("record", "access exclusive");
            Task<Answer>[] queries = [Server.GetAsync("/epcis/events", company.ApiKey), Server.GetAsync("/epcis/events", company.ApiKey)];
            (await await Task.WhenAny(queries)).ExpectProblem(503, "busy"); // One waits for the table, the other has no place.
            await transaction.RollbackAsync(Cancellation);
            Assert.Contains(200, (await Task.WhenAll(queries)).Select(static q => q.Status));
        }

        refused.ExpectProblem(503, "busy");
        Assert.True(refused.RetryAfter?.Delta >= TimeSpan.FromSeconds(1), "There is no Retry-After.");
        if ((await first).Status != 202)
        {
            (await company.CaptureAsync(held)).Expect(202); // The lock was held for so long that the server gave up and said so.
        }
        Assert.Equal(before.Records + 1, (await Server.CountAsync()).Records);
        Assert.True(await Server.GetMetricAsync("trustchain_limits_body_bytes") < 1_000_000);
    }
}
