using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

public sealed class EvidenceVectorTests
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<TheoryDataRow<string>> Names() => EvidenceVectors.All.Select(static v => new TheoryDataRow<string>(v.Name));

    [Fact]
    public void CheckedInVectors_AreWhatTheBuilderMakes()
    {
        VectorFiles.Check("evidence/trust.json", [.. EvidenceVectors.Tea.Log.Trust.ToUtf8(), (byte)'\n']);
        VectorFiles.Check("evidence/trust-witnessed.json", [.. EvidenceVectors.WitnessedTrust.ToUtf8(), (byte)'\n']);
        VectorFiles.Check("evidence/trust-devices.json", [.. EvidenceVectors.Machines.Log.Trust.ToUtf8(), (byte)'\n']);
        LittleLog[] logs = [EvidenceVectors.Tea.Log, EvidenceVectors.Other.Log, EvidenceVectors.Machines.Log];
        VectorFiles.Check("evidence/chain.json", [.. RecordedChain.Record(EvidenceWorld.AnchoredSizes, logs), (byte)'\n']);
        foreach (var vector in EvidenceVectors.All)
        {
            VectorFiles.Check($"evidence/{vector.Name}.json", [.. vector.Bundle, (byte)'\n']);
        }
        VectorFiles.Check("evidence/expected.json", Encoding.UTF8.GetBytes($"{{\n{string.Join(",\n", EvidenceVectors.All.Select(Expected))}\n}}\n"));
    }

    [Theory, MemberData(nameof(Names))]
    public void Bundle_Verified_AnswersAsExpected(string name)
    {
        var chain = RecordedChain.Read(VectorFiles.Read("evidence/chain.json"));
        var file = VectorFiles.Read($"evidence/{name}.json");
        var observation = EvidenceBundle.TryParse(file, out var bundle, out _) ? chain.Observe(bundle) : null;
        using var document = JsonDocument.Parse(VectorFiles.Read("evidence/expected.json"));
        var expected = document.RootElement.GetProperty($"{name}.json");
        var trustFile = expected.TryGetProperty("trust", out var other) ? other.GetString() : EvidenceVector.PlainTrust;
        Assert.True(TrustFile.TryParse(VectorFiles.Read($"evidence/{trustFile}"), out var trust, out var error), error);

        var report = EvidenceVerifier.Verify(file, trust, observation);

        Assert.Equal(
            expected.GetProperty("checks").EnumerateArray().Select(static c => string.Join(' ', c.EnumerateArray().Select(static part => part.GetString()))),
            report.Checks.Select(static c => $"{c.Name} {c.Subject} {Word(c.Outcome)} {c.Code}"));
        Assert.Equal(expected.GetProperty("outcome").GetString(), Word(report.Outcome));
    }

    [Theory, MemberData(nameof(Names))]
    public void Bundle_ReadAndWritten_IsTheSameFile(string name)
    {
        var file = VectorFiles.Read($"evidence/{name}.json").AsSpan().TrimEnd((byte)'\n').ToArray();
        if (EvidenceBundle.TryParse(file, out var bundle, out _))
        {
            Assert.Equal(Encoding.UTF8.GetString(file), Encoding.UTF8.GetString(bundle.ToUtf8()));
        }
        else
        {
            Assert.Equal("bad-member", name);
        }
    }

    [Fact]
    public void EveryGoodVector_HasNoFailure_AndEveryBadOneHasExactlyOne()
    {
        foreach (var vector in EvidenceVectors.All)
        {
            Assert.Equal((vector.Name, vector.Name.StartsWith("bad-", StringComparison.Ordinal) ? 1 : 0), (vector.Name, vector.Checks.Count(static c => c.Outcome == Outcome.Failed)));
        }
    }

    /// <summary>A member of <c>expected.json</c>, one line for each check.</summary>
    private static string Expected(EvidenceVector vector)
    {
        var without = vector.Without.Select(static w => $"{Text(w.Key)}: [{string.Join(", ", w.Value.Select(Row))}]");
        var member = vector.Without.Count == 0 ? "" : $",\n    \"without\": {{{string.Join(", ", without)}}}";
        var trust = vector.Trust == EvidenceVector.PlainTrust ? "" : $"\n    \"trust\": {Text(vector.Trust)},";
        return $$"""
              {{Text($"{vector.Name}.json")}}: {
                "says": {{Text(vector.Says)}},{{trust}}
                "outcome": {{Text(Word(OutcomeOf(vector)))}},
                "checks": [
            {{string.Join(",\n", vector.Checks.Select(static c => "      " + Row(c)))}}
                ]{{member}}
              }
            """;

        static string Row(ExpectedCheck c) => Text(new[] { c.Check, c.Subject, Word(c.Outcome), c.Code ?? "" });

        static string Text<T>(T value) => JsonSerializer.Serialize(value, Plain);
    }

    private static Outcome OutcomeOf(EvidenceVector vector) => vector.Checks.Any(static c => c.Outcome == Outcome.Failed) ? Outcome.Failed
        : vector.Checks.Any(static c => c.Outcome == Outcome.CouldNotCheck) ? Outcome.CouldNotCheck
        : Outcome.Passed;

    private static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Passed => "passed",
        Outcome.Failed => "failed",
        _ => "could-not-check",
    };
}
