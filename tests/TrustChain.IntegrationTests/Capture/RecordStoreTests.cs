using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>How much lists of records read.</summary>
public sealed class RecordStoreTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly EventReaderScope Nobody = new(null, []);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task RecordsOfOneStatement_ShareItsBytes_WhichAreReadOnce()
    {
        var (company, records) = (await Server.AddOrganisationAsync(), new RecordStore(Server.Database));
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        (await company.CaptureDocumentAsync(key, LargeDocument.Write(item, 900))).Expect(202);

        var page = await records.ListByItemAsync(ItemKey.Compute(item), await ReaderAsync(company), 0, 100, long.MaxValue, TestContext.Current.CancellationToken);

        Assert.Equal(100, page.Records.Count);
        var statement = page.Records[0].Jws!;
        Assert.All(page.Records, r => Assert.Same(statement, r.Jws));
        Assert.Equal(statement.Length + page.Records.Sum(static r => (long)r.Event!.Length), page.Bytes);
        Assert.Equal(page.Records[^1].RecordId, page.Next);
    }

    [Fact]
    public async Task Records_OfMoreBytesThanAskedFor_AreCutOff_AndGoOnAfterTheLast()
    {
        const int MaxBytes = 10_000;
        var (company, records) = (await Server.AddOrganisationAsync(), new RecordStore(Server.Database));
        var item = company.NewItem();
        for (var i = 0; i < 3; i++)
        {
            (await company.CaptureAsync(LargeDocument.Write(item, 40 + i).Replace("2026-01-01", $"2026-01-0{i + 2}", StringComparison.Ordinal))).Expect(202);
        }
        var reader = await ReaderAsync(company);
        var seen = new List<long>();
        var pages = 0;
        for (long? after = 0; after is { } from; pages++)
        {
            var page = await records.ListByItemAsync(ItemKey.Compute(item), reader, from, 100, MaxBytes, TestContext.Current.CancellationToken);
            Assert.NotEmpty(page.Records);
            Assert.True(page.Bytes < MaxBytes || page.Bytes - LengthOf(page.Records[^1]) < MaxBytes, "Only the last record may pass the limit.");
            seen.AddRange(page.Records.Select(static r => r.RecordId));
            after = page.Next;
        }
        Assert.Equal(123, seen.Count);
        Assert.Equal(seen.Order().Distinct(), seen);
        Assert.True(pages > 5, $"{pages} pages");

        static long LengthOf(StoredEvent record) => record.Event!.Length + record.Jws!.Length + (record.Leaves?.Length ?? 0);
    }

    [Fact]
    public async Task RecordsThatTheReaderMayNotSee_AreListedWithoutContent_AndReadNothing()
    {
        var (company, records) = (await Server.AddOrganisationAsync(), new RecordStore(Server.Database));
        var item = company.NewItem();
        (await company.CaptureAsync(LargeDocument.Write(item, 20))).Expect(202);

        var page = await records.ListByItemAsync(ItemKey.Compute(item), Nobody, 0, 100, 1, TestContext.Current.CancellationToken);

        Assert.Equal((20, 0, null), (page.Records.Count, page.Bytes, page.Next));
        Assert.All(page.Records, static r => Assert.True(r.Event is null && r.Jws is null && r.Leaves is null && r.EventSalt is null));
    }

    private async Task<EventReaderScope> ReaderAsync(TestOrganisation company)
    {
        await using var command = Server.Database.CreateCommand("select id from organisation where code = $1");
        command.Parameters.Add(new() { Value = company.Id });
        return new((int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, []);
    }
}
