using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TrustChain.DeviceClient;

// All of a device's side of docs/devices.md, in the order in which one would port it: the key, the statement, the files, the sending, the life of the key.

/// <summary>A P-256 key that stays where it is: in a file, or in a token that signs by PKCS#11 (CKM_ECDSA_SHA256).</summary>
public interface IDeviceKey
{
    /// <summary>The public key as a JWK (RFC 7517) with at least <c>kty</c> EC, <c>crv</c> P-256, <c>x</c> and <c>y</c>.</summary>
    string PublicJwk { get; }

    /// <summary>ECDSA over SHA-256 of the data: R || S, 64 bytes.</summary>
    byte[] Sign(byte[] data);
}

/// <summary>A key in a file: PKCS#8 in PEM as written here, or a private JWK. Not safe for concurrent use.</summary>
public sealed class FileKey : IDeviceKey, IDisposable
{
    private readonly ECDsa _key;

    private FileKey(ECDsa key)
    {
        _key = key;
        var q = key.ExportParameters(false).Q;
        PublicJwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(q.X)}}","y":"{{Base64Url.EncodeToString(q.Y)}}"}""";
    }

    /// <inheritdoc/>
    public string PublicJwk { get; }

    /// <summary>Makes a key and stores it in a folder as <c>{kid}.pem</c>, readable for its owner alone (mode 600).</summary>
    public static FileKey Create(string folder)
    {
        var key = new FileKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        DurableFiles.Store(Path.Combine(folder, TelemetryFormat.Thumbprint(key.PublicJwk) + ".pem"), Encoding.ASCII.GetBytes(key._key.ExportPkcs8PrivateKeyPem() + "\n"));
        return key;
    }

    /// <summary>Reads a key.</summary>
    /// <exception cref="CryptographicException">The file holds no P-256 private key.</exception>
    public static FileKey Open(string file)
    {
        var text = File.ReadAllText(file).Trim();
        var key = ECDsa.Create();
        try
        {
            if (text.StartsWith('{'))
            {
                using var jwk = JsonDocument.Parse(text);
                byte[] Member(string name) => Base64Url.DecodeFromChars(jwk.RootElement.GetProperty(name).GetString());
                key.ImportParameters(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Member("d"), Q = new ECPoint { X = Member("x"), Y = Member("y") } });
            }
            else
            {
                key.ImportFromPem(text);
            }
            return key.KeySize == 256 && key.ExportParameters(true).Curve.Oid.Value is null or "1.2.840.10045.3.1.7"
                ? new FileKey(key) : throw new CryptographicException("The key is not on P-256.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CryptographicException($"{file} holds no P-256 private key: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(byte[] data) => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}

/// <summary>One measure at one moment; those of one moment become one reading. To be made by the methods below.</summary>
/// <param name="Time">When, kept to the millisecond.</param>
/// <param name="Type">The URI of what was measured, or a word of the standard such as <c>Angle</c>.</param>
/// <param name="Component">Which part of it, such as <c>latitude</c>.</param>
/// <param name="Member">The EPCIS member that has the value: <c>value</c>, <c>booleanValue</c> or <c>stringValue</c>.</param>
/// <param name="Value">The value as text.</param>
/// <param name="Unit">UN/ECE code (Recommendation 20); only with a number.</param>
public sealed record Measurement(DateTimeOffset Time, string Type, string? Component, string Member, string Value, string? Unit)
{
    /// <summary>A number. A <see cref="decimal"/> is never infinite nor no number, and is written as it is.</summary>
    public static Measurement Number(DateTimeOffset time, string type, decimal value, string unit, string? component = null) =>
        new(time, type, component, "value", value.ToString(CultureInfo.InvariantCulture), unit);

    /// <summary>Yes or no.</summary>
    public static Measurement Flag(DateTimeOffset time, string type, bool value, string? component = null) => new(time, type, component, "booleanValue", value ? "true" : "false", null);

    /// <summary>A text, for measures of which the template says so.</summary>
    public static Measurement Text(DateTimeOffset time, string type, string value, string? component = null) => new(time, type, component, "stringValue", value, null);
}

/// <summary>The formats, without files and network. Safe for concurrent use.</summary>
public static class TelemetryFormat
{
    /// <summary>Most readings in one statement.</summary>
    public const int MaxReadings = 1000;

    /// <summary>Largest event written here, in bytes: servers take statements of 1 MiB, which base64url fills with three quarters of that.</summary>
    public const int MaxEventBytes = 700_000;

    /// <summary>The bare EPCIS event of a statement.</summary>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="measurements">At least one, ascending in time, of one day in UTC.</param>
    /// <param name="encrypt">Makes a JWE of a measurement (docs/devices.md section 6); null, or the answer null, leaves the value as it is.</param>
    public static byte[] WriteEvent(string device, IReadOnlyList<Measurement> measurements, Func<Measurement, string?>? encrypt = null)
    {
        var readings = measurements.GroupBy(static m => Time(m.Time)).Select(reading =>
            $$"""{"sensorMetadata":{"time":"{{reading.Key}}"},"sensorReport":[{{string.Join(',', reading.Select(m => WriteReport(m, encrypt)))}}]}""");
        return Encoding.UTF8.GetBytes(
            $$"""{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"ObjectEvent","action":"OBSERVE","eventTime":"{{Time(measurements[^1].Time)}}","""
            + $"\"eventTimeZoneOffset\":\"+00:00\",\"epcList\":[{Quote(device)}],\"sensorElementList\":[{string.Join(',', readings)}]}}");
    }

    /// <summary>A telemetry statement: a compact JWS.</summary>
    /// <param name="key">A key of the device.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="sequence">Number under the key, from 1.</param>
    /// <param name="previous"><see cref="Digest"/> of the statement with the number before; null exactly for 1.</param>
    /// <param name="boot">How often the device has started, from 0.</param>
    /// <param name="clock">The device's time.</param>
    /// <param name="payload">What <see cref="WriteEvent"/> wrote.</param>
    public static string Sign(IDeviceKey key, string origin, string device, long sequence, string? previous, long boot, DateTimeOffset clock, ReadOnlySpan<byte> payload) =>
        SignJws(
            key, "telemetry+jws", origin, payload,
            $"\"boot\":\"{boot}\",\"clock\":\"{Time(clock)}\",\"device\":{Quote(device)},{(previous is null ? "" : $"\"prev\":\"{previous}\",")}\"seq\":\"{sequence}\",");

    /// <summary>SHA-256 of a statement in base64url.</summary>
    public static string Digest(string statement) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(statement)));

    /// <summary>Name of a key: its RFC 7638 thumbprint.</summary>
    public static string Thumbprint(string publicJwk) => Digest(RequiredMembers(publicJwk));

    /// <summary>The proof that a key is held (docs/devices.md section 3).</summary>
    /// <param name="key">The key that is to be admitted.</param>
    /// <param name="act"><c>enrol</c>, <c>rotate</c> or <c>replace</c>.</param>
    /// <param name="pseudonym">The device's.</param>
    /// <param name="origin">The log's.</param>
    public static string Prove(IDeviceKey key, string act, string pseudonym, string origin) =>
        SignJws(key, "device-key+jws", origin, Encoding.UTF8.GetBytes($$"""{"act":"{{act}}","device":"{{pseudonym}}","kid":"{{Thumbprint(key.PublicJwk)}}"}"""));

    /// <summary>The device's own step to its next key: a JWS by the key in force over the canonical payload of a device entry.</summary>
    public static string SignRotation(IDeviceKey key, IDeviceKey next, string pseudonym, string organisation, long previous, string origin) =>
        SignJws(key, "device+jws", origin, Encoding.UTF8.GetBytes(
            $$"""{"act":"rotate","device":"{{pseudonym}}","jwk":{{RequiredMembers(next.PublicJwk)}},"kid":"{{Thumbprint(next.PublicJwk)}}","organisation":{{Quote(organisation)}},"""
            + $"\"previous\":{previous},\"proof\":\"{Prove(next, "rotate", pseudonym, origin)}\",\"v\":1}}"));

    /// <summary>The required members of a P-256 key in the order of their names: what RFC 7638 hashes.</summary>
    internal static string RequiredMembers(string publicJwk)
    {
        using var jwk = JsonDocument.Parse(publicJwk);
        return $$"""{"crv":"P-256","kty":"EC","x":"{{jwk.RootElement.GetProperty("x").GetString()}}","y":"{{jwk.RootElement.GetProperty("y").GetString()}}"}""";
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A JSON string. The default encoder would write the plus sign of a typ as six characters.</summary>
    internal static string Quote(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    internal static string WriteReport(Measurement measurement, Func<Measurement, string?>? encrypt)
    {
        var (_, type, component, member, value, unit) = measurement;
        var content = encrypt?.Invoke(measurement) is { } encrypted ? $"\"stringValue\":{Quote(encrypted)}"
            : $"\"{member}\":{(member == "stringValue" ? Quote(value) : value)}{(unit is null ? "" : $",\"uom\":{Quote(unit)}")}";
        return $$"""{"type":{{Quote(type)}},{{(component is null ? "" : $"\"component\":{Quote(component)},")}}{{content}}}""";
    }

    private static string SignJws(IDeviceKey key, string type, string origin, ReadOnlySpan<byte> payload, string members = "")
    {
        var header = $$"""{"alg":"ES256","aud":{{Quote(origin)}},{{members}}"kid":"{{Thumbprint(key.PublicJwk)}}","typ":"{{type}}"}""";
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }
}

/// <summary>Settings of a <see cref="TelemetryDevice"/>.</summary>
public sealed record DeviceOptions
{
    /// <summary>Address of the service. Only https, and http to this machine, unless <see cref="AllowPlainHttp"/>.</summary>
    public required Uri Server { get; init; }

    /// <summary>Whether to speak http with other machines: everybody on the way then reads the claim code and what is measured.</summary>
    public bool AllowPlainHttp { get; init; }

    /// <summary>The key; null: a file in the folder, made at enrolment.</summary>
    public IDeviceKey? Key { get; init; }

    /// <summary>Names this start of the machine, such as <c>/proc/sys/kernel/random/boot_id</c>; null: each opening of the folder counts as a start.</summary>
    public string? BootId { get; init; }

    /// <summary>As in <see cref="TelemetryFormat.WriteEvent"/>; null: nothing is encrypted.</summary>
    public Func<Measurement, string?>? Encrypt { get; init; }

    /// <summary>Clock and timers.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Makes the connections; null: with the platform's certificates.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>For tests: is told each step on the disk before it is done.</summary>
    internal Action<string>? Step { get; init; }
}

/// <summary>What one pass over the unsent statements did.</summary>
/// <param name="Sent">Statements that the service has, each with its receipt in <c>receipts/</c>.</param>
/// <param name="Refused">Statements that it will never take, set aside in <c>refused/</c>.</param>
/// <param name="Left">Statements still to be sent.</param>
/// <param name="Wait">How long to wait before the next pass; zero when nothing is left.</param>
/// <param name="Reason">Why it ended before the end.</param>
public sealed record SendReport(int Sent, int Refused, int Left, TimeSpan Wait, string? Reason);

/// <summary>The service refused for good, or the folder does not allow what was asked.</summary>
public sealed class DeviceException(string message) : Exception(message);

/// <summary>
/// A device's folder: <c>state.json</c> (who it is, and the last number that was used), <c>out/</c> (statements to send), <c>receipts/</c> and <c>refused/</c>. A statement is on the
/// disk before its number counts as used, and its number before it is sent: whenever the power goes, no number is used for two contents. A copy of the folder that goes on by itself
/// breaks that, and shows as a fork. Beside one call that sends, one thread may collect and flush; nothing else may run at once. A second process is kept out.
/// </summary>
public sealed class TelemetryDevice : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestAskedWait = TimeSpan.FromHours(1);
    private readonly string _folder;
    private readonly DeviceOptions _options;
    private readonly FileStream _lock;
    private readonly HttpClient _http;
    private readonly List<Measurement> _pending = [];
    private FolderState _state;
    private IDeviceKey _key;
    private int _readings;
    private int _bytes;
    private int _failures;
    private bool _inDoubt;

    private TelemetryDevice(string folder, DeviceOptions options, FileStream folderLock, FolderState state, IDeviceKey key)
    {
        (_folder, _options, _lock, _state, _key) = (folder, options, folderLock, state, key);
        var handler = options.Handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !options.Server.IsLoopback };
        var address = new Uri(options.Server.AbsoluteUri.TrimEnd('/') + "/");
        _http = new HttpClient(handler, options.Handler is null) { BaseAddress = address, MaxResponseContentBufferSize = 4 << 20, Timeout = TimeSpan.FromMinutes(1) };
        if (options.Server.Scheme != "https" && !options.Server.IsLoopback && !options.AllowPlainHttp)
        {
            throw new DeviceException($"{options.Server} is not an https address.");
        }
    }

    /// <summary>The device's canonical URI.</summary>
    public string Device => _state.Device;

    /// <summary>Thumbprint of the key in force.</summary>
    public string Kid => _state.Kid;

    /// <summary>The last number that was used under the key.</summary>
    public long Sequence => _state.Sequence;

    /// <summary>Whether <see cref="RotateAsync"/> was interrupted, and has to be called again before anything is signed.</summary>
    public bool IsRotating => _state.NextKid is not null;

    /// <summary>Opens the folder of an enrolled device, finishes what was interrupted, and counts a start.</summary>
    /// <exception cref="DeviceException">It is no such folder, another process has it, or the key is another one.</exception>
    public static TelemetryDevice Open(string folder, DeviceOptions options)
    {
        var state = DurableFiles.ReadState(folder);
        if (state is not { Claim: null })
        {
            throw new DeviceException($"{folder} is not the folder of an enrolled device: claim it first.");
        }
        var device = new TelemetryDevice(folder, options, DurableFiles.Lock(folder), state, options.Key ?? FileKey.Open(Path.Combine(folder, state.Kid + ".pem")));
        try
        {
            device._state = state = DurableFiles.ReadState(folder)!; // Again, now that nobody else writes it.
            if (TelemetryFormat.Thumbprint(device._key.PublicJwk) != state.Kid)
            {
                throw new DeviceException($"The key in force is {state.Kid}, not the one given.");
            }
            // A statement that was stored, but not yet counted: its number is used all the same.
            for (var file = device.PathOf("out", state.Sequence + 1); File.Exists(file); file = device.PathOf("out", state.Sequence + 1))
            {
                state = state with { Sequence = state.Sequence + 1, Previous = TelemetryFormat.Digest(File.ReadAllText(file)) };
            }
            var started = options.BootId is null || options.BootId != state.BootId;
            device.Save(state with { Boot = started ? state.Boot + 1 : state.Boot, BootId = options.BootId });
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Enrols the device with the claim code that its owner was given, and makes its folder. To be called again after a failure.</summary>
    /// <exception cref="DeviceException">The service refused, or the folder is that of a device already.</exception>
    /// <exception cref="HttpRequestException">The service was not reached, or is busy.</exception>
    public static async Task<TelemetryDevice> ClaimAsync(string folder, DeviceOptions options, string claim, CancellationToken cancellationToken)
    {
        _ = (Directory.CreateDirectory(Path.Combine(folder, "out")), Directory.CreateDirectory(Path.Combine(folder, "receipts")), Directory.CreateDirectory(Path.Combine(folder, "refused")));
        var (folderLock, state) = (DurableFiles.Lock(folder), DurableFiles.ReadState(folder));
        TelemetryDevice? device = null;
        try
        {
            if (state is not null && state.Claim != claim)
            {
                throw new DeviceException($"{folder} is the folder of {state.Device} already.");
            }
            var key = options.Key ?? (state is null ? FileKey.Create(folder) : FileKey.Open(Path.Combine(folder, state.Kid + ".pem")));
            device = new TelemetryDevice(folder, options, folderLock, state ?? new FolderState(), key);
            if (state is null)
            {
                // The key, and who the device is, are stored before the claim is used up.
                var known = Require(await device.AskAsync(HttpMethod.Get, $"api/devices/claim/{Uri.EscapeDataString(claim)}", null, "", cancellationToken));
                device.Save(state = new FolderState
                {
                    Claim = claim, Device = Member(known, "device"), Pseudonym = Member(known, "pseudonym"), Origin = Member(known, "origin"), Kid = TelemetryFormat.Thumbprint(key.PublicJwk),
                });
            }
            var proof = TelemetryFormat.Prove(key, "enrol", state.Pseudonym, state.Origin);
            var body = $$"""{"claim":{{TelemetryFormat.Quote(claim)}},"jwk":{{TelemetryFormat.RequiredMembers(key.PublicJwk)}},"proof":"{{proof}}"}""";
            var answer = await device.AskAsync(HttpMethod.Post, "api/devices/claim", "application/json", body, cancellationToken);
            if (answer.Status == 404 && Member((await device.AskAsync(HttpMethod.Get, $"api/devices/{state.Pseudonym}/standing", null, "", cancellationToken)).Text, "kid") == state.Kid)
            {
                answer = answer with { Status = 200 }; // Used up by an earlier call, whose answer was lost.
            }
            Require(answer);
            device.Save(state with { Claim = null, BootId = options.BootId });
            return device;
        }
        catch
        {
            device?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Collects a measurement. What was collected before is signed and stored first where it is full, another day begins, or time has not gone on.</summary>
    public void Add(Measurement measurement)
    {
        var bytes = 100 + Encoding.UTF8.GetByteCount(TelemetryFormat.WriteReport(measurement, null)) + (_options.Encrypt is null ? 0 : 400);
        var last = _pending.Count == 0 ? (DateTimeOffset?)null : _pending[^1].Time;
        var isNext = last is null || TelemetryFormat.Time(last.Value) != TelemetryFormat.Time(measurement.Time);
        if (last is { } before
            && (_bytes + bytes > TelemetryFormat.MaxEventBytes || (isNext && (_readings == TelemetryFormat.MaxReadings || measurement.Time < before || measurement.Time.UtcDateTime.Date != before.UtcDateTime.Date))))
        {
            Flush();
            isNext = true;
        }
        _pending.Add(measurement);
        (_bytes, _readings) = (_bytes + bytes, isNext ? _readings + 1 : _readings);
    }

    /// <summary>Signs and stores what was collected. What is not stored is lost when the power goes: call it as often as that matters.</summary>
    /// <exception cref="IOException">The disk did not take it. Whether the number is used is then unknown: open the folder again.</exception>
    public void Flush()
    {
        if (_inDoubt)
        {
            throw new DeviceException("What the disk has is unknown since a failure: open the folder again.");
        }
        if (_pending.Count == 0)
        {
            return;
        }
        if (IsRotating)
        {
            throw new DeviceException("The change of the key was interrupted: finish it first.");
        }
        var (number, payload) = (_state.Sequence + 1, TelemetryFormat.WriteEvent(Device, _pending, _options.Encrypt));
        var statement = TelemetryFormat.Sign(_key, _state.Origin, Device, number, _state.Previous, _state.Boot, _options.Clock.GetUtcNow(), payload);
        _inDoubt = true;
        DurableFiles.Store(PathOf("out", number), Encoding.ASCII.GetBytes(statement), _options.Step, replace: false); // From here on the number is used.
        Save(_state with { Sequence = number, Previous = TelemetryFormat.Digest(statement) });
        _pending.Clear();
        (_bytes, _readings) = (0, 0);
    }

    /// <summary>Sends what is stored, oldest first, until nothing is left or the service asks to wait: alone by itself, several together, at most 100 and 8 MiB.</summary>
    public async Task<SendReport> SendAsync(CancellationToken cancellationToken)
    {
        // Only what is counted: were a later one sent and deleted before that, its number would be used again after a crash.
        var last = PathOf("out", _state.Sequence);
        var files = Directory.GetFiles(Path.Combine(_folder, "out"), "*.jws").Where(f => string.CompareOrdinal(f, last) <= 0).Order(StringComparer.Ordinal).ToArray();
        var (sent, refused, at, alone) = (0, 0, 0, false);
        while (at < files.Length)
        {
            var batch = files.Skip(at).Take(alone ? 1 : 100).Select(File.ReadAllText).ToList();
            while (batch.Sum(static s => s.Length + 3L) > (8 << 20) - 100 && batch.Count > 1)
            {
                batch.RemoveAt(batch.Count - 1);
            }
            var answer = batch.Count == 1
                ? await AskAsync(HttpMethod.Post, "epcis/events", "application/jose", batch[0], cancellationToken)
                : await AskAsync(HttpMethod.Post, "api/devices/statements", "application/vnd.trustchain.telemetry+json", $$"""{"statements":["{{string.Join("\",\"", batch)}}"]}""", cancellationToken);
            if (batch.Count > 1 && answer.IsRefusal)
            {
                alone = true; // None is set aside for another's sake.
                continue;
            }
            foreach (var one in batch.Count == 1 ? [answer] : answer.Each(batch.Count))
            {
                var name = Path.GetFileName(files[at]);
                if (one.IsRefusal)
                {
                    DurableFiles.Store(Path.Combine(_folder, "refused", name + ".problem.json"), Encoding.UTF8.GetBytes(one.Text), _options.Step);
                    DurableFiles.Store(Path.Combine(_folder, "refused", name), File.ReadAllBytes(files[at]), _options.Step);
                    refused++;
                }
                else if (one.Status is 200 or 201 or 202 && Member(one.Text, "receipt") is { Length: > 0 } receipt)
                {
                    DurableFiles.Store(Path.Combine(_folder, "receipts", name), Encoding.UTF8.GetBytes(receipt), _options.Step);
                    sent++;
                }
                else
                {
                    answer = answer.Status == 200 ? one : answer;
                    break;
                }
                DurableFiles.Delete(files[at++], _options.Step);
                batch.RemoveAt(0);
                _failures = 0;
            }
            if (batch.Count > 0)
            {
                var wait = TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, 1 << Math.Min(_failures++, 20)) * RandomNumberGenerator.GetInt32(80, 121) / 100);
                return new SendReport(sent, refused, files.Length - at, answer.Wait is { } asked ? TimeSpan.FromTicks(Math.Min(asked.Ticks, LongestAskedWait.Ticks)) : wait, answer.Reason);
            }
        }
        return new SendReport(sent, refused, 0, TimeSpan.Zero, null);
    }

    /// <summary>Sends, waits and sends again until nothing is left.</summary>
    public async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (await SendAsync(cancellationToken) is { Left: > 0 } report)
        {
            await Task.Delay(report.Wait, _options.Clock, cancellationToken);
        }
    }

    /// <summary>Goes on to a next key, which the key in force admits, once everything is sent. To be called again after a failure.</summary>
    /// <param name="next">The key; null: a file in the folder, made here.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="DeviceException">Statements are left, or the service refused.</exception>
    /// <exception cref="HttpRequestException">The service was not reached, or is busy.</exception>
    public async Task RotateAsync(IDeviceKey? next, CancellationToken cancellationToken)
    {
        if (!IsRotating)
        {
            Flush();
            if (await SendAsync(cancellationToken) is { Left: > 0 } report)
            {
                throw new DeviceException($"{report.Left} statements under the old key have to be sent first: {report.Reason}");
            }
        }
        var standing = Require(await AskAsync(HttpMethod.Get, $"api/devices/{_state.Pseudonym}/standing", null, "", cancellationToken));
        next ??= _state.NextKid is { } known ? FileKey.Open(Path.Combine(_folder, known + ".pem")) : FileKey.Create(_folder);
        var (kid, old) = (TelemetryFormat.Thumbprint(next.PublicJwk), Path.Combine(_folder, Kid + ".pem"));
        if (Member(standing, "kid") != kid) // Else an earlier call got that far.
        {
            Save(_state with { NextKid = kid }); // Nothing is signed by a key that may have ended, until it is known which one is in force.
            var previous = long.Parse(Member(standing, "previous"), CultureInfo.InvariantCulture);
            var rotation = TelemetryFormat.SignRotation(_key, next, _state.Pseudonym, Member(standing, "organisation"), previous, _state.Origin);
            var answer = await AskAsync(HttpMethod.Post, $"api/devices/{_state.Pseudonym}/acts", "application/jose", rotation, cancellationToken);
            if (answer.IsRefusal)
            {
                Save(_state with { NextKid = null });
            }
            Require(answer);
        }
        Save(_state with { Kid = kid, NextKid = null, Sequence = 0, Previous = null });
        _key = next;
        File.Delete(old);
    }

    /// <summary>Leaves the folder; nothing is stored.</summary>
    public void Dispose()
    {
        _http.Dispose();
        _lock.Dispose();
    }

    private string PathOf(string part, long number) => Path.Combine(_folder, part, $"{Kid[..8]}-{number:D16}.jws");

    private void Save(FolderState state)
    {
        _inDoubt = true;
        DurableFiles.Store(Path.Combine(_folder, "state.json"), JsonSerializer.SerializeToUtf8Bytes(state, FolderJson.Default.FolderState), _options.Step);
        (_state, _inDoubt) = (state, false);
    }

    private async Task<Answer> AskAsync(HttpMethod method, string path, string? type, string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (type is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        }
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var wait = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - _options.Clock.GetUtcNow() : null;
            return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken), wait < TimeSpan.Zero ? TimeSpan.Zero : wait);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Answer(0, exception.Message, null); // InvalidOperationException: a charset that nobody knows.
        }
    }

    private static string Require(Answer answer) => answer.Status is >= 200 and < 300 ? answer.Text
        : answer.IsRefusal ? throw new DeviceException(answer.Reason) : throw new HttpRequestException(answer.Reason);

    /// <summary>A member as text; empty where there is none.</summary>
    private static string Member(string json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var member) ? member.ToString() : "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    /// <param name="Status">HTTP status; 0 where there was no answer.</param>
    /// <param name="Text">The body.</param>
    /// <param name="Wait">What Retry-After says.</param>
    private sealed record Answer(int Status, string Text, TimeSpan? Wait)
    {
        /// <summary>The same would be refused again. A key or a right that is missing may come, and so may time and room; and the key's entry may not be in the log yet.</summary>
        public bool IsRefusal => Status is >= 400 and < 500 and not (401 or 403 or 408 or 429) && (Status != 409 || Member(Text, "code") != "key-not-yet-logged");

        public string Reason => Status == 0 ? Text : $"answered {Status}{(Member(Text, "detail") is { Length: > 0 } detail ? $": {detail}" : " without a receipt")}";

        /// <summary>What was answered for each of several; fewer where the answer is not what it must be.</summary>
        public IReadOnlyList<Answer> Each(int most)
        {
            try
            {
                using var document = JsonDocument.Parse(Status == 200 ? Text : "{\"results\":[]}");
                return [.. document.RootElement.GetProperty("results").EnumerateArray().Take(most).Select(r => new Answer(
                    r.GetProperty("status").GetInt32(), (r.TryGetProperty("problem", out var part) || r.TryGetProperty("capture", out part) ? part : r).GetRawText(), Wait))];
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                return [];
            }
        }
    }
}

/// <summary>Who the device is, and how far its numbers are.</summary>
internal sealed record FolderState
{
    public string Device { get; init; } = "";
    public string Pseudonym { get; init; } = "";
    public string Origin { get; init; } = "";
    public string Kid { get; init; } = "";
    public long Sequence { get; init; }
    public string? Previous { get; init; }
    public long Boot { get; init; }
    public string? BootId { get; init; }
    public string? Claim { get; init; }
    public string? NextKid { get; init; }
}

[JsonSerializable(typeof(FolderState))]
internal sealed partial class FolderJson : JsonSerializerContext;

/// <summary>Files of which there is the old content or the new one after a crash, and the new one once the call has returned. Only their owner may read them.</summary>
internal static partial class DurableFiles
{
    /// <summary>Keeps other processes out.</summary>
    public static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DeviceException($"Another process uses {folder}, or it cannot be written: {exception.Message}");
        }
    }

    public static FolderState? ReadState(string folder)
    {
        var file = Path.Combine(folder, "state.json");
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), FolderJson.Default.FolderState) ?? throw new JsonException("There is nothing in it.") : null;
        }
        catch (JsonException exception)
        {
            throw new DeviceException($"{file} is damaged: {exception.Message}");
        }
    }

    /// <param name="file">Is replaced, unless <paramref name="replace"/> is false: then it must not be there.</param>
    /// <param name="content">All of it.</param>
    /// <param name="step">For tests: is told each step before it is done.</param>
    /// <param name="replace">See above.</param>
    public static void Store(string file, ReadOnlySpan<byte> content, Action<string>? step = null, bool replace = true)
    {
        step?.Invoke($"write {file}");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using (var stream = new FileStream(file + ".new", options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        step?.Invoke($"rename {file}");
        File.Move(file + ".new", file, replace);
        step?.Invoke($"flush the folder of {file}");
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
        step?.Invoke($"leave {file}");
    }

    public static void Delete(string file, Action<string>? step)
    {
        step?.Invoke($"delete {file}");
        File.Delete(file); // Where this is not on the disk yet when the power goes, it is sent again, which is harmless.
    }

    /// <summary>The new name is on the disk only when its folder is. .NET does not open folders, and NTFS journals names by itself.</summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var handle = Open(folder, 0);
        var isFlushed = handle >= 0 && Flush(handle) == 0;
        _ = handle < 0 ? 0 : Close(handle);
        if (!isFlushed)
        {
            throw new IOException($"{folder} could not be flushed to the disk.");
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Flush(int handle);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int handle);
}
