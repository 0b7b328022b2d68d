using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace TrustChain.Cli.Gateway;

/// <summary>
/// One device's connection: MQTT 5 as far as a device needs it that only publishes. No session outlives its connection, nothing can be subscribed to, and a statement is acknowledged
/// when the server has it, in the order in which they came (section 4.6). What is not offered is said in CONNACK, and refused with the standard's reason codes. One half reads, the other
/// acknowledges; whichever fails ends both.
/// </summary>
internal sealed class MqttSession(
    ConnectionContext connection, Sender sender, StatementRelay relay, string topic, SemaphoreSlim large, Action<string> log, CancellationToken stopping)
{
    /// <summary>Statements that a device may have under way.</summary>
    public const byte ReceiveMaximum = 16;

    /// <summary>From the connection to a whole CONNECT, and for the handshake before it.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    private const int MaxReason = 500; // characters of a reason string
    private const ushort LongestKeepAlive = 600; // seconds
    private const int FlagsOfConnect = 7; // place of CONNECT's flags in its body
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FaultPatience = TimeSpan.FromSeconds(5); // for what is under way when the gateway ends a connection

    /// <summary>MQTT 3.1.1's "unacceptable protocol version", which older clients understand.</summary>
    private static readonly byte[] OldRefusal = [0x20, 0x02, 0x00, 0x01];

    private readonly MqttPackets _packets = new(connection.Transport.Input, sender.Large, large);
    private readonly MqttPacketFormatterAdapter _codec = new(MqttProtocolVersion.V500, new MqttBufferWriter(1024, MqttPackets.SmallBytes));
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Channel<(ushort Id, Task<RelayAnswer> Answer)> _answers = Channel.CreateBounded<(ushort, Task<RelayAnswer>)>(ReceiveMaximum);
    private int _underWay;
    private ConnectProperties _device = new(true, null);

    /// <summary>Serves the connection to its end, whoever ends it.</summary>
    public async Task RunAsync()
    {
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
            using var reading = CancellationTokenSource.CreateLinkedTokenSource(both.Token, stopping);
            if (await ConnectAsync(reading.Token) is not { } keepAlive)
            {
                return;
            }
            var answering = AnswerAsync(both);
            MqttFaultException? fault;
            try
            {
                fault = await ReadAllAsync(keepAlive, reading.Token);
            }
            finally
            {
                _answers.Writer.TryComplete();
            }
            if (fault is not null)
            {
                both.CancelAfter(FaultPatience);
            }
            await answering;
            if (fault is not null)
            {
                await WriteAsync(new MqttDisconnectPacket { ReasonCode = fault.Code, ReasonString = fault.Message });
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The device went away. What it has no acknowledgement for it sends again.
        }
        catch (Exception exception)
        {
            log($"a connection ended: {exception}"); // It must not take others with it, and somebody has to see it.
        }
        finally
        {
            _answers.Writer.TryComplete();
            await connection.Transport.Output.CompleteAsync();
        }
    }

    /// <summary>The first packet and its answer.</summary>
    /// <returns>How long the device may say nothing; null when it was refused.</returns>
    private async Task<TimeSpan?> ConnectAsync(CancellationToken cancellationToken)
    {
        ReceivedMqttPacket first;
        try
        {
            if (await _packets.ReadAsync(ConnectPatience, isFirst: true, cancellationToken) is not (var received, var place))
            {
                return null;
            }
            place?.Dispose();
            first = received;
        }
        catch (MqttFaultException)
        {
            return null; // Section 4.8: before CONNECT there is nobody to tell.
        }
        if (!IsConnect(first, out var version))
        {
            return null;
        }
        if (version != 5)
        {
            await WriteAsync(OldRefusal);
            return null;
        }
        MqttConnectPacket connect;
        try
        {
            connect = (MqttConnectPacket)Decode(first);
            _device = ConnectProperties.Read(first.Body);
        }
        catch (Exception exception) when (exception is MqttFaultException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            await WriteAsync(new MqttConnAckPacket { ReasonCode = MqttConnectReasonCode.MalformedPacket });
            return null;
        }
        if (Refuse(connect, first.Body) is { } reason)
        {
            await WriteAsync(new MqttConnAckPacket { ReasonCode = reason });
            return null;
        }
        var keepAlive = connect.KeepAlivePeriod is 0 or > LongestKeepAlive ? LongestKeepAlive : connect.KeepAlivePeriod;
        var answer = ConnectAnswer.Write(keepAlive, string.IsNullOrEmpty(connect.ClientId) ? string.Create(CultureInfo.InvariantCulture, $"device-{Guid.NewGuid():N}") : null);
        if (answer.Length > _device.MaximumPacketSize)
        {
            return null; // Section 3.1.2.11.4: it must not be sent, and the device cannot do without it.
        }
        await WriteAsync(answer);
        return TimeSpan.FromSeconds(keepAlive * 1.5);
    }

    /// <summary>Why a device is not let in. A last will is let pass: it would go to those who subscribe, and nobody can.</summary>
    private MqttConnectReasonCode? Refuse(MqttConnectPacket connect, ReadOnlySpan<byte> body) =>
        (body[FlagsOfConnect] & 1) != 0 ? MqttConnectReasonCode.MalformedPacket
        : _device.MaximumPacketSize == 0 ? MqttConnectReasonCode.ProtocolError
        : !string.IsNullOrEmpty(connect.AuthenticationMethod) ? MqttConnectReasonCode.BadAuthenticationMethod
        : connect.WillFlag && connect.WillRetain ? MqttConnectReasonCode.RetainNotSupported
        : connect.WillFlag && connect.WillQoS == MqttQualityOfServiceLevel.ExactlyOnce ? MqttConnectReasonCode.QoSNotSupported
        : null;

    /// <summary>Takes packets until the device says goodbye or leaves.</summary>
    /// <returns>What the gateway ended it for, if it did.</returns>
    private async Task<MqttFaultException?> ReadAllAsync(TimeSpan keepAlive, CancellationToken cancellationToken)
    {
        try
        {
            while (await _packets.ReadAsync(keepAlive, isFirst: false, cancellationToken) is var (received, place))
            {
                if (!await TakeAsync(Decode(received, place), place, cancellationToken))
                {
                    return null;
                }
            }
            return null;
        }
        catch (MqttFaultException exception)
        {
            return exception;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !connection.ConnectionClosed.IsCancellationRequested)
        {
            return new MqttFaultException(MqttDisconnectReasonCode.ServerShuttingDown, "The gateway stops.");
        }
    }

    /// <returns>False after the device's goodbye.</returns>
    private async Task<bool> TakeAsync(MqttPacket packet, LargePlace? place, CancellationToken cancellationToken)
    {
        switch (packet)
        {
            case MqttPublishPacket publish:
                await PublishAsync(publish, place, cancellationToken);
                return true;
            case MqttPingReqPacket:
                await WriteAsync(MqttPingRespPacket.Instance);
                return true;
            case MqttSubscribePacket { PacketIdentifier: > 0, TopicFilters.Count: > 0 } subscribe:
                await WriteAsync(new MqttSubAckPacket
                {
                    PacketIdentifier = subscribe.PacketIdentifier,
                    ReasonCodes = [.. subscribe.TopicFilters.Select(static _ => MqttSubscribeReasonCode.NotAuthorized)],
                });
                return true;
            case MqttUnsubscribePacket { PacketIdentifier: > 0, TopicFilters.Count: > 0 } unsubscribe:
                await WriteAsync(new MqttUnsubAckPacket
                {
                    PacketIdentifier = unsubscribe.PacketIdentifier,
                    ReasonCodes = [.. unsubscribe.TopicFilters.Select(static _ => MqttUnsubscribeReasonCode.NoSubscriptionExisted)],
                });
                return true;
            case MqttDisconnectPacket:
                return false;
            default:
                throw new MqttFaultException(MqttDisconnectReasonCode.ProtocolError, "Such a packet has no place here.");
        }
    }

    private async Task PublishAsync(MqttPublishPacket publish, LargePlace? place, CancellationToken cancellationToken)
    {
        using var held = new Held(place);
        if (publish.QualityOfServiceLevel > MqttQualityOfServiceLevel.AtLeastOnce)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.QoSNotSupported, "Quality of service is 0 or 1.");
        }
        if (publish.Retain)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.RetainNotSupported, "Nothing is retained.");
        }
        if (publish.TopicAlias > 0)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.TopicAliasInvalid, "There are no topic aliases.");
        }
        var isAcknowledged = publish.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtLeastOnce;
        if ((isAcknowledged && publish.PacketIdentifier == 0) || string.IsNullOrEmpty(publish.Topic))
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.ProtocolError, "A message has a topic, and its packet identifier is not 0.");
        }
        if (isAcknowledged && Interlocked.Increment(ref _underWay) > ReceiveMaximum)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.ReceiveMaximumExceeded, $"At most {ReceiveMaximum} statements may be under way.");
        }
        var answer = publish.Topic != topic ? Answered(RelayOutcome.Refused, 404, $"Statements go to the topic {topic}.")
            : !sender.TryPublish(publish.Payload.Length) ? Answered(RelayOutcome.Later, 429, "Too many statements at once from this address.")
            : StatementRelay.Read(publish.Payload) is { } statement ? held.Until(await relay.AddAsync(statement, cancellationToken))
            : Answered(RelayOutcome.Refused, 400, "The message must be one telemetry statement: a compact JWS or a COSE_Sign1, within the size allowed.");
        await _answers.Writer.WriteAsync((isAcknowledged ? publish.PacketIdentifier : (ushort)0, answer), cancellationToken);

        static Task<RelayAnswer> Answered(RelayOutcome outcome, int status, string why) => Task.FromResult(new RelayAnswer(outcome, status, why));
    }

    /// <summary>A large packet's place, given back here or, when its statement is on the way, with the answer.</summary>
    private sealed class Held(LargePlace? place) : IDisposable
    {
        private LargePlace? _place = place;

        public Task<RelayAnswer> Until(Task<RelayAnswer> answer)
        {
            if (Interlocked.Exchange(ref _place, null) is { } kept)
            {
                _ = answer.ContinueWith(_ => kept.Dispose(), TaskScheduler.Default);
            }
            return answer;
        }

        public void Dispose() => _place?.Dispose();
    }

    /// <summary>Acknowledges in order.</summary>
    private async Task AnswerAsync(CancellationTokenSource both)
    {
        try
        {
            await foreach (var (id, task) in _answers.Reader.ReadAllAsync(both.Token))
            {
                var answer = await task.WaitAsync(both.Token);
                if (id != 0)
                {
                    Interlocked.Decrement(ref _underWay); // before it is written: the device may send the next as soon as it has this
                    await WriteAsync(ToPubAck(id, answer));
                }
            }
        }
        catch
        {
            await both.CancelAsync();
            throw;
        }
    }

    private MqttPubAckPacket ToPubAck(ushort id, RelayAnswer answer)
    {
        var packet = new MqttPubAckPacket
        {
            PacketIdentifier = id,
            ReasonCode = answer switch
            {
                { Outcome: RelayOutcome.Taken } => MqttPubAckReasonCode.Success,
                { Outcome: RelayOutcome.Later, Status: 429 } => MqttPubAckReasonCode.QuotaExceeded,
                { Outcome: RelayOutcome.Later } => MqttPubAckReasonCode.ImplementationSpecificError,
                { Status: 403 } => MqttPubAckReasonCode.NotAuthorized,
                { Status: 404 } => MqttPubAckReasonCode.TopicNameInvalid,
                { Status: 400 or 413 } => MqttPubAckReasonCode.PayloadFormatInvalid,
                _ => MqttPubAckReasonCode.UnspecifiedError,
            },
        };
        if (!_device.WantsReasons) // Section 3.1.2.11.7.
        {
            return packet;
        }
        if (answer.Outcome == RelayOutcome.Taken)
        {
            packet.UserProperties = [new MqttUserProperty("receipt", Encoding.UTF8.GetBytes(answer.Text).AsMemory())];
        }
        else
        {
            packet.ReasonString = string.Concat(answer.Text.Take(MaxReason).Where(static c => !char.IsControl(c) && !char.IsSurrogate(c)));
        }
        return packet;
    }

    private Task WriteAsync(MqttPacket packet) => WriteAsync(() => Encode(packet));

    private Task WriteAsync(byte[] bytes) => WriteAsync(() => bytes);

    /// <summary>The bytes of a packet. Reasons and properties are left out where the device could not take them (sections 3.4.2.2.2 and 3), and then the packet itself (3.1.2.11.4).</summary>
    private ArraySegment<byte> Encode(MqttPacket packet)
    {
        var encoded = _codec.Encode(packet);
        if (!(encoded.Length > _device.MaximumPacketSize))
        {
            return encoded.Packet;
        }
        switch (packet)
        {
            case MqttPubAckPacket acknowledgement:
                (acknowledgement.ReasonString, acknowledgement.UserProperties) = (null, null);
                break;
            case MqttDisconnectPacket goodbye:
                goodbye.ReasonString = null;
                break;
        }
        encoded = _codec.Encode(packet);
        return encoded.Length > _device.MaximumPacketSize ? [] : encoded.Packet;
    }

    /// <summary>Writes one packet at a time, since answers and acknowledgements come from two sides.</summary>
    private async Task WriteAsync(Func<ArraySegment<byte>> encode)
    {
        await _writing.WaitAsync();
        try
        {
            using var time = new CancellationTokenSource(WritePatience);
            await connection.Transport.Output.WriteAsync(encode(), time.Token);
            _codec.Cleanup();
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("The device does not read."));
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>What the codec makes of a packet; its place is given back where that is nothing or no message.</summary>
    /// <exception cref="MqttFaultException">It is no packet.</exception>
    private MqttPacket Decode(ReceivedMqttPacket received, LargePlace? place = null)
    {
        try
        {
            return _codec.Decode(received);
        }
        catch (Exception exception)
        {
            // Bytes of a stranger: the codec says in several ways that they are no packet.
            place?.Dispose();
            throw new MqttFaultException(MqttDisconnectReasonCode.MalformedPacket, exception is MQTTnet.Exceptions.MqttProtocolViolationException ? exception.Message : "The packet is malformed.");
        }
    }

    /// <summary>Whether it is CONNECT of any version (sections 3.1.1 and 3.1.2.1).</summary>
    private static bool IsConnect(ReceivedMqttPacket packet, out int version)
    {
        var body = packet.Body.AsSpan();
        version = 0;
        if (packet.FixedHeader != 0x10)
        {
            return false;
        }
        var name = body.StartsWith("\0\u0004MQTT"u8) ? 6 : body.StartsWith("\0\u0006MQIsdp"u8) ? 8 : -1;
        if (name < 0 || body.Length <= name)
        {
            return false;
        }
        version = body[name];
        return true;
    }
}
