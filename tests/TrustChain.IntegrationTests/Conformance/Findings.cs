using System.Collections.Concurrent;
using System.Text.Json;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>What did not come back as it should, and every JSON answer, for the schema to judge at the end.</summary>
internal sealed class Findings : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<(string Document, string Check), string> _found = new();
    private readonly Lock _writing = new();
    private readonly StreamWriter _answers;

    public Findings()
    {
        AnswersPath = _folder.PathOf("answers.jsonl");
        _answers = new StreamWriter(AnswersPath);
    }

    /// <summary>One line per answer: <c>{"document":…,"schema":…,"answer":…}</c>.</summary>
    public string AnswersPath { get; }

    /// <summary>The first detail of every kind of finding.</summary>
    public IReadOnlyDictionary<(string Document, string Check), string> Found => _found;

    public void Add(string document, string check, string detail) => _found.TryAdd((document, check), detail);

    /// <param name="document">What was captured before.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="schema">The schema of the official OpenAPI document that it must meet; null: that of events.</param>
    public void KeepAnswer(string document, JsonElement answer, string? schema)
    {
        var line = JsonSerializer.Serialize(new { document, schema, answer });
        lock (_writing)
        {
            _answers.WriteLine(line);
        }
    }

    /// <summary>No more answers are kept.</summary>
    public void CompleteAnswers() => _answers.Dispose();

    public void Dispose()
    {
        _answers.Dispose();
        _folder.Dispose();
    }
}
