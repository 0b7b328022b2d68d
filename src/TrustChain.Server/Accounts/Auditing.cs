using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>Says in an audit entry who did something and from where.</summary>
internal static class Auditing
{
    /// <summary>An act of the request's caller.</summary>
    /// <param name="context">The request.</param>
    /// <param name="organisation">On whose account.</param>
    /// <param name="act">One of the words in <c>docs/accounts.md</c>.</param>
    /// <param name="subject">On what.</param>
    public static AuditAct Act(this HttpContext context, Organisation? organisation, string act, string subject) =>
        new(organisation?.Id, Caller.Of(context).Actor, act, subject, context.Address());

    /// <summary>Writes an act down when its answer says that it was done, beside the entry of the log that it left. Whoever asked may be gone by then.</summary>
    public static async Task<IResult> WriteDownAsync(this HttpContext context, AuditStore audit, Organisation organisation, string act, string subject, IResult answer)
    {
        if (answer is not IStatusCodeHttpResult { StatusCode: >= 400 })
        {
            await audit.AddAsync(context.Act(organisation, act, subject), CancellationToken.None);
        }
        return answer;
    }

    /// <summary>The network address a request comes from.</summary>
    public static string Address(this HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
}
