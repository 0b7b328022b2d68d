using Microsoft.Extensions.Options;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Server.Partitions;

/// <summary>Section <c>Storage</c>: how the content of records is divided. Counts for partitions made from now on; those that are there stay as they are.</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Ids in a partition, one for each record and one for each statement. A multiple of 10,000; default 20,000,000.</summary>
    public long PartitionIds { get; set; } = PartitionPlan.Default.Ids;

    /// <summary>How many partitions' worth of ids is ready before it is needed. 1 to 100; default 2.</summary>
    public int PartitionsAhead { get; set; } = PartitionPlan.Default.Ahead;

    internal PartitionPlan Plan => new(PartitionIds, PartitionsAhead);
}

/// <summary>Refuses sizes that servers cannot share out.</summary>
internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    private const long Block = 10_000; // ids that a server takes at once
    private const long Most = 100_000_000_000;

    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var faults = new List<string>();
        if (options.PartitionIds is < Block or > Most || options.PartitionIds % Block != 0)
        {
            faults.Add($"{StorageOptions.Section}:PartitionIds must be a multiple of {Block}, up to {Most}.");
        }
        if (options.PartitionsAhead is < 1 or > 100)
        {
            faults.Add($"{StorageOptions.Section}:PartitionsAhead must be 1 to 100.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
