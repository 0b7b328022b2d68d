using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.Server.Capture;

/// <summary>One event of a staged document: read, or with its faults.</summary>
/// <param name="Position">From 0.</param>
/// <param name="Event">Null when there are faults.</param>
/// <param name="Faults">With places in the whole document.</param>
internal sealed record StagedEvent(int Position, EpcisEvent? Event, IReadOnlyList<EpcisFault> Faults);

/// <summary>
/// A document that lies in an upload. It is read as a stream, as often as needed: once for its envelope, then for its events in batches. What is held at
/// a time is three batches at most.
/// </summary>
internal sealed class StagedDocument(Func<Stream> open, bool isXml, EpcisReadOptions options)
{
    /// <summary>Most events of one document.</summary>
    public const int MaxEvents = 500_000;

    /// <summary>Most events of one statement.</summary>
    public const int BatchSize = 1000;

    private const int MaxBatchBytes = 4 << 20;

    private readonly EpcisReadOptions _options = options with { MaxEvents = MaxEvents, AllowLongVocabulary = isXml };
    private byte[] _start = [];
    private string _list = "";

    /// <summary>Checks what surrounds the events and takes the master data; to be called first.</summary>
    public (IReadOnlyList<VocabularyElement> MasterData, IReadOnlyList<EpcisFault> Faults) ReadEnvelope()
    {
        using var stream = open();
        return isXml ? ReadXmlEnvelope(stream) : ReadJsonEnvelope(stream);
    }

    /// <summary>The events in order, in batches. A fault of the document as a whole comes as the last event, with no event.</summary>
    public async IAsyncEnumerable<IReadOnlyList<StagedEvent>> ReadBatchesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The parsers are synchronous, so they have a thread of their own and stay one batch ahead.
        var batches = Channel.CreateBounded<IReadOnlyList<StagedEvent>>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Factory.StartNew(() => ReadInto(batches.Writer, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken))
            {
                yield return batch;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    private void ReadInto(ChannelWriter<IReadOnlyList<StagedEvent>> writer, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = open();
            var batch = new List<StagedEvent>(BatchSize);
            var bytes = 0;
            bool Add(StagedEvent staged)
            {
                batch.Add(staged);
                bytes += staged.Event?.Utf8.Length ?? 0;
                return (batch.Count < BatchSize && bytes < MaxBatchBytes) || Flush();
            }
            bool Flush()
            {
                var full = batch.ToArray();
                batch.Clear();
                bytes = 0;
                while (!writer.TryWrite(full))
                {
                    if (cancellationToken.IsCancellationRequested || !writer.WaitToWriteAsync(cancellationToken).AsTask().Wait(Timeout.Infinite, cancellationToken))
                    {
                        return false;
                    }
                }
                return true;
            }
            if (isXml)
            {
                ReadXml(stream, Add);
            }
            else
            {
                ReadJson(stream, Add);
            }
            if (batch.Count > 0)
            {
                Flush();
            }
            writer.TryComplete();
        }
        catch (OperationCanceledException)
        {
            writer.TryComplete(); // nobody reads any more
        }
        catch (Exception exception)
        {
            writer.TryComplete(exception); // thrown where the batches are read
        }
    }

    private (IReadOnlyList<VocabularyElement> MasterData, IReadOnlyList<EpcisFault> Faults) ReadJsonEnvelope(Stream stream)
    {
        if (EventStream.ReadEnvelope(stream, _options.MaxDepth, out var fault) is not { } envelope)
        {
            return ([], [fault!]); // Set when there is no envelope.
        }
        var read = EpcisReader.Read(envelope, _options);
        if (!read.IsValid || read.Kind == EpcisDocumentKind.Event)
        {
            return ([], read.Faults.Count > 0 ? read.Faults : [new EpcisFault("", EpcisRules.NotEpcis, "This is no document.")]);
        }
        var context = EventStream.ContextOf(envelope);
        _start = [.. "{\"@context\":"u8, .. context.Span, .. ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2000-01-01T00:00:00Z\",\"epcisBody\":{\"eventList\":["u8];
        _list = read.Kind == EpcisDocumentKind.QueryDocument ? "/epcisBody/queryResults/resultsBody/eventList" : "/epcisBody/eventList";
        return (read.MasterData, []);
    }

    private void ReadJson(Stream stream, Func<StagedEvent, bool> add)
    {
        var count = 0;
        var fault = EventStream.ReadEvents(stream, _options.MaxDepth, (position, bytes) =>
        {
            count = position + 1;
            if (position >= MaxEvents)
            {
                add(new StagedEvent(position, null, [new EpcisFault(_list, EpcisRules.TooManyEvents, $"The document has more than {MaxEvents} events.")]));
                return false;
            }
            // Each event is read in a document of its own with the context of the whole, so that the same rules hold and the faults are its own.
            byte[] document = [.. _start, .. bytes.Span, .. "]}}"u8];
            var read = EpcisReader.Read(document, _options);
            return add(read.IsValid
                ? new StagedEvent(position, read.Events[0], [])
                : new StagedEvent(position, null, [.. read.Faults.Select(f => f with { JsonPointer = Place(f.JsonPointer, position) })]));
        });
        if (fault is not null)
        {
            add(new StagedEvent(count, null, [fault]));
        }
    }

    private (IReadOnlyList<VocabularyElement> MasterData, IReadOnlyList<EpcisFault> Faults) ReadXmlEnvelope(Stream stream)
    {
        using var reader = EpcisXmlReader.Open(stream, _options);
        if (reader.ReadEnvelope() is not { } envelope)
        {
            return ([], reader.Faults);
        }
        if (envelope.VocabularyList.IsEmpty)
        {
            return ([], []);
        }
        byte[] document =
        [
            .. "{\"@context\":"u8, .. envelope.Context.Span,
            .. ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2000-01-01T00:00:00Z\",\"epcisHeader\":{\"epcisMasterData\":{\"vocabularyList\":"u8,
            .. envelope.VocabularyList.Span, .. "}},\"epcisBody\":{\"eventList\":[]}}"u8,
        ];
        var read = EpcisReader.Read(document, _options);
        return (read.MasterData, read.Faults);
    }

    private void ReadXml(Stream stream, Func<StagedEvent, bool> add)
    {
        using var reader = EpcisXmlReader.Open(stream, _options);
        var position = 0;
        while (reader.ReadEvent() is { } xml)
        {
            var read = xml.Faults.Count > 0 ? null : EpcisReader.Read(xml.Utf8, _options);
            var staged = read is { IsValid: true } ? new StagedEvent(position, read.Events[0], []) : new StagedEvent(position, null, read is null ? xml.Faults : [.. read.Faults.Select(xml.Locate)]);
            position++;
            if (!add(staged))
            {
                return;
            }
        }
        if (reader.Faults.Count > 0)
        {
            add(new StagedEvent(position, null, reader.Faults));
        }
    }

    private string Place(string pointer, int position)
    {
        const string Own = "/epcisBody/eventList/0";
        return pointer.StartsWith(Own, StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"{_list}/{position}{pointer.AsSpan(Own.Length)}") : pointer;
    }
}
