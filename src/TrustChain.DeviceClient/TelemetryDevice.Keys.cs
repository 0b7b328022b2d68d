using System.Security.Cryptography;
using System.Text;

namespace TrustChain.DeviceClient;

/// <summary>
/// Day keys: <c>master.key</c> is the secret they come from, and <c>keys/</c> has a file for each that was used, which says who has it. The file is there before the statement is, so whenever the
/// power goes, no key of what was sent is forgotten.
/// </summary>
public sealed partial class TelemetryDevice
{
    private const int MaxKeys = 500;
    private const string Service = "service";

    private readonly HashSet<string> _refusedKeys = new(StringComparer.Ordinal);
    private HashSet<string>? _named;
    private DayKeyRing? _keys;

    private DayKeyRing Keys => _keys ??= new DayKeyRing(_options.Encryption?.MasterKey ?? MasterKeyOf(_folder), Device, _options.Encryption?.Generation ?? 1);

    private string? Encrypt(Measurement measurement) =>
        _options.Encrypt is { } other ? other(measurement) : _options.Encryption?.GroupOf(measurement) is { } group ? Keys.Encrypt(measurement, group) : null;

    /// <summary>The master key of a folder, for the owner's safe: whoever has it can read everything that the device says. Made where there is none.</summary>
    /// <exception cref="DeviceException">The file is damaged.</exception>
    public static byte[] MasterKeyOf(string folder)
    {
        var file = Path.Combine(folder, "master.key");
        if (!File.Exists(file))
        {
            DurableFiles.Store(file, RandomNumberGenerator.GetBytes(DayKeyRing.KeySize));
        }
        return File.ReadAllBytes(file) is { Length: DayKeyRing.KeySize } secret ? secret : throw new DeviceException($"{file} does not have {DayKeyRing.KeySize} bytes.");
    }

    /// <summary>Notes the keys of what was collected.</summary>
    private void NameKeys()
    {
        if (_options is not { Encrypt: null, Encryption: { } encryption })
        {
            return;
        }
        _named ??= [.. Directory.CreateDirectory(Path.Combine(_folder, "keys")).GetFiles().Select(static f => f.Name)];
        foreach (var name in _pending.Select(m => encryption.GroupOf(m) is { } group ? Keys.NameOf(m.Time, group) : null).OfType<string>().Distinct().Where(n => !_named.Contains(n)).ToList())
        {
            DurableFiles.Store(Path.Combine(_folder, "keys", name), [], _options.Step);
            _named.Add(name);
        }
    }

    /// <summary>Wraps to each recipient what it does not have yet, and brings it. What the service refuses is not tried again until the folder is opened again.</summary>
    private async Task<SendReport> HandOverAsync(SendReport report, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_folder, "keys");
        if (_options.Encryption is not { } encryption || !Directory.Exists(folder))
        {
            return report;
        }
        var recipients = (encryption.Recipients ?? []).ToDictionary(TelemetryFormat.Thumbprint, static string? (jwk) => jwk);
        if (encryption.ToService)
        {
            recipients[Service] = null; // Asked for when there is something to wrap.
        }
        var due = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Where(static f => !f.EndsWith(".new", StringComparison.Ordinal)).SelectMany(file =>
        {
            var have = File.ReadAllLines(file);
            return recipients.Keys.Where(r => !have.Contains(r)).Select(r => (File: file, Name: Path.GetFileName(file), Recipient: r));
        }).Where(k => !_refusedKeys.Contains($"{k.Name} {k.Recipient}")).ToList();
        var (done, refused) = (0, 0);
        foreach (var (recipient, keys) in due.GroupBy(static k => k.Recipient).SelectMany(static g => g.Chunk(MaxKeys).Select(c => (g.Key, c))))
        {
            if (recipient == Service && recipients[Service] is null)
            {
                var known = await AskAsync(HttpMethod.Get, "api/devices/encryption-key", null, "", cancellationToken);
                if (known.Status != 200)
                {
                    return report with { Refused = report.Refused + refused, Left = due.Count - done, Wait = PauseAfter(known), Reason = known.Reason };
                }
                recipients[Service] = Member(known.Text, "jwk");
            }
            var statement = TelemetryFormat.SignDayKeys(Key, State.Origin, keys.Select(k => Keys.Wrap(k.Name, recipients[recipient]!))); // Known by now.
            var answer = await AskAsync(HttpMethod.Post, $"api/devices/{State.Pseudonym}/day-keys", "application/jose", statement, cancellationToken);
            if (answer.Status is not (200 or 201) && !answer.IsRefusal)
            {
                return report with { Refused = report.Refused + refused, Left = due.Count - done, Wait = PauseAfter(answer), Reason = answer.Reason };
            }
            foreach (var (file, name, _) in keys)
            {
                if (answer.IsRefusal)
                {
                    DurableFiles.Store(Path.Combine(_folder, "refused", $"{name}.{recipient}.problem.json"), Encoding.UTF8.GetBytes(answer.Text), _options.Step);
                    _refusedKeys.Add($"{name} {recipient}");
                    refused++;
                }
                else
                {
                    DurableFiles.Store(file, Encoding.UTF8.GetBytes(string.Concat(File.ReadAllLines(file).Append(recipient).Select(static r => r + "\n"))), _options.Step);
                }
                done++;
            }
            _failures = 0;
        }
        return report with { Refused = report.Refused + refused };
    }
}
