namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each commit of a capture that is worked at as a job.</summary>
public sealed class JobCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    [Theory]
    [InlineData("job.before-part")]
    [InlineData("job.after-part")]
    [InlineData("job.before-add")]
    [InlineData("job.after-add")]
    [InlineData("job.after-take")]
    [InlineData("job.before-progress")]
    [InlineData("job.after-progress")]
    [InlineData("job.before-finish")]
    [InlineData("job.after-finish")]
    public Task ProceedingJob_KilledAtStep_IsDoneOnceInTheEnd(string step) => fixture.CrashAtAsync(step, true);

    [Theory]
    [InlineData("job.statement-written:2")]
    [InlineData("job.before-commit")]
    [InlineData("job.after-commit")]
    public Task AllOrNothingJob_KilledAtStep_IsDoneOnceInTheEnd(string step) => fixture.CrashAtAsync(step, false);
}
