using System.Text.Json;

namespace TrustChain.IntegrationTests.Query;

/// <summary>The files that GS1 publishes, read in place: the folder named by TRUSTCHAIN_VECTORS, else <c>../shared/vectors</c> beside the repository.</summary>
internal static class QueryVectors
{
    /// <summary>A file, or null where there are no vectors.</summary>
    public static JsonDocument? TryRead(string relative) => Find() is { } folder ? JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, relative))) : null;

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("TRUSTCHAIN_VECTORS");
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? named : throw new DirectoryNotFoundException($"TRUSTCHAIN_VECTORS names {named}, which is not there.");
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                var beside = Path.Combine(folder.Parent?.FullName ?? "/", "shared", "vectors");
                return Directory.Exists(beside) ? beside : null;
            }
        }
        return null;
    }
}
