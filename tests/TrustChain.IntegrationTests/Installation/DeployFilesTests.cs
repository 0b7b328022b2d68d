using Microsoft.Extensions.Configuration;
using TrustChain.Devnet;
using TrustChain.Server.Doctor;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>The files an operator copies say what the programs that read them understand.</summary>
public sealed class DeployFilesTests
{
    [Fact]
    public async Task Files_AreReadByTheirOwnProgramsWithoutAFault()
    {
        var result = await Publication.RunAsync(Tools.Get("sh"), Repository.PathOf("deploy/check.sh"));

        result.Expect(0);
        foreach (var line in result.Output.Split('\n').Where(static l => l.StartsWith("absent", StringComparison.Ordinal)))
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line); // Said, not hidden: which of them this machine lacks.
        }
    }

    [Fact]
    public void ExampleConfiguration_HasOnlySettingsThatExist()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Repository.PathOf("deploy/trustchain.json")).Build();

        Assert.Empty(UnknownSettings.Find(configuration));
    }
}
