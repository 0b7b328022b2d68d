namespace TrustChain.Core.Epcis;

/// <summary>
/// Reads EPCIS 2.0 in JSON or JSON-LD: an <c>EPCISDocument</c>, an <c>EPCISQueryDocument</c> or one event, as strictly as the official JSON schema
/// with formats asserted. Contexts given by URL are never fetched. No input makes it throw.
/// </summary>
public static class EpcisReader
{
    /// <summary>
    /// All events of the input with their hashes, or the faults. The events hold slices of <paramref name="utf8"/>, which must not
    /// change afterwards. Safe to call from several threads.
    /// </summary>
    /// <param name="utf8">The JSON text in UTF-8 without byte order mark.</param>
    /// <param name="options">Limits and choices.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive, or <see cref="EpcisReadOptions.MaxDepth"/> is above 1,000.</exception>
    public static EpcisReadResult Read(ReadOnlyMemory<byte> utf8, EpcisReadOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxEvents);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxEpcs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxValues);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxDepth, 1000);

        var faults = new FaultList();
        var warnings = new FaultList();
        using var tree = new JsonTree(utf8);
        using var buffer = new PreHashBuffer();
        var events = new List<EpcisEvent>();
        var kind = EpcisDocumentKind.Unknown;
        IReadOnlyList<VocabularyElement> masterData = [];
        if (JsonTreeReader.TryRead(utf8, options, faults, tree))
        {
            var document = new DocumentReader(tree, faults, options, new EventReader(tree, faults, warnings, options, buffer), events);
            kind = document.Read();
            masterData = document.MasterData;
        }
        return new EpcisReadResult
        {
            Kind = kind,
            Events = faults.Count == 0 ? events : [],
            MasterData = faults.Count == 0 ? masterData : [],
            Faults = faults.Faults,
            Warnings = warnings.Faults,
        };
    }

    // An event that was valid once is read again whatever the limits were then.
    private static readonly EpcisReadOptions Stored = new()
    {
        MaxDepth = 1000,
        MaxEpcs = int.MaxValue,
        MaxValues = int.MaxValue,
        CheckDigits = CheckDigitPolicy.Warn,
        AllowLongVocabulary = true,
    };

    /// <summary>The pre-hash string of one event that was read before.</summary>
    internal static string ComputePreHash(ReadOnlyMemory<byte> standalone)
    {
        using var tree = new JsonTree(standalone);
        using var buffer = new PreHashBuffer();
        ReadStored(standalone, tree, buffer);
        return buffer.ToString();
    }

    /// <summary>One event that was read before, into a tree that the caller keeps: its facts, the node of each <see cref="EventField"/>, and its prefixes.</summary>
    internal static (EpcisEvent Event, int[] Fields, PrefixScope Scope) ReadStored(ReadOnlyMemory<byte> standalone, JsonTree tree)
    {
        using var buffer = new PreHashBuffer();
        return ReadStored(standalone, tree, buffer);
    }

    private static (EpcisEvent Event, int[] Fields, PrefixScope Scope) ReadStored(ReadOnlyMemory<byte> standalone, JsonTree tree, PreHashBuffer buffer)
    {
        var faults = new FaultList();
        var reader = new EventReader(tree, faults, new FaultList(), Stored, buffer);
        return JsonTreeReader.TryRead(standalone, Stored, faults, tree) && reader.Read(0, PrefixScope.Standard, documentContext: -1) is { } read
            ? (read, reader.Fields, reader.Scope)
            : throw new InvalidOperationException($"An event that was valid is no longer: {faults.Faults[0]}");
    }
}
