using System.Globalization;
using TrustChain.Postgres.Database;

namespace TrustChain.Server.Doctor;

/// <summary>Free space where something is written: the database's folder when it is on this machine, and the folder for temporary files.</summary>
internal static class DiskCheck
{
    private const long Gibibyte = 1L << 30;

    public static void Run(DoctorReport report, DatabaseServer? database, bool isLocal)
    {
        CheckFolder(report, "temporary files", Path.GetTempPath(), Gibibyte / 8, Gibibyte / 2);
        if (database is null)
        {
            report.Skip("disk", "the database did not say where its data are");
            return;
        }
        if (isLocal && database.DataFolder is { } folder && Directory.Exists(folder))
        {
            CheckFolder(report, "database", folder, Gibibyte, Math.Max(10 * Gibibyte, database.SizeBytes / 5));
            return;
        }
        report.Ok("disk", $"the database takes {Format(database.SizeBytes)}; free space on its own machine cannot be seen from here: watch it there");
    }

    private static void CheckFolder(DoctorReport report, string what, string folder, long least, long comfortable)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var text = $"{Format(free)} free for the {what} in {folder}";
        if (free < least)
        {
            report.Fault("disk", text, "make room before anything else: a full disk stops captures");
        }
        else if (free < comfortable)
        {
            report.Warn("disk", text, $"keep {Format(comfortable)} or more free");
        }
        else
        {
            report.Ok("disk", text);
        }
    }

    public static string Format(long bytes) => bytes >= Gibibyte
        ? string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / Gibibyte:0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / (1 << 20):0} MiB");
}
