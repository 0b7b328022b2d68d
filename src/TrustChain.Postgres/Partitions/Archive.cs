using TrustChain.Core.Log;

namespace TrustChain.Postgres.Partitions;

/// <summary>A partition and, if it was ever written out, its newest file.</summary>
public sealed record ArchivedPartition
{
    public required int Number { get; init; }

    /// <summary>First id.</summary>
    public required long From { get; init; }

    /// <summary>First id after it.</summary>
    public required long Before { get; init; }

    /// <summary>Whether no new id belongs there any more, and everything of it is in the log.</summary>
    public required bool IsFull { get; init; }

    /// <summary>Bytes that its tables and indexes take; 0 in cold storage.</summary>
    public required long SizeBytes { get; init; }

    public required ArchiveFile? File { get; init; }

    /// <summary>Since when the file alone has the content; null: the database has it.</summary>
    public required DateTimeOffset? DroppedAt { get; init; }

    /// <summary>Records erased since the file was written, whose content the file still has.</summary>
    public required long ErasedSince { get; init; }
}

/// <summary>A file with the content of a partition.</summary>
/// <param name="Location">Where the operator says that it is kept.</param>
/// <param name="Sha256">Of the whole file.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Counts">What it holds.</param>
/// <param name="ExportedAt">When it was written.</param>
public sealed record ArchiveFile(string Location, Hash32 Sha256, long SizeBytes, ArchiveCounts Counts, DateTimeOffset ExportedAt);

/// <summary>Rows of a partition.</summary>
public sealed record ArchiveCounts(long Statements, long Events, long Measures);

/// <summary>What the first line of a file says.</summary>
public sealed record ArchiveHeader(string Origin, int Partition, long From, long Before);

/// <summary>Where content is that the database does not have.</summary>
public sealed record ColdArchive(int Partition, string Location, Hash32 Sha256, DateTimeOffset DroppedAt);

/// <summary>An archive cannot be written, dropped or brought back; the message says why and what to do. Nothing was changed.</summary>
public sealed class ArchiveException(string message) : Exception(message);
