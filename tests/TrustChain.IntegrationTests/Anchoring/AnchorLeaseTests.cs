using Npgsql;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Anchoring;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>Who may act for a target.</summary>
public sealed class AnchorLeaseTests(SharedStack stack)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holder_ThatSaysNothing_LosesTheLease_AndOneThatGaveItBackKeepsItsSession()
    {
        await using var database = NpgsqlDataSource.Create(stack.Postgres.ConnectionStringTo("postgres") + ";Maximum Pool Size=3");
        var halted = await TakeAsync(database, "halted");
        Assert.NotNull(halted);
        Assert.Null(await TakeAsync(database, "halted"));
        await using (var brief = await TakeAsync(database, "brief"))
        {
            Assert.NotNull(brief);
        }

        await Eventually.TrueAsync("the lease of the one that is halted", async () =>
        {
            await using var next = await TakeAsync(database, "halted");
            return next is not null;
        });

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => halted.SetFinalAsync(1, DateTimeOffset.UnixEpoch, Cancellation));
        await using var command = database.CreateCommand("show idle_session_timeout");
        Assert.Equal("0", await command.ExecuteScalarAsync(Cancellation)); // Sessions that go back to the pool may be silent.
        await halted.DisposeAsync();
    }

    private static Task<AnchorLease?> TakeAsync(NpgsqlDataSource database, string target) => AnchorLease.TryTakeAsync(database, target, TimeSpan.FromSeconds(1), Cancellation);
}
