using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The three verifiers that share no code refuse every forgery of the table with the same answers: the check that finds it with its reason code, what rests on it as not
/// checkable, and everything else as in the good bundle.
/// </summary>
public sealed partial class ForgeryTests
{
    [Fact]
    public void Table_IsLargeAndDistinct()
    {
        Assert.True(Forgeries.All.Count >= 90, $"Only {Forgeries.All.Count} forgeries.");
        Assert.Equal(Forgeries.All.Count, Forgeries.All.Select(static f => f.Name).Distinct().Count());
        Assert.Equal(Forgeries.All.Count, Forgeries.All.Select(static f => f.What).Distinct().Count());
        var same = Forgeries.All
            .GroupBy(static f => Convert.ToBase64String(f.Bundle) + Convert.ToBase64String(f.Chain) + Convert.ToBase64String(f.Trust))
            .Where(static g => g.Count() > 1)
            .Select(static g => string.Join(" = ", g.Select(static f => f.Name)));
        Assert.Empty(same);
    }

    [Fact]
    public void Table_HasEveryReasonForFailure()
    {
        var found = Forgeries.All.SelectMany(static f => f.Checks).Where(static c => c.Outcome == Outcome.Failed).Select(static c => c.Code!).ToHashSet();
        var page = File.ReadAllText(Path.Combine(VectorFiles.Repository, "docs", "evidence-format.md"));
        var codes = FailingCode().Matches(page).Where(static m => m.Groups[2].Value != "receipt").Select(static m => m.Groups[1].Value).ToList();
        Assert.True(codes.Count > 30);
        Assert.DoesNotContain(codes, code => !found.Contains(code));
    }

    [Fact]
    public void OurVerifier_RefusesEveryForgery_AsExpected()
    {
        var differences = new List<string>();
        foreach (var forgery in Forgeries.All)
        {
            var report = Verify(forgery.Bundle, forgery.Trust, forgery.Chain);
            Compare(forgery, [.. forgery.Checks.Select(Line)], [.. report.Checks.Select(Line)], differences);
            Assert.True(report.Outcome == Outcome.Failed || differences.Count > 0, forgery.Name);
        }
        Assert.Empty(differences);
    }

    [Fact]
    public async Task PythonVerifier_RefusesEveryForgery_AsExpected()
    {
        var answers = await OtherVerifiers.RunPythonAsync([.. Forgeries.All.Select(static f => new VerifierCase(f.Bundle, f.Trust, f.Chain))]);
        var differences = Compare(answers, SignatureAlgorithms.Sm2, EvidenceVectors.Timestamps);
        foreach (var (forgery, answer) in Forgeries.All.Zip(answers))
        {
            var verdict = Verdict(Adapt(forgery, SignatureAlgorithms.Sm2, EvidenceVectors.Timestamps, EvidenceVectors.Cose).Where(static c => c.Check != CheckNames.EventHash));
            if (answer.Short != verdict)
            {
                differences.Add($"{forgery.Name}: the short verifier says {answer.Short}, not {verdict}");
            }
        }
        Assert.Empty(differences);
    }

    [Fact]
    public async Task BrowserVerifier_RefusesEveryForgery_AsExpected()
    {
        var answers = await OtherVerifiers.RunBrowserAsync([.. Forgeries.All.Select(static f => new VerifierCase(f.Bundle, f.Trust, f.Chain))]);
        Assert.Empty(Compare(answers, SignatureAlgorithms.ES256K, SignatureAlgorithms.Sm2, EvidenceVectors.Timestamps));
    }

    /// <summary>An algorithm that a verifier lacks: it says so, for good signatures and for forged ones.</summary>
    [Fact]
    public async Task UnknownAlgorithm_IsNeverCalledPassed()
    {
        var vectors = EvidenceVectors.All.Where(static v => v.Without.Count > 0).ToList();
        Assert.Equal(4, vectors.SelectMany(static v => v.Without.Keys).Distinct().Count());
        var cases = vectors.Select(static v => new VerifierCase(v.Bundle, VectorFiles.Read($"evidence/{v.Trust}"), VectorFiles.Read("evidence/chain.json"))).ToList();
        foreach (var (answers, lacking) in new[]
        {
            (await OtherVerifiers.RunPythonAsync(cases), (string[])[SignatureAlgorithms.Sm2, EvidenceVectors.Timestamps]),
            (await OtherVerifiers.RunBrowserAsync(cases), [SignatureAlgorithms.ES256K, SignatureAlgorithms.Sm2, EvidenceVectors.Timestamps]),
        })
        {
            foreach (var (vector, answer) in vectors.Zip(answers))
            {
                foreach (var check in vector.Without.Where(w => lacking.Contains(w.Key)).SelectMany(static w => w.Value))
                {
                    Assert.Contains($"{check.Check} {check.Subject} could-not-check {check.Code}", answer.Lines);
                }
                Assert.True(
                    vector.Name.StartsWith("bad-device-cose-", StringComparison.Ordinal)
                    || !answer.Lines.Any(static line => line.Contains(" failed ", StringComparison.Ordinal) && !line.StartsWith("timestamp ", StringComparison.Ordinal)),
                    vector.Name);
            }
        }
    }

    [Fact]
    public void Page_ListsTheTable()
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Forgeries

            Each of these {Forgeries.All.Count} forgeries is made by the tests from a good bundle, or by a log whose operator lies, and is shown to the three verifiers that share no code: the one of
            this product (C#), the one in the browser (JavaScript), and `tests/verifier/verify.py` (Python). Each refuses it by the check and with the code in the table; what rests on the forged part
            answers "could not check", and every other check answers as if nothing had happened. Algorithms that a verifier lacks (in the browser ES256K, SM2 and timestamps; in Python SM2 and
            timestamps) it calls "could not check". The codes are explained in [evidence-format.md](evidence-format.md), section 11.

            This page is written by the tests: run them once with `TRUSTCHAIN_WRITE_VECTORS=1` after a change to the table.

            | forgery | what is forged | check | code |
            |---|---|---|---|

            """);
        foreach (var forgery in Forgeries.All)
        {
            var found = forgery.Checks.Where(static c => c.Outcome == Outcome.Failed).ToList();
            page.Append(
                CultureInfo.InvariantCulture,
                $"| `{forgery.Name}` | {forgery.What} | {string.Join(", ", found.Select(static f => $"`{f.Check}`").Distinct())} | {string.Join(", ", found.Select(static f => $"`{f.Code}`").Distinct())} |\n");
        }
        VectorFiles.Check("../../docs/forgeries.md", Encoding.UTF8.GetBytes(page.ToString().ReplaceLineEndings("\n")));
    }

    internal static VerificationReport Verify(byte[] bundle, byte[] trustFile, byte[] chain)
    {
        Assert.True(TrustFile.TryParse(trustFile, out var trust, out var error), error);
        var observation = EvidenceBundle.TryParse(bundle, out var read, out _) ? RecordedChain.Read(chain).Observe(read) : null;
        return EvidenceVerifier.Verify(bundle, trust, observation);
    }

    internal static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Passed => "passed",
        Outcome.Failed => "failed",
        _ => "could-not-check",
    };

    private static string Verdict(IEnumerable<ExpectedCheck> checks)
    {
        var outcomes = checks.Select(static c => c.Outcome).ToHashSet();
        return Word(outcomes.Contains(Outcome.Failed) ? Outcome.Failed : outcomes.Contains(Outcome.CouldNotCheck) ? Outcome.CouldNotCheck : Outcome.Passed);
    }

    private static string Line(ExpectedCheck c) => $"{c.Check} {c.Subject} {Word(c.Outcome)} {c.Code}".TrimEnd();

    private static string Line(Check c) => $"{c.Name} {c.Subject} {Word(c.Outcome)} {c.Code}".TrimEnd();

    private static IEnumerable<ExpectedCheck> Adapt(Forgery forgery, params IEnumerable<string> lacking)
    {
        var instead = lacking.SelectMany(algorithm => forgery.Without.GetValueOrDefault(algorithm, [])).ToList();
        return forgery.Checks.Select(c => instead.Find(other => (other.Check, other.Subject) == (c.Check, c.Subject)) ?? c);
    }

    private static List<string> Compare(IReadOnlyList<OtherAnswers> answers, params IReadOnlyList<string> lacking)
    {
        var differences = new List<string>();
        foreach (var (forgery, answer) in Forgeries.All.Zip(answers))
        {
            // Neither recomputes event hashes: where there is a hash it says so; elsewhere it may know less about whether there is one.
            var expected = Adapt(forgery, lacking).Select(static c => c.Check != CheckNames.EventHash || c.Outcome == Outcome.CouldNotCheck
                ? Line(c)
                : $"{c.Check} {c.Subject} could-not-check algorithm-not-available").ToList();
            var actual = answer.Lines.Select((line, i) =>
                i < expected.Count && line.StartsWith("eventHash ", StringComparison.Ordinal) && expected[i].EndsWith(" depends-on-failed-check", StringComparison.Ordinal)
                    ? line.Replace("algorithm-not-available", "depends-on-failed-check", StringComparison.Ordinal)
                    : line).ToList();
            Compare(forgery, expected, actual, differences);
        }
        return differences;
    }

    private static void Compare(Forgery forgery, List<string> expected, List<string> actual, List<string> differences)
    {
        if (!expected.SequenceEqual(actual))
        {
            differences.Add($"{forgery.Name}: expected {string.Join("; ", expected.Except(actual))}, got {string.Join("; ", actual.Except(expected))}");
        }
    }

    [GeneratedRegex(@"^\| `([a-z-]+)` \| ([A-Za-z, ]+) \| failed", RegexOptions.Multiline)]
    private static partial Regex FailingCode();
}
