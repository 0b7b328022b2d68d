using TrustChain.Server.Devices;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>How many devices a page may ask about.</summary>
public sealed class TestimonyBudgetTests
{
    [Fact]
    public void Page_AsksAboutEightDevicesAtMost()
    {
        var budget = new TestimonyBudget();

        Assert.Equal([true, true, true, true, true, true, true, true, false, false], Enumerable.Range(0, 10).Select(_ => budget.TryTake()));
    }
}
