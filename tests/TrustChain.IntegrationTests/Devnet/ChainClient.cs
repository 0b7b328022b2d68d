using System.Net.Http.Json;
using System.Text.Json;

namespace TrustChain.IntegrationTests.Devnet;

/// <summary>Just enough JSON-RPC to ask a chain something.</summary>
internal static class ChainClient
{
    private static readonly HttpClient Client = new();

    public static async Task<string?> CallAsync(string url, string method, object[] parameters, CancellationToken cancellationToken)
    {
        var response = await Client.PostAsJsonAsync(url, new { jsonrpc = "2.0", id = 1, method, @params = parameters }, cancellationToken);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return answer.GetProperty("result").ToString();
    }

    public static Task<string?> GetBlockNumberAsync(string url, CancellationToken cancellationToken) => CallAsync(url, "eth_blockNumber", [], cancellationToken);

    public static Task MineAsync(string url, int blocks, CancellationToken cancellationToken) => CallAsync(url, "anvil_mine", [blocks], cancellationToken);
}
