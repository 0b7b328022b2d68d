using Microsoft.Extensions.Options;

namespace TrustChain.Server.Devices;

/// <summary>Settings of devices, section <c>Devices</c>.</summary>
internal sealed class DeviceOptions
{
    public const string Section = "Devices";

    /// <summary>PEM file with the certificates of makers that attestations may lead to; none: every chain is shown as one whose maker this deployment does not know.</summary>
    public string MakerRootsFile { get; set; } = "";

    /// <summary>How often days that are due are computed when nothing raises the signal. 1 s to 1 minute.</summary>
    public TimeSpan ComputeInterval { get; set; } = TimeSpan.FromSeconds(1);
}

/// <summary>Names every wrong setting at once.</summary>
internal sealed class DeviceOptionsValidator : IValidateOptions<DeviceOptions>
{
    public ValidateOptionsResult Validate(string? name, DeviceOptions options)
    {
        var faults = new List<string>();
        if (options.MakerRootsFile.Length > 0 && !File.Exists(options.MakerRootsFile))
        {
            faults.Add("Devices:MakerRootsFile must be the path of a PEM file.");
        }
        if (options.ComputeInterval < TimeSpan.FromMilliseconds(50) || options.ComputeInterval > TimeSpan.FromMinutes(1))
        {
            faults.Add("Devices:ComputeInterval must be from 0.05 to 60 seconds.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
