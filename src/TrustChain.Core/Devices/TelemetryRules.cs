namespace TrustChain.Core.Devices;

/// <summary>The codes of <see cref="TelemetryFault.Code"/>.</summary>
public static class TelemetryRules
{
    /// <summary>No JSON.</summary>
    public const string MalformedJson = "malformed-json";

    /// <summary>No ObjectEvent with <c>action</c> OBSERVE, or one with items beside the device.</summary>
    public const string WrongEvent = "wrong-event";

    /// <summary><c>epcList</c> is not exactly the device.</summary>
    public const string WrongDevice = "wrong-device";

    /// <summary>No readings, or more than <see cref="Telemetry.MaxReadings"/>.</summary>
    public const string WrongCount = "wrong-count";

    /// <summary>A reading has no <c>time</c>, or says <c>startTime</c>, <c>endTime</c> or a time for one report.</summary>
    public const string WrongTime = "wrong-time";

    /// <summary>Times do not ascend strictly.</summary>
    public const string TimesNotAscending = "times-not-ascending";

    /// <summary>Readings of more than one day (UTC).</summary>
    public const string MoreThanOneDay = "more-than-one-day";

    /// <summary><c>eventTime</c> is not that of the last reading.</summary>
    public const string EventTimeNotLast = "event-time-not-last";

    /// <summary>A reading is later than the service's clock allows.</summary>
    public const string TimeInFuture = "time-in-future";

    /// <summary>A reading without reports, or a report without a type.</summary>
    public const string NoReport = "no-report";

    /// <summary>A report has not exactly one of <c>value</c>, <c>booleanValue</c> and <c>stringValue</c>, or has a value of another form.</summary>
    public const string OneValue = "one-value";

    /// <summary>A measure is twice in one reading.</summary>
    public const string MeasureTwice = "measure-twice";

    /// <summary>A value is not of the kind that the template says.</summary>
    public const string WrongKind = "wrong-kind";

    /// <summary>An encrypted measure in the clear, or with a text that is no JWE.</summary>
    public const string NotEncrypted = "not-encrypted";

    /// <summary>A place under a key that is not one of places, or what is about the rider under one that is not the rider's: whoever may have that key could read it.</summary>
    public const string WrongKeyGroup = "wrong-key-group";

    /// <summary>A number without <c>uom</c>, or one that is not in the table.</summary>
    public const string UnknownUnit = "unknown-unit";

    /// <summary>A unit of another quantity than the template's.</summary>
    public const string WrongQuantity = "wrong-quantity";

    /// <summary>A number beyond 10^100, hence also one that is not finite.</summary>
    public const string NotFinite = "not-finite";

    /// <summary>A counter that is negative, has a fraction, or is above 2^53 - 1.</summary>
    public const string WrongCounter = "wrong-counter";

    /// <summary>A latitude without a longitude or the reverse, or one that is not on earth.</summary>
    public const string WrongPosition = "wrong-position";
}
