using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    private static readonly JsonDocumentOptions StrictEvent = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    // By leaf index; filled by step 7 before step 6 asks.
    private readonly Dictionary<long, BundledDeviceEntry> _devices = [];

    /// <summary>A device entry of the bundle.</summary>
    /// <param name="Entry">Its body; null when that is no published statement.</param>
    /// <param name="Act">What it does; null when it is no device entry of a known act.</param>
    /// <param name="Sound">Whether it passed step 7.</param>
    private sealed record BundledDeviceEntry(PublicEntry? Entry, DeviceAct? Act, bool Sound);

    /// <summary>Whether the payload of a telemetry statement is one bare event.</summary>
    private static bool IsBareEvent(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, StrictEvent);
            return JsonTexts.AreUnicode(document.RootElement) && document.RootElement is { ValueKind: JsonValueKind.Object } json
                && json.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("ObjectEvent");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return false;
        }
    }

    /// <summary>Step 6.5b: the event is about the device that the header names, and that is the one under whose pseudonym the key was admitted.</summary>
    private void VerifyDevice(BundleRecord bundled, Record record, TelemetryHeader telemetry, string subject, bool eventSound, bool signatureSound)
    {
        if (_keys.ContainsKey(record.KeyEntry) || _devices.GetValueOrDefault(record.KeyEntry) is not { Act: { } act } entry || !eventSound)
        {
            Depends(CheckNames.Device, subject, eventSound ? CheckNames.Signature : CheckNames.Event);
        }
        else if (_documents[bundled.Statement!.Value].OnlyEpc != telemetry.Device) // Read for the event, which passed.
        {
            Blame("The event is not about the device that signed it.");
        }
        else if (bundled.DeviceSalt is not { } salt)
        {
            Unknown(CheckNames.Device, subject, ReasonCodes.DeviceSaltMissing, "What opens the device's pseudonym is not in the bundle.");
        }
        else if (DeviceAct.ComputePseudonym(salt.ToArray(), telemetry.Device) != act.Device)
        {
            Blame("The key was admitted for another device than the statement names.");
        }
        else
        {
            Pass(CheckNames.Device, subject, $"The key was admitted for {telemetry.Device}, and the event is about it.");
        }

        void Blame(string message)
        {
            if (signatureSound && entry.Sound)
            {
                Fail(CheckNames.Device, subject, ReasonCodes.DeviceMismatch, message);
            }
            else
            {
                Depends(CheckNames.Device, subject, signatureSound ? CheckNames.Status : CheckNames.Signature);
            }
        }
    }

    /// <summary>Device entries that end a key: that which the newest entry of the device before them admitted. Those with <c>compromisedSince</c> name the device too, of which they reach every key.</summary>
    private IEnumerable<KeyEnding> ReadDeviceEndings()
    {
        foreach (var index in _bundle.Status.Where(static s => s.Kind == EntryKind.Device).Select(static s => s.Index))
        {
            if (_devices[index] is { Act: { Act: DeviceActKind.Rotate or DeviceActKind.Replace or DeviceActKind.Revoke or DeviceActKind.Retire } act } entry)
            {
                var admitting = _devices.Where(d => d.Key < index && d.Value.Act is { Key: not null } other && other.Device == act.Device).Max(static d => (long?)d.Key);
                if (admitting is { } place)
                {
                    yield return new KeyEnding(_devices[place].Act!.Key!.Kid, place, null, act.CompromisedSince, index, entry.Sound) // It admits a key.
                    {
                        CompromisedDevice = act.CompromisedSince is null ? null : act.Device,
                    };
                }
            }
        }
    }

    /// <summary>The device for which a record's own key was admitted; null when that is no device's.</summary>
    private Hash32? FindDeviceOfKey(Record record) =>
        !_keys.ContainsKey(record.KeyEntry) && _devices.GetValueOrDefault(record.KeyEntry) is { Act: { Key: { } key } act } && key.Kid == record.Kid ? act.Device : null;

    /// <summary>Step 7b: for each device entry, those of the device up to it are all there and follow the rules of section 6.5.</summary>
    private void VerifyDeviceHistories()
    {
        var answers = new Dictionary<long, (Outcome Outcome, string? Code, string Message)>();
        foreach (var device in _devices.Where(static d => d.Value.Act is not null).OrderBy(static d => d.Key).GroupBy(static d => d.Value.Act!.Device)) // Filtered before.
        {
            var history = new DeviceHistory();
            var indices = device.Select(static d => d.Key).ToHashSet();
            (Outcome, string?, string)? fault = null;
            foreach (var (index, entry) in device)
            {
                fault ??= FindFault(history, index, entry, indices);
                answers[index] = fault ?? (Outcome.Passed, null, "The device's entries up to this one are all there and follow the rules.");
            }
        }
        for (var i = 0; i < _bundle.Status.Count; i++)
        {
            if (_bundle.Status[i].Kind == EntryKind.Device && answers.TryGetValue(_bundle.Status[i].Index, out var answer))
            {
                _checks.Add(new Check(CheckNames.DeviceHistory, $"status[{i}]", answer.Outcome, answer.Code, answer.Message));
            }
        }
    }

    /// <summary>Takes the next entry of a device; what to answer for it and all later ones, or null when it follows the rules.</summary>
    private (Outcome, string?, string)? FindFault(DeviceHistory history, long index, BundledDeviceEntry entry, HashSet<long> indices)
    {
        var (said, act) = (entry.Entry!, entry.Act!); // Only entries that were read are given.
        if (!entry.Sound)
        {
            return (Outcome.CouldNotCheck, ReasonCodes.DependsOn, DependsMessage(CheckNames.Status));
        }
        if (act.Previous is { } previous && previous != history.Last && previous < index && !indices.Contains(previous))
        {
            return (Outcome.CouldNotCheck, ReasonCodes.KeyHistoryMissing, $"The bundle lacks the device entry {previous}, which entry {index} builds on.");
        }
        DeviceSigner signer = act.Act == DeviceActKind.Rotate
            ? new DeviceSigner.ByDevice(said.Kid, said.KeyEntry)
            : new DeviceSigner.ByOrganisation(_keys[said.KeyEntry].Change!.Organisation); // Step 7 found it there.
        var rule = history.FindFault(index, act, signer)
            ?? (signer is DeviceSigner.ByOrganisation && Endings.Exists(e => e.Sound && (e.Kid, e.KeyEntry) == (said.Kid, said.KeyEntry) && e.Index < index)
                ? "the key that signed it had been ended"
                : null);
        if (rule is not null)
        {
            return (Outcome.Failed, ReasonCodes.KeyUnauthorised, $"Entry {index} breaks the rules for devices: {rule}.");
        }
        history.Apply(index, act);
        return null;
    }
}
