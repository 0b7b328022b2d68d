namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The vectors that this product publishes, in <c>tests/vectors</c>. They are made by the tests: with TRUSTCHAIN_WRITE_VECTORS=1 a test writes its
/// files, otherwise it compares them byte for byte.
/// </summary>
internal static class VectorFiles
{
    public static bool IsWriting { get; } = Environment.GetEnvironmentVariable("TRUSTCHAIN_WRITE_VECTORS") == "1";

    public static string Repository { get; } = Find();

    public static string PathOf(string relative) => Path.Combine(Repository, "tests", "vectors", relative);

    public static byte[] Read(string relative) => File.ReadAllBytes(PathOf(relative));

    /// <summary>Asserts that the file holds exactly these bytes, or writes it.</summary>
    public static void Check(string relative, byte[] expected)
    {
        var path = PathOf(relative);
        if (IsWriting)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, expected);
            return;
        }
        Assert.True(File.Exists(path), $"{relative} is missing; run the tests once with TRUSTCHAIN_WRITE_VECTORS=1.");
        Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{relative} is not what the code makes.");
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException("The tests do not run inside the repository.");
    }
}
