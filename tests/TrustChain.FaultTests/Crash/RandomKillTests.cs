using System.Diagnostics;
using System.Globalization;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Crash;

/// <summary>
/// SIGKILL at random moments under load. Ten in every run; TRUSTCHAIN_KILLS says how many more, TRUSTCHAIN_SEED where the random numbers begin. Each hundred has a database of its own
/// and the next seed, since every kill is followed by an audit of all there is.
/// </summary>
public sealed class RandomKillTests(SharedStack stack, ITestOutputHelper output)
{
    private const int KillsOfOneDatabase = 100;

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    [Fact]
    public async Task Server_KilledAtRandomMoments_LosesAndDoublesNothing()
    {
        var (kills, seed) = (ReadNumber("TRUSTCHAIN_KILLS", 10), ReadNumber("TRUSTCHAIN_SEED", 1));
        for (var done = 0; done < kills; done += KillsOfOneDatabase)
        {
            await KillAsync(Math.Min(KillsOfOneDatabase, kills - done), seed++);
        }
    }

    private async Task KillAsync(int kills, int seed)
    {
        var random = new Random(seed);
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
        }
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {kills} kills, {trial.Load.Acknowledged.Count} captures with {trial.Load.Acknowledged.Sum(static a => a.Capture.EventHashes.Count)} records acknowledged, "
            + $"{trial.Load.Unanswered} unanswered and sent again, 0 lost, 0 doubled, {_clock.Elapsed.TotalSeconds:0} s since the first"));
    }

    private static int ReadNumber(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
