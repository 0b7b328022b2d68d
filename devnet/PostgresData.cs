using System.Globalization;
using System.Security.Cryptography;

namespace TrustChain.Devnet;

/// <summary>A PostgreSQL data folder: created complete or not at all, kept between starts, held by no other postmaster once opened.</summary>
internal sealed class PostgresData
{
    private const string PasswordFile = "postgres.password";
    private const string PlaceFile = "postgres.path";
    private const string MajorVersion = "18";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What older versions of initdb do not know.</summary>
    private static readonly string[] SinceVersion17 =
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--set", "timezone=UTC", "--set", "log_timezone=UTC"];

    private PostgresData(string path, string password)
    {
        Path = path;
        Password = password;
    }

    public string Path { get; }

    public string Password { get; }

    public static async Task<PostgresData> OpenAsync(
        DevnetFolder folder, PublicFolder publicFolder, PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var path = await PlaceAsync(folder, publicFolder, cancellationToken);
        var versionFile = System.IO.Path.Combine(path, "PG_VERSION");
        if (!File.Exists(versionFile))
        {
            return await CreateAsync(folder, path, binaries, cancellationToken);
        }
        var version = (await File.ReadAllTextAsync(versionFile, cancellationToken)).Trim();
        if (binaries.IsPackaged && version != MajorVersion)
        {
            throw new DevnetException($"{path} was made by PostgreSQL {version}, not {MajorVersion}; choose another data folder with --data DIR.");
        }
        if (!File.Exists(folder.PathOf(PasswordFile)))
        {
            throw new DevnetException(
                $"{folder.PathOf(PasswordFile)} is missing, and without it the data in {path} cannot be opened; choose another data folder with --data DIR.");
        }
        return new PostgresData(path, (await File.ReadAllTextAsync(folder.PathOf(PasswordFile), cancellationToken)).Trim());
    }

    /// <summary>A command that works on this data, as the user who owns it, without the caller's PG… variables.</summary>
    public ChildCommand Command(string name, string program, string logFile) => CommandOf(name, program, logFile);

    /// <summary>True when the postmaster <paramref name="processId"/> accepts connections: it says so in line 8 of its pid file.</summary>
    public bool IsReady(int processId)
    {
        var lines = ReadPostmaster(Path);
        return lines.Length >= 8 && lines[0].Trim() == processId.ToString(CultureInfo.InvariantCulture) && lines[7].Trim() == "ready";
    }

    /// <summary>
    /// Stops whatever an earlier starter left running on this folder's data, and removes the pid file: PostgreSQL would not start while that names
    /// any
    /// process, be it somebody else's by now or a dead one that nobody collects. Safe only because nothing of that server runs any more.
    /// </summary>
    public static async Task EndLeftoverAsync(DevnetFolder folder, CancellationToken cancellationToken)
    {
        await PidFile.EndLeftoverAsync(folder.PidFile("postgres"), Signal.Interrupt, Patience, cancellationToken);
        var path = FindPlace(folder);
        if (!Directory.Exists(path))
        {
            return;
        }
        // Every process of a server works in its data folder. The postmaster stops the others; those that outlive it end by themselves when they
        // notice.
        var ids = LinuxProcess.FindWorkingIn(path, "postgres");
        var postmaster = ReadPostmaster(path) is [var first, ..] && int.TryParse(first, CultureInfo.InvariantCulture, out var id) ? id : 0;
        foreach (var processId in ids.OrderByDescending(processId => processId == postmaster))
        {
            if (LinuxProcess.FindIdentity(processId) is { } identity)
            {
                await PidFile.EndAsync(processId, identity, processId == postmaster ? Signal.Interrupt : Signal.None, Patience, cancellationToken);
            }
        }
        File.Delete(System.IO.Path.Combine(path, "postmaster.pid"));
    }

    private static string[] ReadPostmaster(string path)
    {
        try
        {
            return File.ReadAllLines(System.IO.Path.Combine(path, "postmaster.pid"));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string FindPlace(DevnetFolder folder)
    {
        var remembered = folder.PathOf(PlaceFile);
        return LinuxProcess.RealPathOf(File.Exists(remembered) ? File.ReadAllText(remembered).Trim() : folder.PathOf("postgres"));
    }

    /// <summary>
    /// Where the data is, or is to be: <c>postgres</c> in the devnet's folder, unless user nobody cannot get there; then a folder elsewhere,
    /// remembered in a file.
    /// </summary>
    private static async Task<string> PlaceAsync(DevnetFolder folder, PublicFolder publicFolder, CancellationToken cancellationToken)
    {
        var place = FindPlace(folder);
        if (!LinuxProcess.IsRoot || Directory.Exists(place) || await CanNobodyEnterAsync(folder, cancellationToken))
        {
            return place;
        }
        var outside = System.IO.Path.Combine(publicFolder.Create("data", folder.Root), "postgres");
        folder.WriteSecret(PlaceFile, outside + "\n");
        return outside;
    }

    private static async Task<bool> CanNobodyEnterAsync(DevnetFolder folder, CancellationToken cancellationToken)
    {
        var probe = CommandOf("PostgreSQL", Tools.Get("sh"), folder.LogFile("postgres-probe")) with
        {
            Arguments = ["-c", "cd \"$1\"", "sh", folder.Root],
        };
        return await ChildProcess.RunAsync(probe, cancellationToken) == 0;
    }

    /// <summary>Works in a folder beside and renames it at the end, so that a start broken off half-way leaves nothing that looks like
    /// data.</summary>
    private static async Task<PostgresData> CreateAsync(DevnetFolder folder, string path, PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var unfinished = path + ".new";
        foreach (var old in (string[])[unfinished, path])
        {
            if (Directory.Exists(old))
            {
                Directory.Delete(old, recursive: true);
            }
        }
        Directory.CreateDirectory(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (LinuxProcess.IsRoot)
        {
            await RunAsync(CommandOf("chown", Tools.Get("chown"), folder.LogFile("postgres-init")) with
            {
                Arguments = [$"nobody:{LinuxProcess.FindGroupOfNobody()}", unfinished],
                AsNobody = false,
            }, cancellationToken);
        }
        await RunAsync(CommandOf("initdb", binaries.InitDb, folder.LogFile("postgres-init")) with
        {
            // The built-in locale sorts by code point and knows Unicode's upper and lower case on every machine, whatever locales are installed.
            Arguments = ["-D", unfinished, "-U", PostgresProcess.User, "--encoding=UTF8", "--locale=C",
                "--auth-local=reject", "--auth-host=scram-sha-256", "--no-instructions", .. binaries.IsPackaged ? SinceVersion17 : []],
        }, cancellationToken);
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        folder.WriteSecret(PasswordFile, password + "\n");
        await RunAsync(CommandOf("postgres --single", binaries.Postgres, folder.LogFile("postgres-single")) with
        {
            Arguments = ["--single", "-D", unfinished, "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", "postgres"],
            StandardInput = $"ALTER ROLE {PostgresProcess.User} PASSWORD '{password}';\nCREATE DATABASE {PostgresProcess.Database};\n",
        }, cancellationToken);
        Directory.Move(unfinished, path);
        return new PostgresData(path, password);
    }

    private static async Task RunAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        await using var child = await ChildProcess.StartAsync(command, cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        if (child.ExitCode != 0)
        {
            throw new DevnetException($"{command.Name} failed: {child.ReadReason("FATAL:", "ERROR:", "error:")} (log: {command.LogFile}).");
        }
    }

    private static ChildCommand CommandOf(string name, string program, string logFile) => new()
    {
        Name = name,
        Program = program,
        LogFile = logFile,
        AsNobody = LinuxProcess.IsRoot,
        Environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(variable => variable.StartsWith("PG", StringComparison.Ordinal))
            .ToDictionary(variable => variable, string? (_) => null),
    };
}
