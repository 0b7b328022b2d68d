using System.Buffers;
using System.IO.Pipelines;
using MQTTnet.Adapter;
using MQTTnet.Protocol;

namespace TrustChain.Cli.Gateway;

/// <summary>What ends a connection, with the reason code of MQTT 5 section 3.14.2.1.</summary>
internal sealed class MqttFaultException(MqttDisconnectReasonCode code, string message) : Exception(message)
{
    /// <summary>The reason code.</summary>
    public MqttDisconnectReasonCode Code { get; } = code;
}

/// <summary>Cuts what a connection sends into packets (MQTT 5 section 2.1), with limits of size and time.</summary>
/// <param name="input">What the device sends.</param>
/// <param name="own">Places for large packets of its sender.</param>
/// <param name="all">Places for large packets of all senders.</param>
internal sealed class MqttPackets(PipeReader input, SemaphoreSlim own, SemaphoreSlim all)
{
    /// <summary>Longest packet: the longest statement, and its topic and properties.</summary>
    public const int MaxBytes = Core.Signing.Statement.MaxBytes + 4096;

    /// <summary>A longer packet needs a place, and has to be PUBLISH.</summary>
    public const int SmallBytes = 64 << 10;

    private const int MaxLengthBytes = 4;
    private const int PublishType = 3;

    /// <summary>From its first byte to its last.</summary>
    private static readonly TimeSpan PacketPatience = TimeSpan.FromSeconds(30);

    /// <summary>The next packet; null when the device has closed the connection.</summary>
    /// <param name="patience">How long its first byte may take; the first packet of a connection has to be whole by then.</param>
    /// <param name="isFirst">Whether it is the first.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The packet, and the place that a large one holds.</returns>
    /// <exception cref="MqttFaultException">It is malformed, too long, or takes too long.</exception>
    public async Task<(ReceivedMqttPacket Packet, LargePlace? Place)?> ReadAsync(TimeSpan patience, bool isFirst, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(patience);
        var hasBegun = isFirst;
        LargePlace? place = null;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(time.Token);
                var buffer = result.Buffer;
                if (!hasBegun && buffer.Length > 0)
                {
                    hasBegun = true;
                    time.CancelAfter(PacketPatience);
                }
                if (TryReadHeader(buffer, out var header))
                {
                    if (header.Length > SmallBytes && place is null)
                    {
                        place = await LargePlace.TakeAsync(own, all, time.Token);
                    }
                    if (buffer.Length >= header.Total)
                    {
                        var body = buffer.Slice(header.Bytes, header.Length).ToArray();
                        input.AdvanceTo(buffer.GetPosition(header.Total));
                        var held = place;
                        place = null; // The caller's now.
                        return (new ReceivedMqttPacket(header.First, body, header.Total), held);
                    }
                }
                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.KeepAliveTimeout, "Nothing, or no whole packet, came in time.");
        }
        finally
        {
            place?.Dispose();
        }
    }

    private readonly record struct Header(byte First, int Bytes, int Length)
    {
        public int Total => Bytes + Length;
    }

    /// <summary>The fixed header, if it is there whole: type and flags, then the length in 7 bits a byte.</summary>
    private static bool TryReadHeader(ReadOnlySequence<byte> buffer, out Header header)
    {
        header = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out var first))
        {
            return false;
        }
        if (!IsType(first))
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.MalformedPacket, "There is no packet of this type with these flags."); // TLS and HTTP come here.
        }
        var length = 0;
        for (var i = 0; i < MaxLengthBytes; i++)
        {
            if (!reader.TryRead(out var part))
            {
                return false;
            }
            length |= (part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                header = new Header(first, i + 2, length);
                return length <= (first >> 4 == PublishType ? MaxBytes : SmallBytes) ? true : throw new MqttFaultException(MqttDisconnectReasonCode.PacketTooLarge, "The packet is too long.");
            }
        }
        throw new MqttFaultException(MqttDisconnectReasonCode.MalformedPacket, "The length of a packet has at most four bytes.");
    }

    /// <summary>Whether the first byte is a type with the flags it may have (sections 2.1.2, 2.1.3 and 3.3.1).</summary>
    private static bool IsType(byte first) => (first >> 4) switch
    {
        0 => false,
        PublishType => (first & 0x06) != 0x06 && (first & 0x0E) != 0x08, // no quality of service 3, no repeat of quality 0
        6 or 8 or 10 => (first & 0x0F) == 2, // PUBREL, SUBSCRIBE, UNSUBSCRIBE
        _ => (first & 0x0F) == 0,
    };
}
