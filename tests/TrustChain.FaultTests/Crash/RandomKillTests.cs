using System.Diagnostics;
using System.Globalization;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Crash;

/// <summary>
/// SIGKILL at random moments under load. Ten in every run; TRUSTCHAIN_KILLS says how many more, TRUSTCHAIN_SEED where the random numbers begin.
/// </summary>
public sealed class RandomKillTests(SharedStack stack, ITestOutputHelper output)
{
    [Fact]
    public async Task Server_KilledAtRandomMoments_LosesAndDoublesNothing()
    {
        var kills = ReadNumber("TRUSTCHAIN_KILLS", 10);
        var seed = ReadNumber("TRUSTCHAIN_SEED", 1);
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, seed: seed);
        for (var kill = 1; kill <= kills; kill++)
        {
            trial.Load.Start(6, true);
            // From "before anything arrived" to "several anchors on": the moment itself is what is random here.
            await Task.Delay(random.Next(20, 1500), TestContext.Current.CancellationToken);
            await trial.Site.KillAsync(0);
            await trial.Site.StartServerAsync(0);
            try
            {
                await trial.Audit.ExpectSoundAsync(resume: kill % 10 != 0 && kill != kills); // Walking all of it again after each would take longer with each.
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"After kill {kill} of seed {seed}: {exception.Message}", exception);
            }
            if (kill % 10 == 0)
            {
                Tell(kill);
            }
        }
        Tell(kills);

        void Tell(int kill) => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {kill} kills, {trial.Load.Acknowledged.Count} captures with {trial.Load.Acknowledged.Sum(static a => a.Capture.EventHashes.Count)} records acknowledged, "
            + $"{trial.Load.Unanswered} unanswered and sent again, 0 lost, 0 doubled, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static int ReadNumber(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
