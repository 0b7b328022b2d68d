using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TrustChain.Evm.Keys;

/// <summary>Replaces a file so that after a crash or a power cut there is the old content or the new one, and the new one once the call has returned.</summary>
public static class DurableFile
{
    private const int OpenReadOnly = 0;

    /// <summary>Replaces a file, which keeps its mode; whoever runs this owns it afterwards.</summary>
    /// <param name="file">Its path; the folder is there. A file beside it, with <c>.new</c> at the end of its name, may be left behind by a crash and is overwritten the next time.</param>
    /// <param name="content">All of it.</param>
    /// <param name="likeFile">Whose mode a file gets that is not there yet; null: as the system makes files.</param>
    /// <exception cref="IOException">It could not be stored; which of both contents is there is then unknown.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public static void Replace(string file, ReadOnlySpan<byte> content, string? likeFile = null)
    {
        var temporary = file + ".new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows() && (File.Exists(file) ? file : likeFile) is { } like)
        {
            options.UnixCreateMode = File.GetUnixFileMode(like);
        }
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, file, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(file))!); // A file has a folder.
    }

    /// <summary>The new name is on the disk only when its folder is. .NET does not open folders.</summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names by itself.
        }
        var handle = Open(folder, OpenReadOnly);
        if (handle < 0)
        {
            throw new IOException($"{folder} cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
        try
        {
            if (Flush(handle) != 0)
            {
                throw new IOException($"{folder} cannot be stored: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(int handle);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int handle);
}
