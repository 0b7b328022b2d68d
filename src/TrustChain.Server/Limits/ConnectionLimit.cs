using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Limits;

/// <summary>Open connections of each address, so that one that opens many and sends slowly cannot take all there are.</summary>
internal sealed class ConnectionLimit(IOptions<LimitsOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, int> _open = [];
    private readonly IReadOnlyList<IPNetwork> _exempt = options.Value.ReadExempt() ?? []; // Options are validated.
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Called for each connection that is refused.</summary>
    public Action Refused { get; set; } = static () => { };

    /// <summary>Serves a connection, or closes it before anything is read.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        var key = NetworkAddress.ToKey(address);
        if (!TryEnter(key) && !NetworkAddress.IsIn(address, _exempt))
        {
            Leave(key);
            Refused();
            connection.Abort(new ConnectionAbortedException("Too many connections from one address."));
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(key);
        }
    }

    private bool TryEnter(ulong key)
    {
        lock (_lock)
        {
            _count++;
            var open = _open.GetValueOrDefault(key) + 1;
            _open[key] = open;
            return open <= options.Value.MaxConnectionsPerAddress;
        }
    }

    private void Leave(ulong key)
    {
        lock (_lock)
        {
            _count--;
            var open = _open[key] - 1;
            if (open == 0)
            {
                _open.Remove(key);
            }
            else
            {
                _open[key] = open;
            }
        }
    }
}
