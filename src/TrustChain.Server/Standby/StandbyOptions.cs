using Microsoft.Extensions.Options;

namespace TrustChain.Server.Standby;

/// <summary>Section <c>Standby</c>: reading from a standby, where the connection string names several hosts.</summary>
public sealed class StandbyOptions
{
    public const string Section = "Standby";

    /// <summary>A standby that lacks anything older than this is not read from. Default 1 s; 0: nothing is ever read from a standby. At most 1 minute.</summary>
    public TimeSpan MaxLag { get; set; } = TimeSpan.FromSeconds(1);
}

/// <summary>Bounds the lag.</summary>
internal sealed class StandbyOptionsValidator : IValidateOptions<StandbyOptions>
{
    public ValidateOptionsResult Validate(string? name, StandbyOptions options) =>
        options.MaxLag < TimeSpan.Zero || options.MaxLag > TimeSpan.FromMinutes(1)
            ? ValidateOptionsResult.Fail("Standby:MaxLag must be from 0 to 1 minute, for example \"00:00:01\"; 0 reads nothing from a standby.")
            : ValidateOptionsResult.Success;
}
