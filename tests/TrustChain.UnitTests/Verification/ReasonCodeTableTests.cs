using System.Reflection;
using System.Text.RegularExpressions;
using TrustChain.Core.Verification;
using TrustChain.Evm.Wire;

namespace TrustChain.UnitTests.Verification;

/// <summary>Holds <c>docs/evidence-format.md</c> and the code together.</summary>
public sealed partial class ReasonCodeTableTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(VectorFiles.Repository, "docs", "evidence-format.md"));

    [Fact]
    public void EveryReasonCode_StandsOnceInTheTable_AndTheTableHasNoOther()
    {
        var table = Page[Page.IndexOf("### Reason codes", StringComparison.Ordinal)..Page.IndexOf("### What a passed bundle", StringComparison.Ordinal)];
        Assert.Equal(Constants(typeof(ReasonCodes)), CodeRow().Matches(table).Select(static m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryCodeInTheTable_StandsInTheRulesToo()
    {
        var rules = Page[Page.IndexOf("### Order", StringComparison.Ordinal)..Page.IndexOf("### Reason codes", StringComparison.Ordinal)];
        Assert.DoesNotContain(Constants(typeof(ReasonCodes)), code => !rules.Contains($"`{code}`", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryCheckName_StandsInTheRules()
    {
        var rules = Page[Page.IndexOf("### Order", StringComparison.Ordinal)..Page.IndexOf("### Reason codes", StringComparison.Ordinal)];
        Assert.DoesNotContain(Constants(typeof(CheckNames)), name => !rules.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rootAt(uint64)")]
    [InlineData("originHash()")]
    [InlineData("latest()")]
    public void Selector_InThePage_IsTheContracts(string signature) =>
        Assert.Contains($"| `{signature}` | `0x{Convert.ToHexStringLower(AbiArguments.ComputeSelector(signature))}` |", Page, StringComparison.Ordinal);

    [Fact]
    public void CallData_InThePage_IsWhatTheContractReads() =>
        Assert.Contains($"`0x{Convert.ToHexStringLower(new AbiArguments().Add(43).ToCall("rootAt(uint64)"))}`", Page, StringComparison.Ordinal);

    [Theory]
    [InlineData("16,777,216 bytes", EvidenceBundle.MaxBytes, 16_777_216)]
    [InlineData("array of at most 1000 records", EvidenceBundle.MaxEntries, 1000)]
    [InlineData("n from 1 to 1000", Core.Signing.Statement.MaxEvents, 1000)]
    [InlineData("at most 65,533 bytes", Core.Log.LogEntry.MaxBody, 65_533)]
    [InlineData("at most 65,536 characters", Core.Log.SignedNote.MaxBytes, 65_536)]
    [InlineData("at most 4096 characters", Core.Signing.Jws.MaxHeaderChars, 4096)]
    public void Limit_InThePage_IsTheCodes(string text, int limit, int stated)
    {
        Assert.Contains(text, Page, StringComparison.Ordinal);
        Assert.Equal(stated, limit);
    }

    [Fact]
    public void WorkedExample_IsTheVector()
    {
        var record = EvidenceVectors.Tea.Single;
        var jcs = record.Record.ToJcs();
        var entry = Core.Log.LogEntry.ForEvent(record.Salt.ToArray(), jcs);
        Assert.Contains($"    {System.Text.Encoding.ASCII.GetString(jcs)}\n", Page, StringComparison.Ordinal);
        Assert.Contains(string.Join('\n', Convert.ToHexStringLower(jcs).Chunk(128).Select(static line => "    " + new string(line))), Page, StringComparison.Ordinal);
        Assert.Contains($"({jcs.Length} bytes, one line)", Page, StringComparison.Ordinal);
        Assert.Contains($"    salt   {record.Salt.ToHex()}\n    entry  {Convert.ToHexStringLower(entry)}\n    leaf   {record.Leaf.ToHex()}\n", Page, StringComparison.Ordinal);
        Assert.Contains(EvidenceVectors.Tea.Log.Verifier.Text, Page, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(static f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal);

    [GeneratedRegex("^\\| `([a-z-]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex CodeRow();
}
