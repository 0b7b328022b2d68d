using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Verification;

/// <summary>The evidence of a device's period: a file of lines, read one at a time.</summary>
internal sealed class DeviceEvidenceFile : IAsyncDisposable
{
    private const int MaxLine = EvidenceBundle.MaxBytes + 1;
    private const int MaxHeader = 1 << 20;

    private readonly PipeReader _reader;

    private DeviceEvidenceFile(PipeReader reader, DeviceEvidenceHeader header, DeviceTemplate template) => (_reader, Header, Template) = (reader, header, template);

    public DeviceEvidenceHeader Header { get; }

    public DeviceTemplate Template { get; }

    /// <summary>Opens a file; null when it is no evidence of a device but, perhaps, a bundle.</summary>
    /// <exception cref="CliException">It begins like one and is malformed.</exception>
    public static async Task<DeviceEvidenceFile?> OpenAsync(Shell shell, string name, CancellationToken cancellationToken)
    {
        var path = name;
        if (name == "-" || !File.Exists(path) || !await BeginsLikeOneAsync(path, cancellationToken))
        {
            return null;
        }
        var reader = PipeReader.Create(File.OpenRead(path));
        var line = await ReadLineAsync(reader, MaxHeader, cancellationToken);
        if (line is null || !DeviceEvidenceHeader.TryParse(line, out var header, out var error))
        {
            await reader.CompleteAsync();
            throw new CliException($"{name}: the header is malformed or too long.");
        }
        if (!DeviceTemplate.TryParse(header.Template, out var template, out error))
        {
            await reader.CompleteAsync();
            throw new CliException($"{name}: the template in the header: {error}");
        }
        return new DeviceEvidenceFile(reader, header, template);
    }

    /// <summary>The lines after the header.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadLineAsync(_reader, MaxLine, cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Whether a line is the service's summary.</summary>
    public static bool IsSummary(ReadOnlySpan<byte> line) => line.StartsWith(Encoding.ASCII.GetBytes($$"""{"type":"{{DeviceSummary.Type}}","v":1,"""));

    public ValueTask DisposeAsync() => _reader.CompleteAsync();

    private static async Task<bool> BeginsLikeOneAsync(string path, CancellationToken cancellationToken)
    {
        var start = new byte[64];
        await using var file = File.OpenRead(path);
        var read = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        return start.AsSpan(0, read).StartsWith(Encoding.ASCII.GetBytes($$"""{"type":"{{DeviceEvidenceHeader.Type}}","v":"""));
    }

    /// <summary>The next line without its end; null after the last.</summary>
    private static async Task<byte[]?> ReadLineAsync(PipeReader reader, int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (System.Buffers.BuffersExtensions.PositionOf(buffer, (byte)'\n') is { } end)
            {
                var line = System.Buffers.BuffersExtensions.ToArray(buffer.Slice(0, end));
                reader.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }
            if (buffer.Length > max)
            {
                throw new CliException($"A line of the file is longer than {max} bytes.");
            }
            if (read.IsCompleted)
            {
                var last = System.Buffers.BuffersExtensions.ToArray(buffer);
                reader.AdvanceTo(buffer.End);
                return last.Length == 0 ? null : last;
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
