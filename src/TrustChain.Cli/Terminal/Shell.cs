using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TrustChain.Cli.Terminal;

/// <summary>What a verb reads and writes: results on <see cref="Output"/>, everything else on <see cref="Error"/>.</summary>
internal sealed class Shell(TextWriter output, TextWriter error, Func<Stream> openInput)
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Results.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Errors, warnings, progress.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Whether results are to be JSON, one value a line.</summary>
    public bool Json { get; set; }

    /// <summary>The process's own streams, UTF-8 without byte order mark.</summary>
    public static Shell ForProcess()
    {
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var output = new StreamWriter(Console.OpenStandardOutput(), encoding) { AutoFlush = true, NewLine = "\n" };
        var error = new StreamWriter(Console.OpenStandardError(), encoding) { AutoFlush = true, NewLine = "\n" };
        return new Shell(output, error, Console.OpenStandardInput);
    }

    /// <summary>Standard input.</summary>
    public Stream OpenInput() => openInput();

    /// <summary>A line on standard error that does not change the exit code.</summary>
    public void Warn(string message) => Error.WriteLine($"trustchain: warning: {message}");

    /// <summary>Writes one JSON object on a line of its own.</summary>
    public void WriteJson(Action<Utf8JsonWriter> writeMembers)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonOptions))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }
        Output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
