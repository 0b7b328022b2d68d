using System.Globalization;
using Npgsql;

namespace TrustChain.Server.Hosting;

/// <summary>Connections to the database: to the primary, wherever it is, and to each of several hosts by itself.</summary>
internal static class DatabaseSources
{
    /// <summary>Of several hosts, the one that takes writes, also after another has taken over.</summary>
    public static NpgsqlDataSource CreatePrimary(string connectionString)
    {
        var source = Prepare(connectionString, "trustchain");
        return HostsOf(connectionString).Count > 1 ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : source.Build();
    }

    /// <summary>One host alone, to be read from while it is a standby. One that says nothing is given up soon, since the primary can be asked instead.</summary>
    public static NpgsqlDataSource CreateStandby(string connectionString, string host)
    {
        var source = Prepare(connectionString, $"trustchain standby {host}");
        Name(source.ConnectionStringBuilder, host);
        source.ConnectionStringBuilder.Timeout = Math.Min(source.ConnectionStringBuilder.Timeout, 3);
        source.ConnectionStringBuilder.CommandTimeout = 5;
        return source.Build();
    }

    /// <summary>Makes a connection string one of a single host.</summary>
    public static void Name(NpgsqlConnectionStringBuilder settings, string host)
    {
        var colon = host.LastIndexOf(':');
        // Colons elsewhere belong to an IPv6 address; behind its bracket stands a port again.
        var hasPort = colon > 0 && (host.IndexOf(':', StringComparison.Ordinal) == colon || host[colon - 1] == ']');
        settings.Host = hasPort ? host[..colon] : host;
        settings.Port = hasPort ? int.Parse(host.AsSpan(colon + 1), CultureInfo.InvariantCulture) : settings.Port;
        settings.TargetSessionAttributes = null;
    }

    /// <summary>The hosts of a connection string, each with its port where one is given.</summary>
    public static IReadOnlyList<string> HostsOf(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static NpgsqlDataSourceBuilder Prepare(string connectionString, string name)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        source.ConnectionStringBuilder.ApplicationName ??= "trustchain-server";
        source.ConnectionStringBuilder.MaxAutoPrepare = 200; // few distinct statements, each run often
        source.ConnectionStringBuilder.NoResetOnClose = true; // nothing here sets anything for a session
        // Each statement is written for the one index it is to use, so a plan for its values would be the same and cost ten times what running it costs.
        // A server that is halted, or whose machine is gone, loses its open transactions after a while: others wait for what those hold. In the middle of a COPY
        // nothing ends its session, so nobody waits without limit.
        source.ConnectionStringBuilder.Options ??= "-c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=15s -c lock_timeout=10s";
        // A commit waits without limit, so a machine that is gone must be noticed by the connection itself.
        source.ConnectionStringBuilder.TcpKeepAlive = true;
        source.ConnectionStringBuilder.TcpKeepAliveTime = 30;
        source.ConnectionStringBuilder.TcpKeepAliveInterval = 10;
        source.Name = name; // names the pool in metrics, in place of the connection string
        source.UseLoggerFactory(null); // commands carry content; nothing of it belongs in a log
        return source;
    }
}
