using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Hostile;

/// <summary>
/// What strangers send is refused, never more: no parser throws what its documentation does not name, and none takes memory out of proportion to what it was given. Thousands of inputs
/// by default; TRUSTCHAIN_HOSTILE=N makes about N for all parsers together, TRUSTCHAIN_SEED=S others. <c>tests/vectors/hostile</c> has a folder for each parser, read first: inputs that broke
/// something, inputs written for what the format is known for, and few and small ones of fuzzing runs (under the names of their digests) that together take what those runs reached. TRUSTCHAIN_FUZZ_CORPUS
/// names a folder in which a fuzzing run keeps what it learnt, for the next one.
/// </summary>
public sealed class HostileInputTests
{
    private const int MostKept = 12; // of fuzzing runs, for each parser
    private const int LongestKept = 1024;

    private const int ByDefault = 12_000;
    private const long Allowance = 1 << 20;

    private static readonly int Count = Math.Max(1, Setting("TRUSTCHAIN_HOSTILE", ByDefault) / Parser.All.Count);
    private static readonly int Seed = Setting("TRUSTCHAIN_SEED", 1);

    public static TheoryData<string> Parsers => [.. Parser.All.Select(static p => p.Name)];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void HostileInput_IsRefusedWithinBounds(string name)
    {
        var parser = Parser.All.Single(p => p.Name == name);
        foreach (var good in parser.Good)
        {
            Check(parser, good, "good input"); // also loads what is loaded once
        }
        foreach (var file in CorpusOf(parser))
        {
            Check(parser, File.ReadAllBytes(file), Path.GetFileName(file));
        }
        var inputs = new HostileInput(parser.Good, Seed);
        for (var i = 0; i < Count; i++)
        {
            Check(parser, inputs.Next(), $"input {i} of seed {Seed}");
        }
    }

    /// <summary>Each parser has inputs of its own, and no folder is read by none.</summary>
    [Fact]
    public void Corpus_IsThereForEveryParser_AndSmall()
    {
        Assert.Equal(Parser.All.Select(static p => p.Name).Order(StringComparer.Ordinal), Directory.GetDirectories(VectorFiles.PathOf("hostile")).Select(static d => Path.GetFileName(d)!).Order(StringComparer.Ordinal));
        var files = Parser.All.SelectMany(CorpusOf).ToList();
        Assert.DoesNotContain(files, static f => new FileInfo(f).Length > 9 * LongestKept);
        Assert.All(Parser.All, static p => Assert.True(CorpusOf(p).Count >= 3, p.Name));
    }

    /// <summary>Guided by coverage; started by <c>tests/fuzz.sh</c>, for as long as wanted: inputs that take new branches are changed further.</summary>
    [Fact(Explicit = true)]
    public void Fuzz()
    {
        Assert.True(Coverage.IsThere, "TrustChain.Core is not instrumented: start this by tests/fuzz.sh.");
        var wanted = Environment.GetEnvironmentVariable("TRUSTCHAIN_FUZZ") ?? "all";
        var seconds = Setting("TRUSTCHAIN_FUZZ_SECONDS", 60);
        foreach (var parser in Parser.All.Where(p => wanted == "all" || wanted == p.Name))
        {
            Guide(parser, TimeSpan.FromSeconds(seconds));
        }
    }

    /// <summary>
    /// Takes over into <c>tests/vectors/hostile</c> what is worth keeping of a fuzzing run's folder; started by <c>tests/fuzz.sh keep FOLDER</c>. Small inputs only, and of these the few that take the most branches
    /// which neither good input nor the corpus takes.
    /// </summary>
    [Fact(Explicit = true)]
    public void KeepOfFuzzing()
    {
        Assert.True(Coverage.IsThere, "TrustChain.Core is not instrumented: start this by tests/fuzz.sh.");
        var root = Environment.GetEnvironmentVariable("TRUSTCHAIN_FUZZ_CORPUS")!; // fuzz.sh sees to it
        foreach (var parser in Parser.All.Where(p => Directory.Exists(Path.Combine(root, p.Name))))
        {
            var taken = parser.Good.Concat(CorpusOf(parser).Select(File.ReadAllBytes)).Aggregate(new HashSet<int>(), (all, input) => [.. all, .. BranchesOf(parser, input)]);
            var left = Directory.GetFiles(Path.Combine(root, parser.Name)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(static i => i.Length <= LongestKept)
                .Select(i => (Input: i, Branches: BranchesOf(parser, i))).ToList();
            var kept = 0;
            while (kept < MostKept && left.Count > 0 && left.MaxBy(c => c.Branches.Count(b => !taken.Contains(b))) is var best && !best.Branches.IsSubsetOf(taken))
            {
                taken.UnionWith(best.Branches);
                kept += Store(Directory.CreateDirectory(VectorFiles.PathOf(Path.Combine("hostile", parser.Name))), best.Input);
            }
            Console.WriteLine($"{parser.Name}: {kept} of {left.Count} inputs of at most {LongestKept} bytes are kept");
        }
    }

    /// <summary>The second time, for the first loads what is loaded once.</summary>
    private static HashSet<int> BranchesOf(Parser parser, byte[] input)
    {
        Check(parser, input, "an input of a fuzzing run");
        Coverage.Clear();
        Check(parser, input, "an input of a fuzzing run");
        return Coverage.Taken();
    }

    private static IReadOnlyList<string> CorpusOf(Parser parser) => VectorFiles.PathOf(Path.Combine("hostile", parser.Name)) is var folder && Directory.Exists(folder)
        ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)]
        : [];

    private static void Guide(Parser parser, TimeSpan time)
    {
        var kept = new List<byte[]>(parser.Good);
        var corpus = Environment.GetEnvironmentVariable("TRUSTCHAIN_FUZZ_CORPUS") is { Length: > 0 } root ? Directory.CreateDirectory(Path.Combine(root, parser.Name)) : null;
        var learnt = corpus?.GetFiles().OrderBy(static f => f.Name, StringComparer.Ordinal).Where(static f => f.Length <= HostileInput.MaxLength).Select(static f => File.ReadAllBytes(f.FullName)).ToList() ?? [];
        IReadOnlyList<byte[]> first = [.. parser.Good, .. CorpusOf(parser).Select(File.ReadAllBytes), .. learnt];
        var inputs = new HostileInput(kept, Seed + learnt.Count); // Another run goes other ways from what the last one left.
        var clock = Stopwatch.StartNew();
        var before = Coverage.Branches;
        var count = 0;
        var stored = 0;
        for (; count < first.Count || clock.Elapsed < time; count++)
        {
            var input = count < first.Count ? first[count] : inputs.Next();
            Coverage.Clear();
            Check(parser, input, $"input {count} of a fuzzing run");
            if (Coverage.IsNew() && count >= parser.Good.Count)
            {
                kept.Add(input);
                stored += count >= first.Count && corpus is not null ? Store(corpus, input) : 0;
            }
        }
        Console.WriteLine($"{parser.Name}: {count} inputs, {learnt.Count} of them from the corpus, {Coverage.Branches - before} branches that no input of this run took before, {kept.Count - parser.Good.Count} inputs kept, {stored} added to the corpus");
    }

    /// <summary>An input under the name of its digest, whole or not at all, so that runs can share a folder.</summary>
    private static int Store(DirectoryInfo corpus, byte[] input)
    {
        var file = Path.Combine(corpus.FullName, Convert.ToHexStringLower(SHA256.HashData(input))[..32]);
        if (File.Exists(file))
        {
            return 0;
        }
        File.WriteAllBytes(file + ".part", input);
        File.Move(file + ".part", file, overwrite: true);
        return 1;
    }

    private static void Check(Parser parser, byte[] input, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            parser.Run(input);
        }
        catch (Exception exception) when (parser.Documented(exception))
        {
            return;
        }
        catch (Exception exception)
        {
            Assert.Fail($"{parser.Name}, {what}: {exception}\n{Keep(parser, input)}");
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var bound = Allowance + ((long)parser.AllocationFactor * input.Length);
        if (allocated > bound)
        {
            Assert.Fail($"{parser.Name}, {what}: {allocated} bytes were allocated for {input.Length}.\n{Keep(parser, input)}");
        }
    }

    /// <summary>Saves the input outside of the repository, to be looked at and perhaps kept.</summary>
    private static string Keep(Parser parser, byte[] input)
    {
        var file = Path.Combine(Path.GetTempPath(), $"hostile-{parser.Name}-{Guid.NewGuid():N}");
        File.WriteAllBytes(file, input);
        return $"The input is in {file}.";
    }

    private static int Setting(string name, int byDefault) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;
}
