using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace TrustChain.UnitTests.Hostile;

/// <summary>
/// Which branches of TrustChain.Core an input took, where the assembly is one that SharpFuzz has instrumented (<c>tests/fuzz.sh</c> makes such a copy): each branch then counts in a map of 64 KiB, as
/// AFL has it.
/// </summary>
internal static unsafe class Coverage
{
    private const int Size = 1 << 16;

    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(Size);
    private static readonly byte[] Seen = new byte[Size];

    /// <summary>Whether there is anything to count.</summary>
    public static bool IsThere { get; private set; }

    /// <summary>Branches taken by any input so far.</summary>
    public static int Branches { get; private set; }

    /// <summary>Instrumented code writes into the map from its first line on, so it must be there before any of it runs.</summary>
    [ModuleInitializer]
    internal static void Start()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "SharpFuzz.Common.dll");
        if (!File.Exists(path))
        {
            return;
        }
        AssemblyLoadContext.Default.Resolving += (context, name) => name.Name == "SharpFuzz.Common" ? context.LoadFromAssemblyPath(path) : null;
        var field = Assembly.Load("SharpFuzz.Common").GetType("SharpFuzz.Common.Trace")?.GetField("SharedMem") ?? throw new InvalidOperationException("SharpFuzz.Common is another version than is known here.");
        field.SetValue(null, Pointer.Box(Map, typeof(byte*)));
        IsThere = true;
    }

    /// <summary>Forgets what the last input took.</summary>
    public static void Clear() => new Span<byte>(Map, Size).Clear();

    /// <summary>The branches that the input since <see cref="Clear"/> took, however often.</summary>
    public static HashSet<int> Taken() => [.. Enumerable.Range(0, Size).Where(static at => Map[at] != 0)];

    /// <summary>Whether the input since <see cref="Clear"/> took a branch, or took one so often, as none did before.</summary>
    public static bool IsNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(Map, Size / 8);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == 0)
            {
                continue;
            }
            for (var at = i * 8; at < (i * 8) + 8; at++)
            {
                var bit = Map[at] == 0 ? 0 : (byte)(1 << BitOperations.Log2(Map[at]));
                if ((Seen[at] | bit) != Seen[at])
                {
                    Branches += Seen[at] == 0 ? 1 : 0;
                    Seen[at] |= (byte)bit;
                    isNew = true;
                }
            }
        }
        return isNew;
    }
}
