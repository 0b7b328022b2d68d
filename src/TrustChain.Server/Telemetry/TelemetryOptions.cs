using Microsoft.Extensions.Options;

namespace TrustChain.Server.Telemetry;

/// <summary>Section <c>Telemetry</c> of the configuration: who may read figures, and where traces go.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>Who is answered at <c>/metrics</c>. Default: <see cref="MetricsAccess.Private"/>.</summary>
    public MetricsAccess MetricsAccess { get; set; } = MetricsAccess.Private;

    /// <summary>The one local port at which <c>/metrics</c> answers; the server must be told to listen there too. Null, the default: every port.</summary>
    public int? MetricsPort { get; set; }

    /// <summary>Base address of an OpenTelemetry collector that takes OTLP over HTTP, for example <c>http://127.0.0.1:4318</c>. Empty, the default: nothing is sent.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>Part of the traces that is sent, from 0 to 1. Default 1.</summary>
    public double TraceRatio { get; set; } = 1;

    /// <summary>How often metrics are sent. Default 1 min.</summary>
    public TimeSpan MetricsInterval { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Choices of <see cref="TelemetryOptions.MetricsAccess"/>.</summary>
public enum MetricsAccess
{
    /// <summary>Loopback and private addresses, unless a proxy brings the request.</summary>
    Private,

    /// <summary>Everybody who reaches the port.</summary>
    Any,
}

/// <summary>Names every wrong setting at once.</summary>
internal sealed class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        var faults = new List<string>();
        if (!Enum.IsDefined(options.MetricsAccess))
        {
            faults.Add("Telemetry:MetricsAccess must be Private or Any.");
        }
        if (options.MetricsPort is < 1 or > 65535)
        {
            faults.Add($"Telemetry:MetricsPort must be a port from 1 to 65535; it is {options.MetricsPort}.");
        }
        if (options.OtlpEndpoint.Length > 0 && (!Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
        {
            faults.Add($"Telemetry:OtlpEndpoint must be an http or https address, for example \"http://127.0.0.1:4318\"; it is \"{options.OtlpEndpoint}\".");
        }
        if (options.TraceRatio is not (>= 0 and <= 1))
        {
            faults.Add($"Telemetry:TraceRatio must be from 0 to 1; it is {options.TraceRatio}.");
        }
        if (options.MetricsInterval < TimeSpan.FromSeconds(1))
        {
            faults.Add("Telemetry:MetricsInterval must be a second or more.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
