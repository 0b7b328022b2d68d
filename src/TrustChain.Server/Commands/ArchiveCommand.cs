using System.Globalization;
using System.Text.Json;
using Npgsql;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Partitions;
using TrustChain.Server.Doctor;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary><c>archive</c>: lists partitions, takes the content of full ones out to files, and brings it back. Servers may run meanwhile.</summary>
internal static class ArchiveCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the arguments are those of one of its forms.</summary>
    public static bool IsUsed(IReadOnlyList<string> arguments) => arguments is
        ["archive", "list"] or ["archive", "list", "--json"]
        or ["archive", "export", _, "--out", _] or ["archive", "export", _, "--out", _, "--location", _]
        or ["archive", "drop", _, "--file", _] or ["archive", "restore", _];

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration)
    {
        var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        if (ServerOptionsValidator.FindFaultOfDatabase(options) is { } fault)
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }
        await using var database = DatabaseSources.CreatePrimary(options.ConnectionString);
        try
        {
            await using (var connection = await database.OpenConnectionAsync())
            {
                if (await Migrator.ReadStateAsync(connection, CancellationToken.None) is { Missing.Count: > 0 } or { Unknown.Count: > 0 })
                {
                    await Console.Error.WriteLineAsync("The schema is another than this program's; run trustchain-server migrate, or the program that belongs to the database.");
                    return 1;
                }
            }
            return await RunAsync(arguments, new ArchiveStore(database, TimeProvider.System));
        }
        catch (Exception exception) when (exception is ArchiveException or NpgsqlException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"trustchain-server: {exception.Message}");
            return 1;
        }
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> arguments, ArchiveStore archives)
    {
        switch (arguments)
        {
            case ["archive", "list"]:
                Write(await archives.ListAsync(CancellationToken.None));
                return 0;
            case ["archive", "list", _]:
                Console.WriteLine(JsonSerializer.Serialize((await archives.ListAsync(CancellationToken.None)).Select(ToJson), Json));
                return 0;
            case ["archive", "export", var number, "--out", var path, ..]:
                var file = await archives.ExportAsync(Parse(number), Path.GetFullPath(path), arguments.Count > 5 ? arguments[6] : Path.GetFileName(path), CancellationToken.None);
                Console.WriteLine($"{file.Sha256}  {path}");
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{file.Counts.Events} events and {file.Counts.Statements} statements, {DiskCheck.Format(file.SizeBytes)}, written and read back. The database has them too; keep copies of the file before you drop them."));
                return 0;
            case ["archive", "drop", var number, "--file", var path]:
                var partition = await archives.DropAsync(Parse(number), Path.GetFullPath(path), CancellationToken.None);
                Console.WriteLine($"Partition {partition.Number} is in cold storage; {DiskCheck.Format(partition.SizeBytes)} are free. Only the file has its content now.");
                return 0;
            case ["archive", "restore", var path]:
                var (restored, leftOut) = await archives.RestoreAsync(Path.GetFullPath(path), CancellationToken.None);
                Console.WriteLine($"Partition {restored} is back.");
                if (leftOut > 0)
                {
                    Console.WriteLine($"{leftOut} events and statements that were erased meanwhile were left out. The file still has them: export the partition again, then destroy this file and its copies.");
                }
                return 0;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void Write(IReadOnlyList<ArchivedPartition> partitions)
    {
        foreach (var p in partitions)
        {
            var state = p.DroppedAt is { } since ? string.Create(CultureInfo.InvariantCulture, $"in cold storage since {since:u}")
                : p.IsFull ? "full" : "in use";
            var file = p.File is { } f ? $", file {f.Location} of {f.ExportedAt.UtcDateTime:u}, SHA-256 {f.Sha256}" : "";
            var erased = p.ErasedSince > 0 ? $", {p.ErasedSince} records erased since: the file must be written anew" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{p.Number,4}  ids {p.From} to {p.Before - 1}, {DiskCheck.Format(p.SizeBytes)}, {state}{file}{erased}"));
        }
    }

    private static object ToJson(ArchivedPartition p) => new
    {
        number = p.Number,
        from = p.From,
        before = p.Before,
        full = p.IsFull,
        sizeBytes = p.SizeBytes,
        droppedAt = p.DroppedAt,
        erasedSince = p.ErasedSince,
        file = p.File is { } f
            ? new { location = f.Location, sha256 = f.Sha256.ToHex(), sizeBytes = f.SizeBytes, statements = f.Counts.Statements, events = f.Counts.Events, measures = f.Counts.Measures, exportedAt = f.ExportedAt }
            : null,
    };

    private static int Parse(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new ArchiveException($"\"{number}\" is no number of a partition; see archive list.");
}
