namespace TrustChain.Server.Doctor;

/// <summary>Who else on this machine may read a file that holds a secret.</summary>
internal static class SecretFile
{
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Says so when others may read or change it; nothing where modes mean nothing.</summary>
    /// <param name="report">What is added to.</param>
    /// <param name="check">The part that it belongs to.</param>
    /// <param name="file">A file that is there.</param>
    /// <param name="ifRead">What follows when somebody has read it.</param>
    public static void CheckMode(DoctorReport report, string check, string file, string ifRead)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var mode = File.GetUnixFileMode(file);
        if ((mode & (Others | UnixFileMode.GroupWrite)) != 0)
        {
            report.Fault(check, $"{file} is open to other users of this machine (mode {Octal(mode)})", $"chmod 600 {file}; if others may have read it, {ifRead}");
        }
        else if ((mode & UnixFileMode.GroupRead) != 0)
        {
            report.Warn(check, $"{file} may be read by its group (mode {Octal(mode)})", $"chmod 600 {file}, unless the group is the server's own");
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);
}
