using TrustChain.Core.Devices.Encryption;

namespace TrustChain.Core.Devices.Grants;

/// <summary>Where a grant stands at a moment.</summary>
public enum GrantState
{
    /// <summary>Asked for, and not answered.</summary>
    Requested,

    /// <summary>The owner said no.</summary>
    Refused,

    /// <summary>Asked for, and not answered in time.</summary>
    Lapsed,

    /// <summary>In force.</summary>
    Granted,

    /// <summary>Ended by the owner, or because the device has another one: days up to then, or before the day of that, stay readable.</summary>
    Revoked,

    /// <summary>Nothing may be read any more.</summary>
    Expired,
}

/// <summary>
/// One grant: a pure state machine that takes times from its caller (<c>docs/devices.md</c> section 8). Immutable: each step answers a new one.
/// </summary>
public sealed record Grant
{
    /// <summary>How long a request waits for its answer.</summary>
    public static readonly TimeSpan RequestLifetime = TimeSpan.FromDays(30);

    private Grant()
    {
    }

    /// <summary>What is asked for or, from <see cref="GrantedAt"/> on, given.</summary>
    public GrantTerms Terms { get; private init; } = null!; // Each way to make a grant sets it.

    /// <summary>When it was asked for; null where the owner gave it unasked.</summary>
    public DateTimeOffset? RequestedAt { get; private init; }

    /// <summary>When the owner said no.</summary>
    public DateTimeOffset? RefusedAt { get; private init; }

    /// <summary>When the owner gave it.</summary>
    public DateTimeOffset? GrantedAt { get; private init; }

    /// <summary>When the owner ended it, or the device went to another one.</summary>
    public DateTimeOffset? RevokedAt { get; private init; }

    /// <summary>When whoever gave it became the owner; null where that is the first one.</summary>
    public DateTimeOffset? OwnerSince { get; private init; }

    /// <summary>When another organisation became the owner after that; null before.</summary>
    public DateTimeOffset? OwnerUntil { get; private init; }

    /// <summary>A request.</summary>
    public static Grant Request(GrantTerms terms, DateTimeOffset at) => new() { Terms = terms, RequestedAt = at };

    /// <summary>A grant that nobody asked for.</summary>
    public static Grant Offer(GrantTerms terms, DateTimeOffset at) => new() { Terms = terms, GrantedAt = at };

    /// <summary>A grant as it was kept.</summary>
    /// <exception cref="ArgumentException">The times are of no grant.</exception>
    public static Grant Restore(GrantTerms terms, DateTimeOffset? requestedAt, DateTimeOffset? refusedAt, DateTimeOffset? grantedAt, DateTimeOffset? revokedAt) =>
        (requestedAt ?? grantedAt) is null || (refusedAt is not null && (requestedAt is null || grantedAt is not null)) || (revokedAt is not null && grantedAt is null)
            ? throw new ArgumentException("The times are of no grant.", nameof(requestedAt))
            : new() { Terms = terms, RequestedAt = requestedAt, RefusedAt = refusedAt, GrantedAt = grantedAt, RevokedAt = revokedAt };

    /// <summary>The same, given by an organisation that owns the device from one moment until another.</summary>
    /// <param name="since"><see cref="OwnerSince"/>.</param>
    /// <param name="until"><see cref="OwnerUntil"/>.</param>
    public Grant InOwnership(DateTimeOffset? since, DateTimeOffset? until) => this with { OwnerSince = since, OwnerUntil = until };

    /// <summary>Where it stands.</summary>
    public GrantState StateAt(DateTimeOffset now) =>
        RefusedAt is not null ? GrantState.Refused
        : GrantedAt is null ? now - RequestedAt < RequestLifetime ? GrantState.Requested : GrantState.Lapsed
        : now >= Terms.Expires ? GrantState.Expired
        : RevokedAt is not null ? GrantState.Revoked
        : GrantState.Granted;

    /// <summary>
    /// Where it stands for who asked: a refusal looks like no answer, because an answer would tell that there is a device and an owner.
    /// </summary>
    public GrantState StateForGranteeAt(DateTimeOffset now) =>
        RefusedAt is null ? StateAt(now) : now - RequestedAt < RequestLifetime ? GrantState.Requested : GrantState.Lapsed;

    /// <summary>Why the owner cannot give it on these terms now, in one sentence without full stop; null when it can.</summary>
    public string? FindApprovalFault(GrantTerms terms, DateTimeOffset now) =>
        StateAt(now) is not GrantState.Requested and var state ? $"it is {Show(state)}"
        : !terms.IsWithin(Terms) ? "the terms give more than was asked for"
        : FindTermsFault(terms, now);

    /// <summary>Why nothing can be given on these terms now; null when it can.</summary>
    public static string? FindTermsFault(GrantTerms terms, DateTimeOffset now) => now >= terms.Expires ? "it would have expired already" : null;

    /// <summary>Gives what <see cref="FindApprovalFault"/> has nothing against.</summary>
    public Grant Approve(GrantTerms terms, DateTimeOffset at) => this with { Terms = terms, GrantedAt = at };

    /// <summary>Why the owner cannot say no now; null when it can.</summary>
    public string? FindRefusalFault(DateTimeOffset now) => StateAt(now) is not GrantState.Requested and var state ? $"it is {Show(state)}" : null;

    /// <summary>Says no.</summary>
    public Grant Refuse(DateTimeOffset at) => this with { RefusedAt = at };

    /// <summary>Why the owner cannot end it now; null when it can.</summary>
    public string? FindRevocationFault(DateTimeOffset now) => StateAt(now) is not GrantState.Granted and var state ? $"it is {Show(state)}" : null;

    /// <summary>Ends it. The owner's revocation, or the moment at which the device went to another owner; the earlier one counts.</summary>
    public Grant Revoke(DateTimeOffset at) => RevokedAt <= at ? this : this with { RevokedAt = at };

    /// <summary>
    /// The days whose data may be read: of the terms' days those up to today, up to the day on which it was revoked, and before the day on which another
    /// organisation became the owner. Null where there are none: before it is given, when it has expired, before its first day.
    /// </summary>
    public DayRange? DaysAt(DateTimeOffset now)
    {
        if (StateAt(now) is not (GrantState.Granted or GrantState.Revoked))
        {
            return null;
        }
        var last = DayOf(RevokedAt < now ? RevokedAt.Value : now);
        if (OwnerUntil is { } until && DayOf(until).AddDays(-1) is var before && before < last)
        {
            last = before; // What the device says of that day is the next owner's, as far as it is said after the moment; a day is not cut.
        }
        return Terms.Days.Intersect(new DayRange(DateOnly.MinValue, last));
    }

    /// <summary>
    /// The days whose keys are handed over, and whose encrypted values are opened: of those that may be read the ones that begin after whoever gave it became the
    /// owner. What was encrypted before is not that organisation's to give. Null where there are none.
    /// </summary>
    public DayRange? KeyDaysAt(DateTimeOffset now) => DaysAt(now)?.Intersect(new DayRange(FirstKeyDay(OwnerSince), DateOnly.MaxValue));

    /// <summary>The first day whose encrypted values an owner may have opened by the service: the day after the one on which it became the owner.</summary>
    /// <param name="ownerSince">When that was; null for the first owner.</param>
    public static DateOnly FirstKeyDay(DateTimeOffset? ownerSince) => ownerSince is { } since ? DayOf(since).AddDays(1) : DateOnly.MinValue;

    /// <summary>Whether data may be followed as they come: in force, and today one of its days.</summary>
    public bool IsLiveAt(DateTimeOffset now) => StateAt(now) == GrantState.Granted && Terms.Days.Contains(DateOnly.FromDateTime(now.UtcDateTime));

    /// <summary>Whether a day key is handed over.</summary>
    public bool HandsOver(DayKeyName key, DateTimeOffset now) => KeyDaysAt(now) is { } days && days.Contains(key.Day) && Terms.HandsOver(key.Group);

    /// <summary>Name of a state as answers write it.</summary>
    public static string Show(GrantState state) => state switch
    {
        GrantState.Requested => "requested",
        GrantState.Refused => "refused",
        GrantState.Lapsed => "lapsed",
        GrantState.Granted => "granted",
        GrantState.Revoked => "revoked",
        _ => "expired",
    };

    private static DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
