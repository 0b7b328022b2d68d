using System.Globalization;
using System.Text.Json;
using TrustChain.Server.Accounts;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Turns forms about grants into the requests that programs send, so that both go one way.</summary>
internal static class GrantForms
{
    /// <summary>The terms that a form says, in the shape of the interface for programs.</summary>
    public static object Terms(IFormCollection typed)
    {
        string[] scope = typed["scope"].ToString() switch { "all" => ["all"], "position" => ["operation", "position"], _ => ["operation"] };
        var precision = scope is ["operation"] ? "none" : typed["precision"] == "exact" ? "exact" : "coarse";
        return new { purpose = typed["purpose"].ToString(), scope, precision, from = typed["from"].ToString(), until = typed["until"].ToString() };
    }

    /// <summary>Names of the fields whose text is no day.</summary>
    public static IEnumerable<string> FindWrongDays(IFormCollection typed) =>
        ((string[])["from", "until"]).Where(name => !DateOnly.TryParseExact(typed[name], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));

    /// <summary>A request with a body.</summary>
    public static HttpRequest Request(AccountContext context, object body)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body);
        return new DefaultHttpContext
        {
            RequestServices = context.Http.RequestServices,
            Request = { Method = HttpMethods.Post, ContentType = "application/json", ContentLength = bytes.Length, Body = new MemoryStream(bytes) },
        }.Request;
    }
}
