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
/// when the server has it, in the order in which they came (section 4.6). What is not offered is said in CONNACK, and refused with the standard's reason codes.
/// </summary>
internal sealed class MqttSession(ConnectionContext connection, StatementRelay relay, string topic, SemaphoreSlim large, CancellationToken stopping)
{
    /// <summary>Statements that a device may have under way.</summary>
    public const int ReceiveMaximum = 16;

    /// <summary>From the connection to CONNECT, and for the handshake before it.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    private const int MaxReason = 500; // characters of a reason string
    private const ushort LongestKeepAlive = 600; // seconds
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(30);

    /// <summary>MQTT 3.1.1's "unacceptable protocol version", which older clients understand.</summary>
    private static readonly byte[] OldRefusal = [0x20, 0x02, 0x00, 0x01];

    private readonly MqttPackets _packets = new(connection.Transport.Input, large);
    private readonly MqttPacketFormatterAdapter _codec = new(MqttProtocolVersion.V500, new MqttBufferWriter(1024, MqttPackets.SmallBytes));
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Channel<(ushort Id, Task<RelayAnswer> Answer)> _answers = Channel.CreateBounded<(ushort, Task<RelayAnswer>)>(ReceiveMaximum);
    private int _underWay;
    private uint _maximumPacketSize;
    private bool _wantsReasons;

    /// <summary>Serves the connection to its end, whoever ends it.</summary>
    public async Task RunAsync()
    {
        try
        {
            using var alive = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
            if (await ConnectAsync(alive.Token) is not { } keepAlive)
            {
                return;
            }
            var answering = AnswerAsync();
            var fault = await ReadAllAsync(keepAlive, alive.Token);
            _answers.Writer.Complete();
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
        ReceivedMqttPacket? first;
        try
        {
            first = await _packets.ReadAsync(ConnectPatience, cancellationToken);
        }
        catch (MqttFaultException)
        {
            return null; // Section 4.8: before CONNECT there is nobody to tell.
        }
        if (first is not { } received || !IsConnect(received, out var version))
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
            connect = (MqttConnectPacket)Decode(received);
            _wantsReasons = ConnectProperties.WantsReasons(received.Body);
        }
        catch (Exception exception) when (exception is MqttFaultException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            await WriteAsync(new MqttConnAckPacket { ReasonCode = MqttConnectReasonCode.MalformedPacket });
            return null;
        }
        if (Refuse(connect) is { } reason)
        {
            await WriteAsync(new MqttConnAckPacket { ReasonCode = reason });
            return null;
        }
        _maximumPacketSize = connect.MaximumPacketSize;
        var keepAlive = connect.KeepAlivePeriod is 0 or > LongestKeepAlive ? LongestKeepAlive : connect.KeepAlivePeriod;
        await WriteAsync(new MqttConnAckPacket
        {
            ReasonCode = MqttConnectReasonCode.Success,
            AssignedClientIdentifier = string.IsNullOrEmpty(connect.ClientId) ? string.Create(CultureInfo.InvariantCulture, $"device-{Guid.NewGuid():N}") : null,
            ServerKeepAlive = keepAlive,
            ReceiveMaximum = ReceiveMaximum,
            MaximumQoS = MqttQualityOfServiceLevel.AtLeastOnce,
            MaximumPacketSize = MqttPackets.MaxBytes,
            RetainAvailable = false,
            WildcardSubscriptionAvailable = false,
            SubscriptionIdentifiersAvailable = false,
            SharedSubscriptionAvailable = false,
        });
        return TimeSpan.FromSeconds(keepAlive * 1.5);
    }

    /// <summary>Why a device is not let in. A last will is let pass: it would go to those who subscribe, and nobody can.</summary>
    private static MqttConnectReasonCode? Refuse(MqttConnectPacket connect) =>
        !string.IsNullOrEmpty(connect.AuthenticationMethod) ? MqttConnectReasonCode.BadAuthenticationMethod
        : connect.WillFlag && connect.WillRetain ? MqttConnectReasonCode.RetainNotSupported
        : connect.WillFlag && connect.WillQoS == MqttQualityOfServiceLevel.ExactlyOnce ? MqttConnectReasonCode.QoSNotSupported
        : null;

    /// <summary>Takes packets until the device says goodbye or leaves.</summary>
    /// <returns>What the gateway ended it for, if it did.</returns>
    private async Task<MqttFaultException?> ReadAllAsync(TimeSpan keepAlive, CancellationToken cancellationToken)
    {
        try
        {
            while (await _packets.ReadAsync(keepAlive, cancellationToken) is { } received)
            {
                if (!await TakeAsync(Decode(received), cancellationToken))
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
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new MqttFaultException(MqttDisconnectReasonCode.ServerShuttingDown, "The gateway stops.");
        }
    }

    /// <returns>False after the device's goodbye.</returns>
    private async Task<bool> TakeAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        switch (packet)
        {
            case MqttPublishPacket publish:
                await PublishAsync(publish, cancellationToken);
                return true;
            case MqttPingReqPacket:
                await WriteAsync(MqttPingRespPacket.Instance);
                return true;
            case MqttSubscribePacket subscribe:
                await WriteAsync(new MqttSubAckPacket
                {
                    PacketIdentifier = subscribe.PacketIdentifier,
                    ReasonCodes = [.. subscribe.TopicFilters.Select(static _ => MqttSubscribeReasonCode.NotAuthorized)],
                });
                return true;
            case MqttUnsubscribePacket unsubscribe:
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

    private async Task PublishAsync(MqttPublishPacket publish, CancellationToken cancellationToken)
    {
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
        if (isAcknowledged && publish.PacketIdentifier == 0)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.ProtocolError, "A packet identifier is not 0.");
        }
        if (isAcknowledged && Interlocked.Increment(ref _underWay) > ReceiveMaximum)
        {
            throw new MqttFaultException(MqttDisconnectReasonCode.ReceiveMaximumExceeded, $"At most {ReceiveMaximum} statements may be under way.");
        }
        var answer = publish.Topic != topic ? Refused(404, $"Statements go to the topic {topic}.")
            : StatementRelay.Read(publish.Payload) is { } statement ? await relay.AddAsync(statement, cancellationToken)
            : Refused(400, "The message must be one telemetry statement, a compact JWS.");
        await _answers.Writer.WriteAsync((isAcknowledged ? publish.PacketIdentifier : (ushort)0, answer), cancellationToken);

        static Task<RelayAnswer> Refused(int status, string why) => Task.FromResult(new RelayAnswer(RelayOutcome.Refused, status, why));
    }

    /// <summary>Acknowledges in order.</summary>
    private async Task AnswerAsync()
    {
        await foreach (var (id, task) in _answers.Reader.ReadAllAsync())
        {
            var answer = await task;
            if (id != 0)
            {
                await WriteAsync(ToPubAck(id, answer));
                Interlocked.Decrement(ref _underWay);
            }
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
        if (!_wantsReasons) // Section 3.1.2.11.7.
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

    /// <summary>The bytes of a packet. Reasons and properties are left out where the device could not take them (sections 3.4.2.2.2 and 3).</summary>
    private ArraySegment<byte> Encode(MqttPacket packet)
    {
        var encoded = _codec.Encode(packet);
        if (_maximumPacketSize == 0 || encoded.Length <= _maximumPacketSize)
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
        return _codec.Encode(packet).Packet;
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

    /// <summary>What the codec makes of a packet.</summary>
    /// <exception cref="MqttFaultException">Nothing.</exception>
    private MqttPacket Decode(ReceivedMqttPacket received)
    {
        try
        {
            return _codec.Decode(received);
        }
        catch (Exception exception)
        {
            // Bytes of a stranger: the codec says in several ways that they are no packet.
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
