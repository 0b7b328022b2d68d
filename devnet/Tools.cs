namespace TrustChain.Devnet;

/// <summary>Finds the system's own programs.</summary>
public static class Tools
{
    private static readonly string[] SystemFolders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    /// <summary>Where a program of the base system is, whatever PATH says.</summary>
    /// <exception cref="DevnetException">It is not installed.</exception>
    public static string Get(string name) =>
        Find(name, SystemFolders) ?? FindOnPath(name)
        ?? throw new DevnetException($"The program {name} is missing; install it with your system's package manager (Debian and Ubuntu: util-linux).");

    /// <summary>Where a program is that the user chose by PATH; null when it is on none of its folders.</summary>
    public static string? FindOnPath(string name) =>
        Find(name, (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));

    private static string? Find(string name, string[] folders) => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
