using System.Security.Cryptography;
using System.Text;

namespace TrustChain.DeviceClient;

/// <summary>
/// Day keys: <c>master.key</c> is the secret they come from, and <see cref="KeyBook"/> has the name of each that was used, and who has it. The name is there before the statement is, so whenever
/// the power goes, no key of what was sent is forgotten.
/// </summary>
public sealed partial class TelemetryDevice
{
    private const int MaxKeys = 500;
    private const string Service = "service";
    private const string Problem = ".problem.json";

    /// <summary>What was refused is not tried again for so long: who sends once a minute, and opens the folder for that, would ask for all of it each time.</summary>
    private static readonly TimeSpan RefusalPause = TimeSpan.FromDays(1);

    private HashSet<string>? _refusedKeys;
    private KeyBook? _book;
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

    private KeyBook Book => LazyInitializer.EnsureInitialized(ref _book, () => new KeyBook(_folder, _options.Step)); // Who sends and who flushes may come at once.

    /// <summary>Notes the keys of what was collected.</summary>
    private void NameKeys()
    {
        if (_options is { Encrypt: null, Encryption: { } encryption })
        {
            Book.Add(_pending.Select(m => encryption.GroupOf(m) is { } group ? Keys.NameOf(m.Time, group) : null).OfType<string>().Distinct());
        }
    }

    /// <summary>Wraps to each recipient what it does not have yet, and brings it. What the service refuses is set aside until the folder is opened again, a day later at the earliest.</summary>
    private async Task<SendReport> HandOverAsync(SendReport report, CancellationToken cancellationToken)
    {
        if (_options.Encryption is not { } encryption)
        {
            return report;
        }
        var recipients = (encryption.Recipients ?? []).ToDictionary(TelemetryFormat.Thumbprint, static string? (jwk) => jwk);
        if (encryption.ToService)
        {
            recipients[Service] = null; // Asked for when there is something to wrap.
        }
        _refusedKeys ??= [.. new DirectoryInfo(Path.Combine(_folder, "refused")).GetFiles("*" + Problem)
            .Where(f => (_clock.GetUtcNow() - f.LastWriteTimeUtc).Duration() < RefusalPause).Select(static f => f.Name)];
        var due = Book.ListMissing(recipients.Keys).Where(k => !_refusedKeys.Contains(ProblemOf(k.Name, k.Recipient))).ToList();
        var (done, refused) = (0, 0);
        foreach (var (recipient, names) in due.GroupBy(static k => k.Recipient).SelectMany(static g => g.Select(static k => k.Name).Chunk(MaxKeys).Select(c => (g.Key, c))))
        {
            if (recipient == Service && recipients[Service] is null)
            {
                var known = await AskAsync(HttpMethod.Get, "api/devices/encryption-key", null, "", cancellationToken);
                if (known.Status != 200)
                {
                    return Stop(known);
                }
                recipients[Service] = Member(known.Text, "jwk");
            }
            var (at, alone) = (0, false);
            while (at < names.Length)
            {
                string[] batch = alone ? [names[at]] : names;
                var statement = TelemetryFormat.SignDayKeys(Key, State.Origin, batch.Select(n => Keys.Wrap(n, recipients[recipient]!))); // Known by now.
                var answer = await AskAsync(HttpMethod.Post, $"api/devices/{State.Pseudonym}/day-keys", "application/jose", statement, cancellationToken);
                if (batch.Length > 1 && answer is { IsRefusal: true, Status: not 404 }) // 404: it does not know the device or its key, whichever keys are brought.
                {
                    alone = true; // None is set aside for another's sake.
                    continue;
                }
                if (answer.IsRefusal)
                {
                    foreach (var name in batch)
                    {
                        DurableFiles.Store(Path.Combine(_folder, "refused", ProblemOf(name, recipient)), Encoding.UTF8.GetBytes(answer.Text), _options.Step);
                        _refusedKeys.Add(ProblemOf(name, recipient));
                    }
                    refused += batch.Length;
                }
                else if (answer.Status is 200 or 201)
                {
                    foreach (var name in batch)
                    {
                        Book.Deliver(name, recipient);
                        File.Delete(Path.Combine(_folder, "refused", ProblemOf(name, recipient))); // Of an earlier time, if there is one.
                    }
                }
                else
                {
                    return Stop(answer);
                }
                at += batch.Length;
                done += batch.Length;
                _failures = 0;
            }
        }
        Book.Fold();
        return report with { Refused = report.Refused + refused };

        SendReport Stop(Answer answer) => report with { Refused = report.Refused + refused, Left = due.Count - done, Wait = PauseAfter(answer), Reason = answer.Reason };
    }

    private static string ProblemOf(string name, string recipient) => $"{name}.{recipient}{Problem}";
}

/// <summary>
/// The names of the day keys that were used, and who has each: <c>keys/</c> has a file for each, with a line for each recipient. Where they become many they are folded into <c>keys.txt</c>, a line
/// for each key: nothing is forgotten, since who is added later gets them all. It is read when the folder was opened, and then no more. Safe for concurrent use.
/// </summary>
internal sealed class KeyBook
{
    private const int MaxFiles = 100;

    private readonly string _files;
    private readonly string _list;
    private readonly Action<string>? _step;
    private readonly SortedDictionary<string, string[]> _have = new(StringComparer.Ordinal);
    private readonly HashSet<string> _apart = new(StringComparer.Ordinal); // Names with a file.
    private readonly Lock _lock = new();

    public KeyBook(string folder, Action<string>? step)
    {
        (_files, _list, _step) = (Directory.CreateDirectory(Path.Combine(folder, "keys")).FullName, Path.Combine(folder, "keys.txt"), step);
        foreach (var line in File.Exists(_list) ? File.ReadAllLines(_list) : [])
        {
            var parts = line.Split(' ');
            _have[parts[0]] = [.. parts[1..].Select(string.Intern)]; // A few recipients, each in every line.
        }
        foreach (var file in Directory.GetFiles(_files).Where(static f => !f.EndsWith(".new", StringComparison.Ordinal)))
        {
            var name = Path.GetFileName(file);
            _have[name] = [.. _have.GetValueOrDefault(name, []).Union(File.ReadAllLines(file).Select(string.Intern))]; // In both when the power went while they were folded.
            _apart.Add(name);
        }
    }

    /// <summary>Notes names that are new.</summary>
    public void Add(IEnumerable<string> names)
    {
        lock (_lock)
        {
            foreach (var name in names.Where(n => !_have.ContainsKey(n)))
            {
                Store(name, []);
            }
        }
    }

    /// <summary>Notes that a recipient has a key.</summary>
    public void Deliver(string name, string recipient)
    {
        lock (_lock)
        {
            Store(name, [.. _have[name], recipient]);
        }
    }

    /// <summary>What recipients do not have.</summary>
    public IReadOnlyList<(string Name, string Recipient)> ListMissing(IReadOnlyCollection<string> recipients)
    {
        lock (_lock)
        {
            return [.. _have.SelectMany(k => recipients.Where(r => !k.Value.Contains(r)).Select(r => (k.Key, r)))];
        }
    }

    /// <summary>Puts the files together where they are many.</summary>
    public void Fold()
    {
        lock (_lock)
        {
            if (_apart.Count < MaxFiles)
            {
                return;
            }
            DurableFiles.Store(_list, Encoding.UTF8.GetBytes(string.Concat(_have.Select(static k => $"{string.Join(' ', k.Value.Prepend(k.Key))}\n"))), _step);
            foreach (var name in _apart)
            {
                DurableFiles.Delete(Path.Combine(_files, name), _step);
            }
            _apart.Clear();
        }
    }

    private void Store(string name, string[] recipients)
    {
        DurableFiles.Store(Path.Combine(_files, name), Encoding.UTF8.GetBytes(string.Concat(recipients.Select(static r => r + "\n"))), _step);
        _have[name] = recipients;
        _apart.Add(name);
    }
}
