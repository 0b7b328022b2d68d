using System.Globalization;

namespace TrustChain.Postgres.Partitions;

/// <summary>The tables of one partition, as SQL. Numbers and ids are the only values in it.</summary>
internal static class PartitionTables
{
    /// <summary>Tables that are partitioned, in the order in which a capture writes them.</summary>
    public static readonly IReadOnlyList<string> Names = ["statement_body", "event_body", "record_measure"];

    /// <summary>Makes the tables of a partition without indexes; attaching makes those.</summary>
    public static string Create(int number) => string.Concat(Names.Select(name => string.Create(
        CultureInfo.InvariantCulture, $"create table {name}_p{number} (like {name} including defaults including storage including compression);\n"))) + Trigger(number);

    /// <summary>Makes tables that are filled before they are attached: with indexes, and a constraint that spares attaching to read them, so that its lock is short.</summary>
    public static string CreateToFill(int number, long from, long before) => string.Concat(Names.Select(name => string.Create(
        CultureInfo.InvariantCulture,
        $"create table {name}_p{number} (like {name} including all, constraint content_partition_range check ({(number == 1 ? "" : $"{IdOf(name)} >= {from}::bigint and ")}{IdOf(name)} < {before}::bigint));\n"))) + Trigger(number);

    /// <summary>Drops that constraint, which the partition's own replaces.</summary>
    public static string DropConstraints(int number) => string.Concat(Names.Select(name => string.Create(
        CultureInfo.InvariantCulture, $"alter table {name}_p{number} drop constraint content_partition_range;\n")));

    /// <summary>Makes them the partition of a range.</summary>
    public static string Attach(int number, long from, long before) => string.Concat(Names.Select(name => string.Create(
        CultureInfo.InvariantCulture, $"alter table {name} attach partition {name}_p{number} for values from ({(number == 1 ? "minvalue" : from)}) to ({before});\n")));

    private static string IdOf(string name) => name == "statement_body" ? "statement_id" : "record_id";

    private static string Trigger(int number) => string.Create(
        CultureInfo.InvariantCulture, $"create trigger record_measure_append_only before update or truncate on record_measure_p{number} for each statement execute function refuse_change();\n");
}
