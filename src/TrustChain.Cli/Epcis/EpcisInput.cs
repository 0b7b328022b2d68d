using TrustChain.Cli.Terminal;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.Cli.Epcis;

/// <summary>
/// Reads EPCIS files as the verbs that hash and sign need them: identifiers with a wrong check digit are reported and let pass, because whether to
/// accept them is the receiver's choice, and old spellings of the vocabulary are allowed, because the event hash is the same.
/// </summary>
internal static class EpcisInput
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaxBytes = 256 << 20;

    private static readonly EpcisReadOptions Options = new()
    {
        MaxEvents = 1_000_000,
        MaxEpcs = 20_000_000,
        MaxValues = 50_000_000,
        MaxDepth = 128,
        CheckDigits = CheckDigitPolicy.Warn,
        AllowLongVocabulary = true,
    };

    /// <summary>The events of an input that is expected to be valid; null when it is not.</summary>
    public static IReadOnlyList<EpcisEvent>? TryRead(ReadOnlyMemory<byte> utf8) => EpcisReader.Read(utf8, Options) is { IsValid: true } result ? result.Events : null;

    /// <summary>Reads one file and writes its faults and warnings to standard error.</summary>
    /// <returns>The events; null when the file is not valid EPCIS.</returns>
    public static async Task<IReadOnlyList<EpcisEvent>?> ReadAsync(Shell shell, string file, CancellationToken cancellationToken) =>
        Read(shell, file, await InputFile.ReadAsync(shell, file, MaxBytes, cancellationToken));

    /// <summary>Reads the content of a file; see the other method.</summary>
    public static IReadOnlyList<EpcisEvent>? Read(Shell shell, string file, ReadOnlyMemory<byte> utf8)
    {
        utf8 = InputFile.WithoutByteOrderMark(utf8);
        if (utf8.Span.TrimStart(" \t\r\n"u8) is [(byte)'<', ..])
        {
            return ReadXml(shell, file, utf8);
        }
        var result = EpcisReader.Read(utf8, Options);
        foreach (var warning in result.Warnings)
        {
            shell.Error.WriteLine($"{InputFile.Name(file)}: warning: {warning}");
        }
        foreach (var fault in result.Faults)
        {
            shell.Error.WriteLine($"{InputFile.Name(file)}: {fault}");
        }
        return result.IsValid ? result.Events : null;
    }

    private static IReadOnlyList<EpcisEvent>? ReadXml(Shell shell, string file, ReadOnlyMemory<byte> xml)
    {
        var document = EpcisXmlReader.ReadDocument(xml, Options);
        var result = document.IsReadable ? EpcisReader.Read(document.Utf8, Options) : null;
        foreach (var warning in result?.Warnings ?? [])
        {
            shell.Error.WriteLine($"{InputFile.Name(file)}: warning: {document.Locate(warning)}");
        }
        foreach (var fault in result is null ? document.Faults : result.Faults)
        {
            shell.Error.WriteLine($"{InputFile.Name(file)}: {(result is null ? fault : document.Locate(fault))}");
        }
        return result is { IsValid: true } ? result.Events : null;
    }
}
