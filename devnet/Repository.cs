namespace TrustChain.Devnet;

/// <summary>The folder that holds TrustChain.sln, above the running program or, for a program published elsewhere, above the current
/// folder.</summary>
public static class Repository
{
    /// <exception cref="DevnetException">There is none.</exception>
    public static string Root => FindAbove(AppContext.BaseDirectory) ?? FindAbove(Directory.GetCurrentDirectory())
        ?? throw new DevnetException("TrustChain.sln was not found; run the devnet from within the repository.");

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string? FindAbove(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                return folder.FullName;
            }
        }
        return null;
    }
}
