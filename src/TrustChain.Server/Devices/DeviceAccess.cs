using System.Collections.Concurrent;
using System.Security.Cryptography;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Devices.Grants;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Devices;

/// <summary>What somebody wants of a device.</summary>
internal enum DeviceQuestion
{
    /// <summary>That it is there, who owns it, and its keys.</summary>
    Existence,

    /// <summary>What the checks say of some days.</summary>
    Verdicts,

    /// <summary>Readings of some days, and what was made of them.</summary>
    Data,

    /// <summary>Day keys of some days.</summary>
    Keys,

    /// <summary>Data as they come.</summary>
    Live,
}

/// <summary>A device as a caller may see it.</summary>
/// <param name="Device">The device.</param>
/// <param name="IsOwner">Whether the caller owns it.</param>
internal sealed record SeenDevice(StoredDevice Device, bool IsOwner)
{
    /// <summary>The grant under which it is seen; null for the owner and the deployment's auditors.</summary>
    public StoredGrant? Grant { get; init; }

    /// <summary>The days that may be seen: those asked for, as far as the grant has them.</summary>
    public DayRange Days { get; init; } = new(DateOnly.MinValue, DateOnly.MaxValue);

    /// <summary>Whether a measure may be seen.</summary>
    public bool Covers(KeyGroup group, string measure) => IsOwner || (Grant?.Grant.Terms.Covers(group, measure) ?? false);

    /// <summary>How exactly places may be seen.</summary>
    public PlacePrecision Precision => IsOwner ? PlacePrecision.Exact : Grant?.Grant.Terms.Precision ?? PlacePrecision.None;

    /// <summary>Whether it is seen by an auditor of the deployment: that it is there, and the answers of the checks.</summary>
    public bool IsAuditor => !IsOwner && Grant is null;
}

/// <summary>
/// What a caller may see of a device, at this moment, for some days: the owner everything, a grantee what its grant covers, an auditor of the deployment that it is there and what the
/// checks say. Whoever may see nothing learns nothing, not even whether there is a device: the same answer, after the same questions to the database. What somebody else than the owner
/// sees is written down before it is answered.
/// </summary>
internal sealed class DeviceAccess(DeviceStore devices, GrantStore grants, LogSignal signal, TimeProvider time)
{
    private const int MaxKnown = 20_000;

    private readonly ConcurrentDictionary<(AccessEntry Access, int OwnerId), bool> _known = new();

    /// <summary>The device of an address for its owner; null for everybody else.</summary>
    /// <param name="id">The pseudonym in base64url.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SeenDevice?> FindAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        var device = await FindDeviceAsync(id, cancellationToken);
        return device is not null && caller.Organisation?.Id == device.OrganisationId ? new SeenDevice(device, true) : null;
    }

    /// <summary>The days of a device that are open to the caller now under each of its grants, the newest grant first; none for everybody who has none, and where there is no device.</summary>
    /// <param name="id">The pseudonym in base64url.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<DayRange>> ListOpenAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        var device = await FindDeviceAsync(id, cancellationToken);
        if (caller.Organisation is not { } organisation)
        {
            return [];
        }
        var given = await grants.ListGivenAsync(device?.Id ?? 0, organisation.Id, cancellationToken); // Also where there is no device: it takes as long.
        var now = time.GetUtcNow();
        return [.. given.Select(g => g.Grant.DaysAt(now)).OfType<DayRange>().Distinct()];
    }

    /// <summary>The device of an address as the caller may see it now; null where it may see nothing. A read by somebody else than the owner has its entry when this returns.</summary>
    /// <param name="id">The pseudonym in base64url.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="question">For what.</param>
    /// <param name="days">Of which days; null: of all, or for live data of today.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SeenDevice?> FindAsync(string id, Caller caller, DeviceQuestion question, DayRange? days, CancellationToken cancellationToken)
    {
        var device = await FindDeviceAsync(id, cancellationToken);
        if (caller.Organisation is not { } organisation)
        {
            return null;
        }
        var given = await grants.ListGivenAsync(device?.Id ?? 0, organisation.Id, cancellationToken); // Also where there is no device: it takes as long.
        var wanted = days ?? new DayRange(DateOnly.MinValue, DateOnly.MaxValue);
        if (device is null)
        {
            return null;
        }
        if (device.OrganisationId == organisation.Id)
        {
            return new SeenDevice(device, true) { Days = wanted };
        }
        var now = time.GetUtcNow();
        if (Choose(given, question, wanted, now) is { } chosen)
        {
            await WriteAsync(device, organisation, chosen.Grant.Id, KindOf(question), chosen.Days, now, cancellationToken);
            return new SeenDevice(device, false) { Grant = chosen.Grant, Days = chosen.Days };
        }
        if (!organisation.IsAuditor || question is not (DeviceQuestion.Existence or DeviceQuestion.Verdicts))
        {
            return null;
        }
        var isOfDays = question == DeviceQuestion.Verdicts;
        await WriteAsync(device, organisation, null, isOfDays ? AccessKind.Verdicts : AccessKind.Device, isOfDays ? wanted : Today(now), now, cancellationToken);
        return new SeenDevice(device, false) { Days = wanted };
    }

    /// <summary>Of several grants the one that has most of the days; of those the newest.</summary>
    private static (StoredGrant Grant, DayRange Days)? Choose(IReadOnlyList<StoredGrant> given, DeviceQuestion question, DayRange wanted, DateTimeOffset now)
    {
        (StoredGrant Grant, DayRange Days)? best = null;
        var most = -1;
        foreach (var grant in given) // the newest first
        {
            if (grant.Grant.DaysAt(now)?.Intersect(wanted) is not { } days || (question == DeviceQuestion.Live && !grant.Grant.IsLiveAt(now)))
            {
                continue;
            }
            // One that has no key of these days is answered without any, but never in the place of one that has some.
            var open = question == DeviceQuestion.Keys ? grant.Grant.KeyDaysAt(now)?.Intersect(wanted) : days;
            if (Count(open) > most)
            {
                (best, most) = ((grant, open ?? days), Count(open));
            }
        }
        return best;

        static int Count(DayRange? days) => days is { } d ? d.Until.DayNumber - d.From.DayNumber + 1 : 0;
    }

    private async Task WriteAsync(StoredDevice device, Organisation reader, string? grant, AccessKind kind, DayRange days, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var access = new AccessEntry(grant, device.Uri, reader.Code, AccessEntry.HourOf(now), kind == AccessKind.Live ? Today(now) : days, kind);
        var key = (access, device.OrganisationId); // An auditor's read of the next owner's device is another.
        if (_known.ContainsKey(key))
        {
            return; // It was committed before it was put there.
        }
        if (!await grants.HasAccessAsync(device, reader.Id, access, cancellationToken)) // Most reads are like one before; only the first takes an id and a place in the queue.
        {
            await grants.AddAccessAsync(device, reader.Id, access, RandomNumberGenerator.GetBytes(LogEntry.SaltSize), now, cancellationToken);
            signal.Raise();
        }
        if (_known.Count >= MaxKnown)
        {
            _known.Clear();
        }
        _known[key] = true;
    }

    private async Task<StoredDevice?> FindDeviceAsync(string id, CancellationToken cancellationToken) =>
        Hash32.TryParseBase64Url(id, out var pseudonym) ? await devices.FindAsync(pseudonym, cancellationToken) : null;

    private static DayRange Today(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime) is var today ? new DayRange(today, today) : default;

    private static AccessKind KindOf(DeviceQuestion question) => question switch
    {
        DeviceQuestion.Keys => AccessKind.Keys,
        DeviceQuestion.Live => AccessKind.Live,
        DeviceQuestion.Existence => AccessKind.Device,
        _ => AccessKind.Data,
    };
}
