using System.Text.Json;

namespace TrustChain.UnitTests;

/// <summary>
/// Published vectors, read in place: the folder named by TRUSTCHAIN_VECTORS, else <c>../shared/vectors</c> beside the repository.
/// They are not part of this repository. Where they are absent, conformance tests say so and do nothing; the build script decides whether that is allowed.
/// </summary>
internal static class Vectors
{
    public static string? Folder { get; } = Find();

    public static bool Available => Folder is not null;

    public static string PathOf(string relative) => System.IO.Path.Combine(Folder ?? throw new InvalidOperationException("No vectors here."), relative);

    public static JsonDocument Read(string relative) => JsonDocument.Parse(File.ReadAllBytes(PathOf(relative)));

    /// <summary>The cases of a vector file as test rows; one placeholder row when the vectors are absent, so that the absence is visible in the results.</summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(Func<IEnumerable<string>> names)
    {
        if (!Available)
        {
            Console.WriteLine("conformance not run: no vectors folder (set TRUSTCHAIN_VECTORS)");
            return [new TheoryDataRow<string>("conformance not run") { Skip = "conformance not run: no vectors folder" }];
        }
        return names().Select(name => new TheoryDataRow<string>(name));
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("TRUSTCHAIN_VECTORS");
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? named : throw new DirectoryNotFoundException($"TRUSTCHAIN_VECTORS names {named}, which is not there.");
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                var beside = System.IO.Path.Combine(folder.Parent?.FullName ?? "/", "shared", "vectors");
                return Directory.Exists(beside) ? beside : null;
            }
        }
        return null;
    }
}
