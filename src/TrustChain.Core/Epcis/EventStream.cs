using System.Buffers;
using System.Text.Json;

namespace TrustChain.Core.Epcis;

/// <summary>
/// Takes a large EPCIS document in JSON apart without holding it: once its envelope, which is the document with an empty event list, and once its
/// events, one after the other. Both are then read by <see cref="EpcisReader"/>, which knows the rules. Memory is bounded by one event and the envelope.
/// </summary>
public static class EventStream
{
    /// <summary>Largest envelope: everything but the events.</summary>
    public const int MaxEnvelopeBytes = 1 << 20;

    /// <summary>Largest event.</summary>
    public const int MaxEventBytes = 1 << 20;

    private static readonly string[][] EventLists = [["epcisBody", "eventList[]"], ["epcisBody", "queryResults", "resultsBody", "eventList[]"]];

    /// <summary>The document with empty event lists, or null and the fault.</summary>
    /// <param name="json">UTF-8 without byte order mark; read to its end.</param>
    /// <param name="maxDepth">Deepest nesting, as in <see cref="EpcisReadOptions.MaxDepth"/>.</param>
    /// <param name="fault">Why there is no envelope.</param>
    public static byte[]? ReadEnvelope(Stream json, int maxDepth, out EpcisFault? fault)
    {
        using var scanner = new Scanner(json, maxDepth);
        var envelope = new ArrayBufferWriter<byte>(4096);
        fault = scanner.Run(envelope, onEvent: null);
        return fault is null ? envelope.WrittenSpan.ToArray() : null;
    }

    /// <summary>The <c>@context</c> of an envelope without faults, as it stands there.</summary>
    public static ReadOnlyMemory<byte> ContextOf(ReadOnlyMemory<byte> envelope)
    {
        using var tree = new JsonTree(envelope);
        return JsonTreeReader.TryRead(envelope, new EpcisReadOptions { MaxDepth = 1000 }, new FaultList(), tree) && tree.Find(0, "@context"u8) is > 0 and var context
            ? tree.Raw(context)
            : "[]"u8.ToArray();
    }

    /// <summary>Calls back with the bytes of each event in order; the memory is only good during the call. Stops when the callback answers false.</summary>
    /// <returns>The fault that ended the reading; null at the end of the document and after a stop.</returns>
    /// <param name="json">UTF-8 without byte order mark.</param>
    /// <param name="maxDepth">Deepest nesting.</param>
    /// <param name="onEvent">Takes the event's position from 0 and its bytes.</param>
    public static EpcisFault? ReadEvents(Stream json, int maxDepth, Func<int, ReadOnlyMemory<byte>, bool> onEvent)
    {
        using var scanner = new Scanner(json, maxDepth);
        return scanner.Run(envelope: null, onEvent);
    }

    private sealed class Scanner(Stream input, int maxDepth) : IDisposable
    {
        private readonly List<string?> _path = [];
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
        private int _length;
        private bool _isLast;
        private bool _isUnicode = true;

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

        public EpcisFault? Run(ArrayBufferWriter<byte>? envelope, Func<int, ReadOnlyMemory<byte>, bool>? onEvent)
        {
            var state = new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth + 1 });
            var position = 0;
            string? name = null;
            try
            {
                Fill(0);
                while (true)
                {
                    var reader = new Utf8JsonReader(_buffer.AsSpan(0, _length), _isLast, state);
                    var copied = 0; // what lies before this has been dealt with
                    while (true)
                    {
                        var before = reader;
                        if (!reader.Read())
                        {
                            break;
                        }
                        if (IsInEventList && reader.TokenType != JsonTokenType.EndArray)
                        {
                            var start = (int)reader.TokenStartIndex;
                            if (!reader.TrySkip())
                            {
                                reader = before; // not all of the event is in the buffer yet
                                break;
                            }
                            if (onEvent is not null && !onEvent(position, _buffer.AsMemory(start, (int)reader.BytesConsumed - start)))
                            {
                                return null;
                            }
                            position++;
                        }
                        else
                        {
                            name = Follow(ref reader, name);
                            if (!_isUnicode)
                            {
                                return new EpcisFault("", EpcisRules.InvalidUnicode, "The name of a member is no Unicode.");
                            }
                            envelope?.Write(_buffer.AsSpan(copied, (int)reader.BytesConsumed - copied));
                            if (envelope?.WrittenCount > MaxEnvelopeBytes)
                            {
                                return new EpcisFault("", EpcisRules.TooManyValues, $"All but the events may have {MaxEnvelopeBytes} bytes.");
                            }
                        }
                        copied = (int)reader.BytesConsumed;
                    }
                    if (_isLast)
                    {
                        return null;
                    }
                    state = reader.CurrentState;
                    if (_length - (int)reader.BytesConsumed > MaxEventBytes)
                    {
                        return new EpcisFault("", EpcisRules.TooManyValues, $"event {position}: an event may have {MaxEventBytes} bytes.");
                    }
                    Fill((int)reader.BytesConsumed);
                }
            }
            catch (JsonException error)
            {
                // The one exception the reader has for malformed text.
                return new EpcisFault("", EpcisRules.MalformedJson, "The input is not one JSON text: it cannot go on like this here.") { Line = (int)(error.LineNumber ?? 0) + 1 };
            }
        }

        private bool IsInEventList
        {
            get
            {
                // The path has one entry per open object or array: the name under which it stands, and brackets after that of an array.
                foreach (var list in EventLists)
                {
                    if (_path.Count == list.Length + 1 && _path[0] is null && _path.Skip(1).SequenceEqual(list))
                    {
                        return true;
                    }
                }
                return false;
            }
        }

        /// <summary>Keeps the path of what is open; answers the name that a property token gives to the value after it.</summary>
        private string? Follow(ref Utf8JsonReader reader, string? name)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    return _path.Count <= 4 ? ReadName(ref reader) : "";
                case JsonTokenType.StartObject:
                    _path.Add(name);
                    return null;
                case JsonTokenType.StartArray:
                    _path.Add($"{name}[]");
                    return null;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _path.RemoveAt(_path.Count - 1);
                    return null;
                default:
                    return null;
            }
        }

        private string ReadName(ref Utf8JsonReader reader)
        {
            try
            {
                return reader.GetString() ?? "";
            }
            catch (InvalidOperationException)
            {
                _isUnicode = false; // The one reason the reader has: bytes or escapes that are no text.
                return "";
            }
        }

        private void Fill(int consumed)
        {
            _buffer.AsSpan(consumed, _length - consumed).CopyTo(_buffer);
            _length -= consumed;
            if (_length == _buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
                _buffer.AsSpan(0, _length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = larger;
            }
            var read = input.Read(_buffer.AsSpan(_length));
            _isLast = read == 0;
            _length += read;
        }
    }
}
