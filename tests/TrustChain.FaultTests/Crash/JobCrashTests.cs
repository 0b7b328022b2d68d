using TrustChain.FaultTests.Stage;

namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each commit of a capture that is worked at as a job.</summary>
public sealed class JobCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    /// <summary>The steps around what is acknowledged and what is finished, and in full runs all of them.</summary>
    public static TheoryData<string> Steps() => Extent.IsFull
        ? ["job.before-part", "job.after-part", "job.before-add", "job.after-add", "job.after-take", "job.before-progress", "job.after-progress", "job.before-finish", "job.after-finish"]
        : ["job.after-add", "job.before-finish"];

    [Theory]
    [MemberData(nameof(Steps))]
    public Task ProceedingJob_KilledAtStep_IsDoneOnceInTheEnd(string step) => fixture.CrashAtAsync(step, true);

    [Theory]
    [InlineData("job.statement-written:2")]
    [InlineData("job.before-commit")]
    [InlineData("job.after-commit")]
    public Task AllOrNothingJob_KilledAtStep_IsDoneOnceInTheEnd(string step) => fixture.CrashAtAsync(step, false);
}
