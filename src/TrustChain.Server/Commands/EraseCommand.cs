using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Database;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary><c>erase</c>: takes the content of one record away for good. Servers may run meanwhile.</summary>
internal static class EraseCommand
{
    private const int MaxReasonLength = 500;

    /// <summary>Whether the arguments are those of one of its forms.</summary>
    public static bool IsUsed(IReadOnlyList<string> arguments) =>
        arguments is ["erase", _, "--reason", { Length: > 0 and <= MaxReasonLength }] or ["erase", _, "--reason", { Length: > 0 and <= MaxReasonLength }, "--whole-statement"]
        && long.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <returns>0 when the content is gone, 1 when it is not, 2 when the configuration is wrong.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter errors)
    {
        var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        if (ServerOptionsValidator.FindFaultOfDatabase(options) is { } fault)
        {
            await errors.WriteLineAsync(fault);
            return 2;
        }
        await using var database = DatabaseSources.CreatePrimary(options.ConnectionString);
        try
        {
            await using (var connection = await database.OpenConnectionAsync())
            {
                if (await Migrator.ReadStateAsync(connection, CancellationToken.None) is { Missing.Count: > 0 } or { Unknown.Count: > 0 })
                {
                    await errors.WriteLineAsync("The schema is another than this program's; run trustchain-server migrate, or the program that belongs to the database.");
                    return 1;
                }
            }
            var index = long.Parse(arguments[1], CultureInfo.InvariantCulture);
            return Say(await new ErasureStore(database, TimeProvider.System).EraseAsync(index, arguments[3], arguments.Count > 4, CancellationToken.None), index, output, errors);
        }
        catch (NpgsqlException exception)
        {
            await errors.WriteLineAsync($"trustchain-server: {exception.Message}");
            return 1;
        }
    }

    private static int Say(ErasureResult result, long index, TextWriter output, TextWriter errors)
    {
        if (result is ErasureResult.Erased erased)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Erased: the content of {erased.Records} records. Backups have it still, and so has everybody who was given it."));
            if (erased.Files.Count > 0)
            {
                output.WriteLine($"So have the archive files of partition {string.Join(", ", erased.Files)}: write them anew and destroy the old ones and their copies (\"Cold storage\" in docs/operations.md).");
            }
            return 0;
        }
        errors.WriteLine(result switch
        {
            ErasureResult.NotFound => $"Entry {index} of the log is no record.",
            ErasureResult.AlreadyErased already => string.Create(CultureInfo.InvariantCulture, $"The content of entry {index} was erased on {already.At.UtcDateTime:u}."),
            ErasureResult.NeedsWholeStatement whole => string.Create(
                CultureInfo.InvariantCulture, $"Entry {index} belongs to a statement in document form, which is the content of {whole.Records} records: all of them are erased with --whole-statement, or none."),
            ErasureResult.IsTelemetry => $"Entry {index} is telemetry of a device; what was computed from it would remain, so it is not erased.",
            _ => throw new UnreachableException(),
        });
        return 1;
    }
}
