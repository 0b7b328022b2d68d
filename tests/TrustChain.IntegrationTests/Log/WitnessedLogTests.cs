using System.Globalization;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Log;
using TrustChain.Server.Log;
using TrustChain.Server.Witness;

namespace TrustChain.IntegrationTests.Log;

/// <summary>A server with configured witnesses: good ones, and such as are slow, dead or lying.</summary>
public sealed class WitnessedLogTests(SharedStack stack)
{
    [Fact]
    public async Task Checkpoints_AreCosignedByWhoeverWitnesses_WhateverTheOthersDo()
    {
        using var another = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        await using var good = new WitnessProcess("witness.example/good");
        // Says that it cosigned two entries before, once there are more.
        await using var corrected = await ScriptedWitness.StartAsync("witness.example/corrected", static (self, request, context) =>
            request.OldSize > 0 ? self.CosignAsync(request, context) : ScriptedWitness.SizeOf(request) > 2 ? ScriptedWitness.ConflictAsync(context, 2) : ScriptedWitness.BusyAsync(context));
        await using var forger = await ScriptedWitness.StartAsync("witness.example/forger", (self, request, context) => self.CosignAsync(request, context, another));
        await using var silent = await ScriptedWitness.StartAsync("witness.example/silent", static (_, _, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var split = await ScriptedWitness.StartAsync("witness.example/split", static (_, request, context) => ScriptedWitness.ConflictAsync(context, request.OldSize));
        await using var ahead = await ScriptedWitness.StartAsync("witness.example/ahead", static (_, _, context) => ScriptedWitness.ConflictAsync(context, 1_000_000));
        using var absent = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Settings(
            (good.Url, good.Key),
            (corrected.Url, corrected.Key),
            (forger.Url, forger.Key),
            (silent.Url, silent.Key),
            (split.Url, split.Key),
            (ahead.Url, ahead.Key),
            ($"http://127.0.0.1:{LocalPort.FindFree()}", WitnessVerifier.Create("witness.example/absent", absent.PublicKey))));
        var company = await server.AddOrganisationAsync();
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);
        (await company.CaptureAsync(Events.Document(Events.Observation(item)))).Expect(202);
        await good.StartAsync(server.Keys.LogVerifier); // Until now it was away.

        var size = (await server.GetCoveringCheckpointAsync()).Size;
        var note = await CosignedAsync(server, null, size, good.Key, corrected.Key);

        Assert.Equal(3, note.Signatures.Count); // the log's and two cosignatures, nothing of the forger
        Assert.Equal(SignatureCheck.Valid, note.Verify(server.Keys.LogVerifier));
        var metrics = await Eventually.GetAsync("alarms in the metrics", async () => (await server.GetAsync("/metrics")).Body is var text
            && ((string[])["forger", "split", "ahead"]).All(w => text.Contains($"trustchain_witness_alarm{{witness=\"witness.example/{w}\"}} 1", StringComparison.Ordinal))
            && text.Contains($"trustchain_witness_size{{witness=\"witness.example/good\"}} {size}\n", StringComparison.Ordinal) ? text : null);
        Assert.Contains("trustchain_witness_alarm{witness=\"witness.example/good\"} 0\n", metrics, StringComparison.Ordinal);
        await Eventually.TrueAsync("failures counted", async () => (await server.GetAsync("/metrics")).Body is var text
            && ((string[])["silent", "absent"]).All(w => text.Contains($"trustchain_witness_failed_total{{witness=\"witness.example/{w}\",reason=\"away\"}}", StringComparison.Ordinal)));

        // The witness that knew another size was asked again, with a proof from that size; and it was sent the log's own signature alone.
        var asked = corrected.Requests.ToList();
        Assert.Equal(0, asked[0].OldSize);
        Assert.Equal(2, asked.First(static r => r.OldSize > 0).OldSize);
        var copy = await LogCopy.FetchAsync(server, await server.GetCoveringCheckpointAsync());
        foreach (var request in asked)
        {
            Assert.True(SignedNote.TryParse(request.Checkpoint, out var sent));
            Assert.Equal(SignatureCheck.Valid, sent.Verify(server.Keys.LogVerifier));
            Assert.Single(sent.Signatures);
            Assert.True(Checkpoint.TryParse(sent.Text, out var checkpoint));
            var old = MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, (int)request.OldSize));
            Assert.True(MerkleTree.VerifyConsistency(request.OldSize, checkpoint.Size, old, checkpoint.Root, request.Proof));
        }

        var bundle = await Eventually.GetAsync("bundle with a cosigned checkpoint", async () =>
        {
            var answer = (await server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200);
            Assert.True(EvidenceBundle.TryParse(answer.Bytes, out var read, out var error), error);
            return Cosigned(read.Checkpoint, good.Key, corrected.Key) ? read : null;
        });
        Assert.Equal(2, bundle.Records.Count);
        var listed = (await server.GetAsync("/log/witnesses")).Expect(200).Json.GetProperty("witnesses").EnumerateArray().ToDictionary(static w => w.GetProperty("name").GetString()!);
        Assert.Equal(7, listed.Count);
        Assert.Equal(size, listed[good.Key.Name].GetProperty("size").GetInt64());
        Assert.Equal(good.Key.Text, listed[good.Key.Name].GetProperty("key").GetString());
        Assert.Equal(0, listed[forger.Key.Name].GetProperty("size").GetInt64());
        await ExpectAppendOnlyAsync(server);
    }

    [Fact]
    public async Task Cosignatures_WhicheverServerGotThem_AreShownByEveryServer_AndAfterARestart()
    {
        await using var witness = new WitnessProcess("witness.example/one");
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Settings((witness.Url, witness.Key)));
        await witness.StartAsync(server.Keys.LogVerifier);
        var company = await server.AddOrganisationAsync();
        await using (var twin = await server.StartTwinAsync())
        {
            await Parallel.ForAsync(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) =>
                (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())))).Expect(202));
            var size = (await server.GetCoveringCheckpointAsync()).Size;
            await CosignedAsync(server, null, size, witness.Key);
            await CosignedAsync(server, twin.BaseUrl, size, witness.Key);
            // All of them, which is one: the newest checkpoint is the preferred one.
            await Eventually.TrueAsync("preferred checkpoint", async () => (await server.GetAsync("/log/witnesses")).Json.GetProperty("cosigned").ToString() == $"{size}");
        }
        Assert.DoesNotContain("does not continue", witness.Output, StringComparison.Ordinal);

        await witness.StopAsync();
        await server.KillAsync();
        await server.StartAgainAsync();

        await CosignedAsync(server, null, (await server.GetCoveringCheckpointAsync()).Size, witness.Key);
    }

    [Fact]
    public void Head_PrefersTheCosignedCheckpointForAnchors_AndGivesNoCosignatureUp()
    {
        var head = new LogHead();
        var (five, nine) = (Stored(5, 0), Stored(9, 0));
        Assert.Null(head.FindCheckpointToAnchor(0));

        head.SetCheckpoint(five);
        Assert.Same(five, head.FindCheckpointToAnchor(0));
        head.AddCosignatures(Stored(5, 2));
        head.SetCheckpoint(five); // read before the cosignatures came
        Assert.Equal(2, head.Checkpoint!.Cosignatures); // Just set.
        head.SetCosigned(head.Checkpoint);
        head.SetCheckpoint(nine);
        head.AddCosignatures(Stored(5, 3)); // of a checkpoint that has been overtaken
        Assert.Same(nine, head.Checkpoint);

        Assert.Equal(5, head.FindCheckpointToAnchor(4)?.Size);
        Assert.Equal(9, head.FindCheckpointToAnchor(5)?.Size);
        Assert.Null(head.FindCheckpointToAnchor(9));
        head.SetCheckpoint(Stored(12, 0) with { SignedAt = DateTimeOffset.UnixEpoch.AddSeconds(31) }); // The witnesses are away.
        Assert.Equal(12, head.FindCheckpointToAnchor(4)?.Size);

        static StoredCheckpoint Stored(long size, int cosignatures) => new(size, MerkleTree.EmptyRoot, $"{size}", DateTimeOffset.UnixEpoch) { Cosignatures = cosignatures };
    }

    [Fact]
    public void Settings_ThatMakeNoSense_AreAllNamedAtOnce()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var options = new WitnessOptions
        {
            Witnesses =
            [
                new WitnessEntry { Url = "http://127.0.0.1:1", Key = WitnessVerifier.Create("a.example", key.PublicKey).Text },
                new WitnessEntry { Url = "http://127.0.0.1:2", Key = WitnessVerifier.Create("b.example", key.PublicKey).Text },
                new WitnessEntry { Url = "ftp://c.example", Key = WitnessVerifier.Create("c.example", key.PublicKey).Text },
                new WitnessEntry { Url = "https://d.example/w", Key = NoteVerifier.Create("d.example", key.PublicKey).Text },
            ],
            Quorum = 5,
            Timeout = TimeSpan.Zero,
        };

        var result = new WitnessOptionsValidator().Validate(null, options);

        Assert.True(result.Failed);
        Assert.Collection(
            result.Failures,
            static f => Assert.StartsWith("Witnesses:1:Key is the key of another", f, StringComparison.Ordinal),
            static f => Assert.StartsWith("Witnesses:2:Url", f, StringComparison.Ordinal),
            static f => Assert.StartsWith("Witnesses:3:Key", f, StringComparison.Ordinal),
            static f => Assert.StartsWith("Witnessing:Quorum", f, StringComparison.Ordinal),
            static f => Assert.StartsWith("Witnessing:Timeout", f, StringComparison.Ordinal));
        Assert.True(new WitnessOptionsValidator().Validate(null, new WitnessOptions()).Succeeded);
    }

    private static Dictionary<string, string?> Settings(params (string Url, WitnessVerifier Key)[] witnesses)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Witnessing__Interval"] = "00:00:00.2",
            ["Witnessing__Timeout"] = "00:00:05",
            ["Witnessing__FirstRetry"] = "00:00:00.2",
            ["Witnessing__MaxRetry"] = "00:00:02",
        };
        foreach (var (index, (url, key)) in witnesses.Index())
        {
            settings[string.Create(CultureInfo.InvariantCulture, $"Witnesses__{index}__Url")] = url;
            settings[string.Create(CultureInfo.InvariantCulture, $"Witnesses__{index}__Key")] = key.Text;
        }
        return settings;
    }

    /// <summary>The newest checkpoint, once it covers so much and all of these have cosigned it.</summary>
    private static Task<SignedNote> CosignedAsync(RunningServer server, string? baseUrl, long size, params WitnessVerifier[] witnesses) =>
        Eventually.GetAsync($"checkpoint of {size} entries with {witnesses.Length} cosignatures", async () =>
        {
            var answer = (await server.SendAsync(HttpMethod.Get, "/log/checkpoint", baseUrl: baseUrl)).Expect(200);
            Assert.True(SignedNote.TryParse(answer.Body, out var note));
            Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint));
            return checkpoint.Size >= size && Cosigned(answer.Body, witnesses) ? note : null;
        });

    private static bool Cosigned(string checkpoint, params WitnessVerifier[] witnesses) =>
        SignedNote.TryParse(checkpoint, out var note) && witnesses.All(w => note.VerifyCosignature(w).Check == SignatureCheck.Valid);

    private static async Task ExpectAppendOnlyAsync(RunningServer server)
    {
        foreach (var sql in (string[])["update cosignature set line = line", "delete from cosignature", "truncate cosignature"])
        {
            await using var command = server.Database.CreateCommand(sql);
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
            Assert.Contains("append-only", refusal.MessageText, StringComparison.Ordinal);
        }
    }
}
