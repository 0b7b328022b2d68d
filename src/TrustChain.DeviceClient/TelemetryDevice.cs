using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace TrustChain.DeviceClient;

// With TelemetryFormat.cs (and TelemetryCbor.cs, for devices that say it in CBOR, TelemetryEncryption.cs and TelemetryDevice.Keys.cs, for devices that encrypt) all of a device's side of
// docs/devices.md, for who ports it. Here: storage, sending, the life of the key.

/// <summary>Settings of a <see cref="TelemetryDevice"/>.</summary>
/// <param name="Server">Address of the service. Only https, and http to this machine, unless <paramref name="AllowPlainHttp"/>: everybody on the way then reads what is measured.</param>
/// <param name="AllowPlainHttp">See there.</param>
/// <param name="Key">The key; null: a file in the folder, made at enrolment.</param>
/// <param name="BootId">Names this start of the machine, such as <c>/proc/sys/kernel/random/boot_id</c>; null: each opening of the folder counts as a start.</param>
/// <param name="Encrypt">As in <see cref="TelemetryFormat.WriteEvent"/>, for who encrypts by another program: no key is handed over then; null: as <paramref name="Encryption"/> says.</param>
/// <param name="Clock">Clock and timers; null: those of the system.</param>
/// <param name="Handler">Makes the connections; null: with the platform's certificates.</param>
/// <param name="Cbor">Whether statements are written in CBOR, as COSE_Sign1, and not in JSON. May change from one opening of the folder to the next.</param>
/// <param name="Encryption">What is encrypted, and who gets the keys; null: nothing and nobody.</param>
public sealed record DeviceOptions(
    Uri Server, bool AllowPlainHttp = false, IDeviceKey? Key = null, string? BootId = null, Func<Measurement, string?>? Encrypt = null, TimeProvider? Clock = null, HttpMessageHandler? Handler = null,
    bool Cbor = false, DeviceEncryption? Encryption = null)
{
    /// <summary>For tests: is told each step on the disk before it is done.</summary>
    internal Action<string>? Step { get; init; }
}

/// <summary>What one pass over the unsent statements, and the day keys that are to be handed over, did.</summary>
/// <param name="Sent">Statements that the service has, each with its receipt in <c>receipts/</c>.</param>
/// <param name="Refused">Statements that it will never take, set aside in <c>refused/</c>, and hand-overs of day keys, of which the problem is there.</param>
/// <param name="Left">Statements still to be sent, and day keys still to be handed over.</param>
/// <param name="Wait">How long to wait before the next pass; zero when nothing is left.</param>
/// <param name="Reason">Why it ended before the end.</param>
public sealed record SendReport(int Sent, int Refused, int Left, TimeSpan Wait, string? Reason);

/// <summary>The service refused for good, or the folder does not allow what was asked.</summary>
public sealed class DeviceException(string message) : Exception(message);

/// <summary>
/// A device's folder: <c>state.json</c> (who it is, and the last number that was used), <c>out/</c> (statements to send), <c>receipts/</c>, <c>refused/</c>, <c>keys/</c> and <c>keys.txt</c>. A statement is on the
/// disk before its number counts as used, and its number before it is sent: whenever the power goes, no number is used for two contents. A copy of the folder that goes on by itself
/// breaks that, and shows as a fork. Beside one call that sends, one thread may collect and flush; nothing else may run at once. A second process is kept out.
/// </summary>
public sealed partial class TelemetryDevice : IDisposable
{
    private const string Jws = ".jws";
    private const string Cose = ".cose";
    private static readonly string[] Encodings = [Jws, Cose];

    private readonly string _folder;
    private readonly DeviceOptions _options;
    private readonly TimeProvider _clock;
    private readonly FileStream _lock;
    private readonly HttpClient _http;
    private readonly List<Measurement> _pending = [];
    private FolderState? _state;
    private IDeviceKey? _key;
    private int _readings;
    private int _bytes;
    private int _failures;
    private bool _inDoubt;

    private TelemetryDevice(string folder, DeviceOptions options)
    {
        if (options.Server.Scheme != "https" && !options.Server.IsLoopback && !options.AllowPlainHttp)
        {
            throw new DeviceException($"{options.Server} is not an https address.");
        }
        (_folder, _options, _clock, _key, _lock) = (folder, options, options.Clock ?? TimeProvider.System, options.Key, DurableFiles.Lock(folder));
        _http = new HttpClient(options.Handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !options.Server.IsLoopback }, options.Handler is null)
        {
            BaseAddress = new Uri(options.Server.AbsoluteUri.TrimEnd('/') + "/"),
            MaxResponseContentBufferSize = 4 << 20,
            Timeout = TimeSpan.FromMinutes(1),
        };
    }

    /// <summary>The device's canonical URI.</summary>
    public string Device => State.Device;

    /// <summary>Thumbprint of the key in force.</summary>
    public string Kid => State.Kid;

    /// <summary>The last number that was used under the key.</summary>
    public long Sequence => State.Sequence;

    /// <summary>Whether <see cref="RotateAsync"/> was interrupted, and has to be called again before anything is signed.</summary>
    public bool IsRotating => State.NextKid is not null;

    private FolderState State => _state ?? throw new DeviceException($"{_folder} is not the folder of an enrolled device: claim it first.");

    private IDeviceKey Key => _key ??= FileKey.Open(Path.Combine(_folder, Kid + ".pem"));

    /// <summary>Opens the folder of an enrolled device, finishes what was interrupted, and counts a start.</summary>
    /// <exception cref="DeviceException">It is no such folder, another process has it, or the key is another one.</exception>
    public static TelemetryDevice Open(string folder, DeviceOptions options)
    {
        var device = new TelemetryDevice(folder, options);
        try
        {
            var state = DurableFiles.ReadState(folder);
            device._state = state is { Claim: null } ? state : null;
            if (TelemetryFormat.Thumbprint(device.Key.PublicJwk) != device.Kid)
            {
                throw new DeviceException($"The key in force is {device.Kid}, not the one given.");
            }
            // A statement that was stored, but not yet counted: its number is used all the same.
            while (Encodings.Select(e => device.PathOf("out", device.Sequence + 1, e)).FirstOrDefault(File.Exists) is { } file)
            {
                device._state = device.State with { Sequence = device.Sequence + 1, Previous = Digest(File.ReadAllBytes(file)) };
            }
            var isStart = options.BootId is null || options.BootId != device.State.BootId;
            device.Save(device.State with { Boot = device.State.Boot + (isStart ? 1 : 0), BootId = options.BootId });
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
        Array.ForEach(["out", "receipts", "refused"], part => Directory.CreateDirectory(Path.Combine(folder, part)));
        var device = new TelemetryDevice(folder, options);
        try
        {
            if ((device._state = DurableFiles.ReadState(folder)) is { } before && before.Claim != claim)
            {
                throw new DeviceException($"{folder} is the folder of {before.Device} already.");
            }
            if (device._state is null)
            {
                // The key, and who the device is, are stored before the claim is used up.
                var known = Require(await device.AskAsync(HttpMethod.Get, $"api/devices/claim/{Uri.EscapeDataString(claim)}", null, "", cancellationToken));
                device._key ??= FileKey.Create(folder);
                var kid = TelemetryFormat.Thumbprint(device._key.PublicJwk);
                device.Save(new FolderState(Member(known, "device"), Member(known, "pseudonym"), Member(known, "origin"), kid) { Claim = claim });
            }
            var (state, key) = (device.State, device.Key);
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
            device.Dispose();
            throw;
        }
    }

    /// <summary>Collects a measurement. What was collected before is signed and stored first where it is full, another day begins, or time has not gone on.</summary>
    public void Add(Measurement measurement)
    {
        var bytes = 100 + Encoding.UTF8.GetByteCount(TelemetryFormat.WriteReport(measurement, null)) + (_options is { Encrypt: null, Encryption: null } ? 0 : 400);
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
        var number = Sequence + 1;
        NameKeys();
        var statement = Sign(number);
        _inDoubt = true;
        DurableFiles.Store(PathOf("out", number, _options.Cbor ? Cose : Jws), statement, _options.Step, replace: false); // From here on the number is used.
        Save(State with { Sequence = number, Previous = Digest(statement) });
        _pending.Clear();
        (_bytes, _readings) = (0, 0);
    }

    /// <summary>
    /// Sends what is stored, oldest first, until nothing is left or the service asks to wait: alone by itself, several together, at most 100 and 8 MiB. Then hands over the day keys that are to be.
    /// </summary>
    public async Task<SendReport> SendAsync(CancellationToken cancellationToken)
    {
        // Only what is counted: were a later one sent and deleted before that, its number would be used again after a crash.
        var last = PathOf("out", Sequence, "");
        var files = Directory.GetFiles(Path.Combine(_folder, "out")).Where(f => Encodings.Contains(Path.GetExtension(f)) && string.CompareOrdinal(Path.ChangeExtension(f, null), last) <= 0).Order(StringComparer.Ordinal).ToArray();
        var (sent, refused, at, alone) = (0, 0, 0, false);
        while (at < files.Length)
        {
            var batch = files.Skip(at).Take(alone ? 1 : 100).Select(ReadText).ToList();
            while (batch.Sum(static s => s.Length + 3L) > (8 << 20) - 100 && batch.Count > 1)
            {
                batch.RemoveAt(batch.Count - 1);
            }
            var answer = batch.Count == 1
                ? await AskAsync(HttpMethod.Post, "epcis/events", files[at].EndsWith(Cose, StringComparison.Ordinal) ? "application/cose; cose-type=\"cose-sign1\"" : "application/jose", File.ReadAllBytes(files[at]), cancellationToken)
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
                return new SendReport(sent, refused, files.Length - at, PauseAfter(answer), answer.Reason);
            }
        }
        return await HandOverAsync(new SendReport(sent, refused, 0, TimeSpan.Zero, null), cancellationToken);
    }

    private TimeSpan PauseAfter(Answer answer)
    {
        var seconds = answer.Wait is { } asked ? Math.Min(3600, asked.TotalSeconds) : Math.Min(900, 1 << Math.Min(_failures, 20)) * RandomNumberGenerator.GetInt32(80, 121) / 100.0;
        _failures++;
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>Sends, waits and sends again until nothing is left.</summary>
    public async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (await SendAsync(cancellationToken) is { Left: > 0 } report)
        {
            await Task.Delay(report.Wait, _clock, cancellationToken);
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
        var standing = Require(await AskAsync(HttpMethod.Get, $"api/devices/{State.Pseudonym}/standing", null, "", cancellationToken));
        next ??= State.NextKid is { } known ? FileKey.Open(Path.Combine(_folder, known + ".pem")) : FileKey.Create(_folder);
        var (kid, old) = (TelemetryFormat.Thumbprint(next.PublicJwk), Path.Combine(_folder, Kid + ".pem"));
        if (Member(standing, "kid") != kid) // Else an earlier call got that far.
        {
            Save(State with { NextKid = kid }); // Nothing is signed by a key that may have ended, until it is known which one is in force.
            var previous = long.Parse(Member(standing, "previous"), CultureInfo.InvariantCulture);
            var rotation = TelemetryFormat.SignRotation(Key, next, State.Pseudonym, Member(standing, "organisation"), previous, State.Origin);
            var answer = await AskAsync(HttpMethod.Post, $"api/devices/{State.Pseudonym}/acts", "application/jose", rotation, cancellationToken);
            if (answer.IsRefusal)
            {
                Save(State with { NextKid = null });
            }
            Require(answer);
        }
        Save(State with { Kid = kid, NextKid = null, Sequence = 0, Previous = null });
        _key = next;
        File.Delete(old);
    }

    /// <summary>Leaves the folder; nothing is stored.</summary>
    public void Dispose()
    {
        _http.Dispose();
        _keys?.Dispose();
        _lock.Dispose();
    }

    private string PathOf(string part, long number, string encoding) => Path.Combine(_folder, part, $"{Kid[..8]}-{number:D16}{encoding}");

    /// <summary>The statement of what was collected, as it is stored.</summary>
    private byte[] Sign(long number)
    {
        var (previous, now) = (State.Previous, _clock.GetUtcNow());
        return _options.Cbor
            ? TelemetryCbor.Sign(
                Key, State.Origin, Device, number, previous is null ? null : Base64Url.DecodeFromChars(previous), State.Boot, now, TelemetryCbor.WriteEvent(Device, _pending, Encrypt))
            : Encoding.ASCII.GetBytes(TelemetryFormat.Sign(Key, State.Origin, Device, number, previous, State.Boot, now, TelemetryFormat.WriteEvent(Device, _pending, Encrypt)));
    }

    private static string Digest(byte[] statement) => Base64Url.EncodeToString(SHA256.HashData(statement));

    /// <summary>A stored statement as it stands among others in JSON.</summary>
    private static string ReadText(string file) => file.EndsWith(Cose, StringComparison.Ordinal) ? Base64Url.EncodeToString(File.ReadAllBytes(file)) : File.ReadAllText(file);

    private void Save(FolderState state)
    {
        _inDoubt = true;
        DurableFiles.Store(Path.Combine(_folder, "state.json"), JsonSerializer.SerializeToUtf8Bytes(state, FolderJson.Default.FolderState), _options.Step);
        (_state, _inDoubt) = (state, false);
    }

    private Task<Answer> AskAsync(HttpMethod method, string path, string? type, string body, CancellationToken cancellationToken) => AskAsync(method, path, type, Encoding.UTF8.GetBytes(body), cancellationToken);

    private async Task<Answer> AskAsync(HttpMethod method, string path, string? type, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (type is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        }
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var wait = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - _clock.GetUtcNow() : null;
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

/// <summary>Who the device is, and how far its numbers are. With a claim it is not enrolled yet, and with a next key the change of the key is not finished.</summary>
internal sealed record FolderState(
    string Device, string Pseudonym, string Origin, string Kid, long Sequence = 0, string? Previous = null, long Boot = 0, string? BootId = null, string? Claim = null, string? NextKid = null);

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

    /// <summary>Stores a file; unless <paramref name="replace"/> it must not be there. <paramref name="step"/> is told each step before it is done.</summary>
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
        if (!OperatingSystem.IsWindows()) // NTFS journals names by itself. Elsewhere the new name is on the disk only when its folder is, and .NET opens no folders.
        {
            using var folder = new SafeFileHandle(Open(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/", 0), ownsHandle: true);
            RandomAccess.FlushToDisk(!folder.IsInvalid ? folder : throw new IOException($"The folder of {file} cannot be opened."));
        }
        step?.Invoke($"leave {file}");
    }

    public static void Delete(string file, Action<string>? step)
    {
        step?.Invoke($"delete {file}");
        File.Delete(file); // Where this is not on the disk yet when the power goes, it is sent again, which is harmless.
    }

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
