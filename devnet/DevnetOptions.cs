using System.Globalization;

namespace TrustChain.Devnet;

/// <summary>What the command line asks for.</summary>
public sealed record DevnetOptions
{
    public const string Usage = """
        Usage: dotnet run --project devnet [-- OPTION...]
        Starts PostgreSQL, a private Ethereum chain and the server, and stays up until Ctrl-C.
          --check           play the demos, verify every result, print one line each, and end
          --empty           start without demo data
          --http PORT       port of the server          (default 8080; 0 = any free port)
          --rpc PORT        port of the chain           (default 8545; 0 = any free port)
          --pg PORT         port of PostgreSQL          (default 5433; 0 = any free port)
          --data DIR        folder that keeps all data  (default .devnet in the repository)
          --public-url URL  address that QR codes hold, for a phone that cannot reach this machine as localhost
          --help            this text
        """;

    public bool Check { get; init; }

    public bool Empty { get; init; }

    public bool Help { get; init; }

    public int HttpPort { get; init; } = 8080;

    public int RpcPort { get; init; } = 8545;

    public int PostgresPort { get; init; } = 5433;

    /// <summary>Null: <c>.devnet</c> in the repository.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Absolute http or https URL, without a slash at the end. Null: the server's own address.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>Reads the command line. False: it is wrong, and <paramref name="error"/> says why in one line.</summary>
    public static bool TryParse(IReadOnlyList<string> arguments, out DevnetOptions options, out string error)
    {
        options = new DevnetOptions();
        error = "";
        for (var i = 0; i < arguments.Count && error.Length == 0; i++)
        {
            var name = arguments[i];
            options = name switch
            {
                "--check" => options with { Check = true },
                "--empty" => options with { Empty = true },
                "--help" or "-h" => options with { Help = true },
                "--http" => options with { HttpPort = ParsePort(arguments, ref i, ref error) },
                "--rpc" => options with { RpcPort = ParsePort(arguments, ref i, ref error) },
                "--pg" => options with { PostgresPort = ParsePort(arguments, ref i, ref error) },
                "--data" => options with { DataFolder = Take(arguments, ref i, ref error) },
                "--public-url" => options with { PublicUrl = ParseUrl(arguments, ref i, ref error) },
                _ => Refuse(options, $"Unknown option {name}; --help lists them.", ref error),
            };
        }
        if (error.Length == 0)
        {
            error = FindSamePort(options);
        }
        return error.Length == 0;
    }

    private static string Take(IReadOnlyList<string> arguments, ref int i, ref string error)
    {
        var name = arguments[i];
        i++;
        if (i < arguments.Count && arguments[i].Length > 0)
        {
            return arguments[i];
        }
        error = $"{name} needs a value; --help shows it.";
        return "";
    }

    private static int ParsePort(IReadOnlyList<string> arguments, ref int i, ref string error)
    {
        var name = arguments[i];
        var value = Take(arguments, ref i, ref error);
        if (!ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && error.Length == 0)
        {
            error = $"{name} {value} is not a port: 0 to 65535.";
        }
        return port;
    }

    private static string ParseUrl(IReadOnlyList<string> arguments, ref int i, ref string error)
    {
        var name = arguments[i];
        var value = Take(arguments, ref i, ref error);
        if (error.Length == 0 && !(Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            error = $"{name} {value} is not an http or https address.";
        }
        return value.TrimEnd('/');
    }

    private static DevnetOptions Refuse(DevnetOptions options, string reason, ref string error)
    {
        error = reason;
        return options;
    }

    private static string FindSamePort(DevnetOptions options)
    {
        (string Option, int Port)[] ports = [("--http", options.HttpPort), ("--rpc", options.RpcPort), ("--pg", options.PostgresPort)];
        var same = ports.Where(port => port.Port != 0).GroupBy(port => port.Port).FirstOrDefault(group => group.Count() > 1);
        return same is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"Port {same.Key} is asked for twice: {string.Join(" and ", same.Select(port => port.Option))}.");
    }
}
