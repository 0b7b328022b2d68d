using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrustChain.UnitTests.Verification;

/// <summary>A bundle to verify, with what the verifier is given beside it.</summary>
/// <param name="Bundle">The bundle.</param>
/// <param name="Trust">The trust file, or null.</param>
/// <param name="Chain">What a node would answer, in the form of <c>chain.json</c>, or null.</param>
internal sealed record VerifierCase(byte[] Bundle, byte[]? Trust, byte[]? Chain);

/// <summary>What a verifier answered: each check as "name subject outcome code".</summary>
/// <param name="Lines">All answers.</param>
/// <param name="Short">The verdict of the short verifier in Python; null for others.</param>
internal sealed record OtherAnswers(IReadOnlyList<string> Lines, string? Short);

/// <summary>
/// Runs the verifiers that share no code with ours: the one in <c>tests/verifier</c>, under python3 or, where there is none, under CPython compiled for Node.js, which
/// <c>npm ci</c> installs beside it; and that of the browser, under Node.js. Many cases run in one process.
/// </summary>
internal static class OtherVerifiers
{
    public static string Folder { get; } = Path.Combine(VectorFiles.Repository, "tests", "verifier");

    public static Task<IReadOnlyList<OtherAnswers>> RunPythonAsync(IReadOnlyList<VerifierCase> cases) => RunAsync(cases, static file => RunPythonAsync("run_cases.py", file));

    public static Task<IReadOnlyList<OtherAnswers>> RunBrowserAsync(IReadOnlyList<VerifierCase> cases) => RunAsync(cases, static file => RunNodeAsync("run-cases.mjs", file));

    public static async Task<(int ExitCode, string Output)> RunPythonAsync(string script, params string[] arguments)
    {
        var path = Path.Combine(Folder, script);
        if (Programs.FindOnPath("python3") is { } python)
        {
            return await RunAsync(python, ["-B", path, .. arguments]);
        }
        var node = Programs.FindOnPath("node");
        var npm = Programs.FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "The Python verifier needs python3 (3.9 or newer), or Node.js 20 with npm, on PATH; there is neither.");
        await Programs.InstallPackagesAsync(npm, Folder);
        return await RunAsync(node, [Path.Combine(Folder, "run-python.mjs"), path, .. arguments]);
    }

    /// <summary>Runs a script over the browser's verifier.</summary>
    public static Task<(int ExitCode, string Output)> RunNodeAsync(string script, params string[] arguments)
    {
        var node = Programs.FindOnPath("node");
        Assert.True(node is not null, "The browser's verifier needs Node.js 20 on PATH; there is none.");
        return RunAsync(node, [Path.Combine(Folder, script), Path.Combine(VectorFiles.Repository, "src", "TrustChain.Server", "wwwroot", "verify.js"), .. arguments]);
    }

    private static async Task<IReadOnlyList<OtherAnswers>> RunAsync(IReadOnlyList<VerifierCase> cases, Func<string, Task<(int ExitCode, string Output)>> run)
    {
        // Below the tests' folder: under Node.js, Python sees no other.
        var file = Path.Combine(AppContext.BaseDirectory, $"cases-{Guid.NewGuid():N}.jsonl");
        try
        {
            await File.WriteAllLinesAsync(file, cases.Select(ToLine), TestContext.Current.CancellationToken);
            var (exitCode, output) = await run(file);
            Assert.True(exitCode == 0, output);
            var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Read).ToList();
            Assert.Equal(cases.Count, answers.Count);
            return answers;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string ToLine(VerifierCase item) => new JsonObject
    {
        ["bundle"] = Convert.ToBase64String(item.Bundle),
        ["trust"] = item.Trust is null ? null : JsonNode.Parse(item.Trust),
        ["chain"] = item.Chain is null ? null : JsonNode.Parse(item.Chain),
    }.ToJsonString();

    private static OtherAnswers Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        return new OtherAnswers(
            [.. json.RootElement.GetProperty("answers").EnumerateArray().Select(static a => string.Join(' ', a.EnumerateArray().Select(static part => part.GetString())).TrimEnd())],
            json.RootElement.TryGetProperty("short", out var verdict) ? verdict.GetString() : null);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        var (exitCode, output, errors) = await Programs.RunAsync(program, arguments, Folder);
        return (exitCode, output + errors);
    }
}
