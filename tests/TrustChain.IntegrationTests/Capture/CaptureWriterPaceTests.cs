using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Installation;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Partitions;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>The group commit learns its pace from what it committed: a database that refuses, or a session that dies after long, says nothing of how fast it writes.</summary>
public sealed class CaptureWriterPaceTests(DoctorStage stage) : IClassFixture<DoctorStage>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writer_LearnsFromCommitsAlone()
    {
        await using var database = NpgsqlDataSource.Create(stage.Database + ";Application Name=pace");
        var partitions = new PartitionStore(database, PartitionPlan.Default);
        await partitions.EnsureAsync(Cancel);
        await using var writer = new CaptureWriter(database, partitions);

        await DoctorStage.ExecuteAsync(stage.Database, "alter table statement rename to statement_away");
        await Assert.ThrowsAsync<PostgresException>(() => writer.WriteAsync(Statement("refused")));
        Assert.Equal(TimeSpan.Zero, await LearntAsync());
        await DoctorStage.ExecuteAsync(stage.Database, "alter table statement_away rename to statement");
        Assert.NotNull(await writer.WriteAsync(Statement("first")));
        var learnt = await LearntAsync();
        Assert.InRange(learnt, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(30));

        await using (var other = NpgsqlDataSource.Create(stage.Database))
        {
            await using var connection = await other.OpenConnectionAsync(Cancel);
            await using var hold = await connection.BeginTransactionAsync(Cancel);
            await using (var table = new NpgsqlCommand("lock table statement in access exclusive mode", connection, hold))
            {
                await table.ExecuteNonQueryAsync(Cancel);
            }
            var writing = writer.WriteAsync(Statement("broken off"));
            await using var end = other.CreateCommand( // Not within the transaction, which sees the sessions as they were at first.
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pace' and wait_event_type = 'Lock' and now() - query_start > interval '300 ms'");
            await Serving.Eventually.TrueAsync("session that waits", async () => await end.ExecuteScalarAsync(Cancel) is > 0L);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => writing);
        }
        Assert.Equal(learnt, await LearntAsync()); // Had it learnt, it would have grown by a tenth.

        Assert.NotNull(await writer.WriteAsync(Statement("last")));
        Assert.NotEqual(learnt, await LearntAsync());

        // Who waits is answered first; what was written no longer counts as waiting once it was learnt from.
        async Task<TimeSpan> LearntAsync()
        {
            await Serving.Eventually.TrueAsync("end of the batch", () => Task.FromResult(writer.Depth == 0));
            return writer.CommitTime;
        }
    }

    private static NewStatement Statement(string text) => new()
    {
        OrganisationId = 1,
        Kid = new string('k', 43),
        KeyEntry = 0,
        Custody = Custody.Self,
        Form = StatementForm.Document,
        Count = 1,
        Digest = Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(text)),
        Jws = System.Text.Encoding.UTF8.GetBytes(text),
        ReceivedAt = DateTimeOffset.UtcNow,
        Records =
        [
            new NewRecord
            {
                Position = 0,
                Identity = Guid.NewGuid(),
                EventHash = Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(text)),
                EventTime = DateTimeOffset.UtcNow,
                IsPublic = false,
                IsDeclaration = false,
                Salt = new byte[32],
                Entry = new byte[34],
                Event = "{}"u8.ToArray(),
                Index = new RecordIndex { EventType = 1, BizStep = null, Disposition = null, Parties = null, Items = [], Measures = [] },
            },
        ],
    };
}
