using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>The witness program, spoken to in the words of C2SP tlog-witness.</summary>
public sealed class WitnessTests
{
    private const string Name = "witness.example/w1";

    [Fact]
    public async Task Witness_CosignsAGrowingTree_AndNothingElse()
    {
        using var log = new LittleTree();
        await using var witness = await WitnessProcess.StartAsync(Name, log.Verifier);

        ExpectCosigned(witness, await witness.AddAsync(log.Request(0, 5)), LittleTree.Text(5));
        ExpectCosigned(witness, await witness.AddAsync(log.Request(5, 9)), LittleTree.Text(9));
        ExpectCosigned(witness, await witness.AddAsync(log.Request(9, 9)), LittleTree.Text(9));

        ExpectSize(await witness.AddAsync(log.Request(0, 9)), 9);
        ExpectSize(await witness.AddAsync(log.Request(5, 12)), 9);
        ExpectSize(await witness.AddAsync(log.Request(9, 9, fork: 1)), 9);
        Assert.Equal(422, (await witness.AddAsync(log.Request(9, 12, fork: 1))).Status);
        Assert.Equal(422, (await witness.AddAsync(log.Request(9, 12) with { Proof = [] })).Status);
        Assert.Equal(400, (await witness.AddAsync(log.Request(5, 5) with { OldSize = 9 })).Status);
        Assert.Equal(400, (await witness.PostAsync(Encoding.UTF8.GetBytes("old 9\n\nhello\n"))).Status);
        Assert.Equal(400, (await witness.PostAsync([])).Status);
        using var foreign = new LittleTree();
        Assert.Equal(403, (await witness.AddAsync(foreign.Request(9, 12))).Status);
        Assert.Equal(404, (await witness.AddAsync(log.Request(9, 12) with { Checkpoint = log.Note(12).Replace(LittleTree.Origin, "log.example/other", StringComparison.Ordinal) })).Status);
        Assert.Equal(413, (await witness.PostAsync(new byte[AddCheckpointRequest.MaxBytes + 1])).Status);
        Assert.Equal(405, (await witness.GetAsync("/add-checkpoint")).Status);
        Assert.Equal(404, (await witness.GetAsync("/")).Status);

        ExpectCosigned(witness, await witness.AddAsync(log.Request(9, 12)), LittleTree.Text(12));
        Assert.Contains("does not continue the 9 entries", witness.Output, StringComparison.Ordinal);
        var kept = Assert.Single(Directory.GetFiles(witness.State, "*.suspicious"));
        Assert.True(AddCheckpointRequest.TryParse(await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken), out var evidence));
        Assert.Equal(log.Note(9, fork: 1), evidence.Checkpoint);
        Assert.Equal(0, await witness.StopAsync());
    }

    [Fact]
    public async Task Witness_KilledAndStartedAgain_RemembersWhatItCosigned()
    {
        using var log = new LittleTree();
        await using var witness = await WitnessProcess.StartAsync(Name, log.Verifier);
        ExpectCosigned(witness, await witness.AddAsync(log.Request(0, 20)), LittleTree.Text(20));

        await witness.KillAsync();
        await witness.StartAgainAsync();

        ExpectSize(await witness.AddAsync(log.Request(0, 20, fork: 1)), 20);
        ExpectSize(await witness.AddAsync(log.Request(20, 20, fork: 1)), 20);
        Assert.Equal(422, (await witness.AddAsync(log.Request(20, 30, fork: 1))).Status);
        ExpectCosigned(witness, await witness.AddAsync(log.Request(20, 30)), LittleTree.Text(30));
    }

    [Fact]
    public async Task Witness_AskedForTwoHistoriesAtOnce_CosignsOne()
    {
        using var log = new LittleTree();
        await using var witness = await WitnessProcess.StartAsync(Name, log.Verifier);

        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => witness.AddAsync(log.Request(0, 10 + i, fork: i))));

        var cosigned = answers.Index().Where(static a => a.Item.Status == 200).ToList();
        Assert.Single(cosigned);
        Assert.All(answers.Where(static a => a.Status != 200), a => ExpectSize(a, 10 + cosigned[0].Index));
    }

    [Fact]
    public async Task Witness_WithAStateThatIsNotItsOwn_DoesNotStart()
    {
        using var log = new LittleTree();
        using var cli = new CliProcess();
        await using var witness = await WitnessProcess.StartAsync(Name, log.Verifier);
        ExpectCosigned(witness, await witness.AddAsync(log.Request(0, 5)), LittleTree.Text(5));
        (await cli.RunAsync("keys", "new", "--alg", "EdDSA", "--out", "other.json")).Expect(0);
        (await cli.RunAsync("keys", "new", "--out", "p256.json")).Expect(0);

        Assert.Contains("locked", (await ServeAsync(cli, witness.KeyFile, witness.State, log)).Expect(2).Errors, StringComparison.Ordinal);
        await witness.StopAsync();
        Assert.Contains(witness.Key.Text, (await ServeAsync(cli, "other.json", witness.State, log)).Expect(2).Errors, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Assert.Single(Directory.GetFiles(witness.State, "*.checkpoint")), "cut off", TestContext.Current.CancellationToken);
        Assert.Contains("damaged", (await ServeAsync(cli, witness.KeyFile, witness.State, log)).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains("is missing", (await ServeAsync(cli, "other.json", cli.PathOf("nowhere"), log)).Expect(2).Errors, StringComparison.Ordinal);
        cli.Write("file", "not a state");
        Assert.Contains("not empty", (await ServeAsync(cli, "other.json", cli.PathOf("."), log)).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains("Ed25519", (await cli.RunAsync("witness", "key", "--key", "p256.json", "--name", Name)).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains("white space", (await cli.RunAsync("witness", "key", "--key", "other.json", "--name", "a b")).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains("verifier key", (await cli.RunAsync("witness", "serve", "--key", "other.json", "--name", Name, "--log", "x+1+y", "--state", ".", "--listen", "http://127.0.0.1:0")).Expect(2).Errors, StringComparison.Ordinal);
        (await cli.RunAsync("witness", "serve", "--key", "other.json")).Expect(2);
    }

    [Fact]
    public async Task WitnessKey_IsTheVerifierKey()
    {
        using var cli = new CliProcess();
        (await cli.RunAsync("keys", "new", "--alg", "EdDSA", "--out", "key.json")).Expect(0);

        var text = (await cli.RunAsync("witness", "key", "--key", "key.json", "--name", Name)).Expect(0).Output;
        var json = (await cli.RunAsync("witness", "key", "--key", "key.json", "--name", Name, "--json")).Expect(0).Json;

        Assert.True(WitnessVerifier.TryParse(text, out var verifier));
        Assert.Equal(Name, verifier.Name);
        Assert.Equal(text, json.GetProperty("key").GetString());
        Assert.True(SigningKey.TryParse(cli.Read("key.json"), out var key, out _));
        using (key)
        {
            Assert.Equal(WitnessVerifier.Create(Name, key.PublicKey).Text, text);
        }
    }

    private static Task<CliResult> ServeAsync(CliProcess cli, string key, string state, LittleTree log) =>
        cli.RunAsync("witness", "serve", "--key", key, "--name", Name, "--log", log.Verifier.Text, "--state", state, "--listen", "http://127.0.0.1:0");

    private static void ExpectCosigned(WitnessProcess witness, Answer answer, string text)
    {
        answer.Expect(200);
        Assert.True(SignedNote.TryParse($"{text}\n{answer.Body}", out var note));
        Assert.Single(note.Signatures);
        var check = note.VerifyCosignature(witness.Key);
        Assert.Equal(SignatureCheck.Valid, check.Check);
        Assert.InRange(check.Time!.Value, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(1)); // Set when valid.
    }

    private static void ExpectSize(Answer answer, long size)
    {
        answer.Expect(409);
        Assert.Equal(AddCheckpointRequest.SizeMediaType, answer.MediaType);
        Assert.Equal($"{size}\n", answer.Body);
    }
}
