using System.Globalization;
using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Database;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Doctor;

/// <summary>A target on an EVM chain: the node, the chain it serves, the contract there, and whether the publisher can pay.</summary>
internal sealed class ChainCheck(
    DoctorReport report, string target, AnchorTargetOptions options, ServerOptions server, OpenedKeys keys, DatabaseCheck database, HttpClient http, TimeProvider time)
{
    // Seen: 51,000 to store a root, 25 % of margin in the limit.
    private const int GasPerAnchor = 64_000;

    private readonly string _suffix = target == AnchorStore.Primary ? "" : $" {target}";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckSignerAsync(cancellationToken);
        if (!Uri.TryCreate(options.RpcUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || !Address.TryParse(options.Registry, out var address))
        {
            report.Skip("chain" + _suffix, "RpcUrl or Registry is missing or wrong");
            return;
        }
        var node = new EvmNode(new JsonRpcClient(http, url, new JsonRpcOptions { Attempts = 1, RequestTimeout = TimeSpan.FromSeconds(5) }, time));
        try
        {
            if (await CheckChainAsync(node, cancellationToken))
            {
                await CheckContractAsync(new AnchorRegistry(node, address), cancellationToken);
                await CheckBalanceAsync(node, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is RpcUnavailableException or RpcErrorException)
        {
            report.Fault("chain" + _suffix, exception.Message, "see that the node runs and that its address, with any access key in it, is right; captures go on meanwhile, anchors wait");
        }
        catch (RegistryMismatchException exception)
        {
            report.Fault("contract" + _suffix, exception.Message, "trustchain contracts deploy prints the address for Registry; or the node has not caught up yet");
        }
    }

    /// <summary>An external signer answers and holds the key of the account that sends anchors.</summary>
    private async Task CheckSignerAsync(CancellationToken cancellationToken)
    {
        var check = "signer" + _suffix;
        if (options.ExternalSigner.Length == 0 || !Uri.TryCreate(options.ExternalSigner, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || !Address.TryParse(options.Publisher, out var publisher))
        {
            return; // There is none, or the line about the configuration names what is wrong.
        }
        try
        {
            var accounts = await new EvmNode(new JsonRpcClient(http, url, new JsonRpcOptions { Attempts = 1, RequestTimeout = TimeSpan.FromSeconds(5) }, time)).GetAccountsAsync(cancellationToken);
            if (accounts.Contains(publisher))
            {
                report.Ok(check, $"it holds the key of {publisher}");
            }
            else
            {
                report.Fault(check, $"it holds {accounts.Count} accounts, and {publisher} is not among them", "load that account's key into the signer, or correct Publisher");
            }
        }
        catch (Exception exception) when (exception is RpcUnavailableException or RpcErrorException)
        {
            report.Fault(check, exception.Message, "see that the signer runs and answers eth_accounts at ExternalSigner; captures go on meanwhile, anchors wait");
        }
    }

    private async Task<bool> CheckChainAsync(EvmNode node, CancellationToken cancellationToken)
    {
        var check = "chain" + _suffix;
        var chainId = await node.GetChainIdAsync(cancellationToken);
        if (chainId != (ulong)options.ChainId)
        {
            report.Fault(check, $"the node serves chain {chainId}, but ChainId is {options.ChainId}", "correct ChainId, or name a node of the other chain");
            return false;
        }
        var first = await node.GetBlockAsync(BlockTag.Number(0), cancellationToken) ?? throw new RpcUnavailableException("The node has no block 0.");
        var genesis = Hex.Encode(first.Hash);
        var expected = options.Genesis.Length > 0 ? options.Genesis
            : database.Connection is { } connection ? await DatabaseInspection.FindGenesisAsync(connection, target, cancellationToken)
            : null;
        if (expected is not null && expected != genesis)
        {
            report.Fault(check, $"its first block is {genesis}, not {expected}", "this is another chain of the same id: correct RpcUrl; if the chain was meant to change, set Genesis");
            return false;
        }
        report.Ok(check, $"chain {chainId}, first block {genesis}");
        var newest = await node.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new RpcUnavailableException("The node has no latest block.");
        CheckClock(newest);
        return true;
    }

    private void CheckClock(Block newest)
    {
        var age = time.GetUtcNow() - newest.Timestamp;
        var text = string.Create(CultureInfo.InvariantCulture, $"block {newest.Number} is {Math.Abs(age.TotalSeconds):0} s {(age < TimeSpan.Zero ? "ahead of" : "behind")} this machine's clock");
        if (age < TimeSpan.FromSeconds(-30))
        {
            report.Fault("clock" + _suffix, text, "this machine's clock is late, or the chain's is wrong: compare with a time server");
        }
        else if (age > TimeSpan.FromMinutes(10))
        {
            report.Warn("clock" + _suffix, text, "the node is behind its chain, the chain stands still, or this machine's clock is early");
        }
        else
        {
            report.Ok("clock" + _suffix, text);
        }
    }

    private async Task CheckContractAsync(AnchorRegistry registry, CancellationToken cancellationToken)
    {
        var check = "contract" + _suffix;
        if (await registry.GetOriginHashAsync(BlockTag.Latest, cancellationToken) != RegistryDeployment.HashOrigin(server.Origin))
        {
            report.Fault(check, $"{registry.Address} belongs to another log than \"{server.Origin}\"", "correct Registry or TrustChain:Origin; a new log needs a contract of its own (trustchain contracts deploy)");
            return;
        }
        var named = await registry.GetPublisherAsync(BlockTag.Latest, cancellationToken);
        if (keys.PublisherOf(options) is not { } publisher)
        {
            report.Skip(check, $"the publisher's key did not open; the contract takes anchors from {named}");
        }
        else if (named != publisher)
        {
            var pending = await registry.GetPendingPublisherAsync(BlockTag.Latest, cancellationToken);
            report.Fault(check, $"{registry.Address} takes anchors from {named}, but ours is {publisher}", pending == publisher
                ? "the admin has named ours already: trustchain contracts accept-publisher makes it the publisher"
                : await registry.GetAdminAsync(BlockTag.Latest, cancellationToken) is var admin && admin.IsDefault
                    ? "nobody can name another: bring the old key back, or deploy a new contract (\"A lost publisher key without an admin\" in docs/operations.md)"
                    : $"the contract's admin {admin} must name it: trustchain contracts name-publisher");
        }
        else
        {
            report.Ok(check, $"{registry.Address} is this log's and takes anchors from {publisher}");
        }
        await CheckLatestAsync(check, await registry.GetLatestAsync(BlockTag.Latest, cancellationToken), cancellationToken);
    }

    private async Task CheckLatestAsync(string check, RegistryAnchor latest, CancellationToken cancellationToken)
    {
        const string Mend = "the server would halt: see \"When the log is halted\" in docs/operations.md before anything else";
        if (latest.Size == 0)
        {
            report.Ok(check, "nothing is anchored yet");
        }
        else if (database is not { Connection: { } connection, Log: { } log })
        {
            report.Skip(check, "the log could not be read, so nothing compares with the latest anchor");
        }
        else if (latest.Size > (ulong)(log.State?.Size ?? 0))
        {
            report.Fault(check, $"it holds an anchor of {latest.Size} entries, but the database has only {log.State?.Size ?? 0}", Mend);
        }
        else if (await DatabaseInspection.FindSignedRootAsync(connection, (long)latest.Size, cancellationToken) is { } root && root != latest.Root)
        {
            report.Fault(check, $"it holds another root for {latest.Size} entries than the database", Mend);
        }
        else
        {
            report.Ok(check, $"the latest anchor has {latest.Size} of the log's {log.State?.Size ?? 0} entries");
        }
    }

    private async Task CheckBalanceAsync(EvmNode node, CancellationToken cancellationToken)
    {
        var check = "balance" + _suffix;
        if (keys.PublisherOf(options) is not { } publisher)
        {
            report.Skip(check, "the publisher is not known");
            return;
        }
        var balance = await node.GetBalanceAsync(publisher, BlockTag.Latest, cancellationToken);
        var block = await node.GetBlockAsync(BlockTag.Latest, cancellationToken);
        var price = (block?.BaseFeePerGas ?? BigInteger.Zero) + await node.GetMaxPriorityFeeAsync(cancellationToken);
        var anchors = balance / BigInteger.Max(BigInteger.One, price * GasPerAnchor);
        var perDay = (BigInteger)Math.Ceiling(TimeSpan.FromDays(1) / options.Interval);
        var coins = string.Create(CultureInfo.InvariantCulture, $"{(double)balance / 1e18:0.######} {options.Currency}");
        var text = $"{coins}, enough for {(anchors > 1_000_000 ? "more than a million" : anchors.ToString(CultureInfo.InvariantCulture))} anchors at the present price";
        if (anchors < 1)
        {
            report.Fault(check, text, $"send coins to {publisher}");
        }
        else if (anchors < perDay)
        {
            report.Warn(check, text, $"one day may take {perDay} at the set interval: send coins to {publisher}");
        }
        else
        {
            report.Ok(check, text);
        }
    }
}
