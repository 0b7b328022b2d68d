using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TrustChain.Evm.Keys;

/// <summary>Replaces a file so that after a crash or a power cut there is the old content or the new one, and the new one once the call has returned.</summary>
public static class DurableFile
{
    private const int OpenReadOnly = 0;
    private const int CurrentFolder = -100; // AT_FDCWD of linux/fcntl.h
    private const uint UserAndGroup = 0x18; // STATX_UID and STATX_GID of linux/stat.h
    private const int UserOffset = 20; // of stx_uid in struct statx, the same on every architecture; stx_gid follows

    /// <summary>Replaces a file, which keeps its mode. Whoever runs this owns it afterwards; but what root replaces on Linux keeps its owner, who could not read it otherwise.</summary>
    /// <param name="file">Its path; the folder is there. A file beside it, with <c>.new</c> at the end of its name, may be left behind by a crash and is overwritten the next time.</param>
    /// <param name="content">All of it.</param>
    /// <param name="likeFile">Whose mode and owner a file gets that is not there yet; null: as the system makes files.</param>
    /// <exception cref="IOException">It could not be stored; which of both contents is there is then unknown.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public static void Replace(string file, ReadOnlySpan<byte> content, string? likeFile = null)
    {
        var temporary = file + ".new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        var like = File.Exists(file) ? file : likeFile;
        if (!OperatingSystem.IsWindows() && like is not null)
        {
            options.UnixCreateMode = File.GetUnixFileMode(like);
        }
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, options))
        {
            if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && like is not null)
            {
                GiveToOwnerOf(like, stream.SafeFileHandle);
            }
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, file, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(file))!); // A file has a folder.
    }

    /// <summary>.NET tells nobody's owner.</summary>
    private static void GiveToOwnerOf(string like, SafeFileHandle file)
    {
        Span<byte> found = stackalloc byte[256]; // struct statx
        if (Stat(CurrentFolder, like, 0, UserAndGroup, ref MemoryMarshal.GetReference(found)) != 0)
        {
            throw new IOException($"The owner of {like} cannot be found: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
        var (user, group) = (BitConverter.ToUInt32(found[UserOffset..]), BitConverter.ToUInt32(found[(UserOffset + sizeof(uint))..]));
        if (Own(file, user, group) != 0)
        {
            throw new IOException($"The owner of {like} cannot be given another file: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
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

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Stat(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, ref byte found);

    [DllImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static extern int Own(SafeFileHandle file, uint user, uint group);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int handle);
}
