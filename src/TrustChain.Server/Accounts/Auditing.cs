using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>Says in an audit entry who did something and from where.</summary>
internal static class Auditing
{
    private const int MaxSubject = 500;

    private static readonly object SubjectItem = new();

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

    /// <summary>Writes an act of this route down when its answer says that it was done, on what <see cref="Concerning"/> named, or else the route's own values.</summary>
    public static RouteHandlerBuilder Audited(this RouteHandlerBuilder route, string act) => route.AddEndpointFilter(async (invocation, next) =>
    {
        var (context, answer) = (invocation.HttpContext, await next(invocation));
        if (answer is not IStatusCodeHttpResult { StatusCode: >= 400 })
        {
            var subject = context.Items[SubjectItem] as string ?? string.Join('/', context.Request.RouteValues.Values);
            await context.RequestServices.GetRequiredService<AuditStore>().AddAsync(
                context.Act(Caller.Of(context).Organisation, act, subject.Length > MaxSubject ? subject[..MaxSubject] : subject), CancellationToken.None);
        }
        return answer;
    });

    /// <summary>Names what an audited act is on: an identifier, never a secret.</summary>
    public static void Concerning(this HttpContext context, string subject) => context.Items[SubjectItem] = subject;

    /// <summary>The network address a request comes from.</summary>
    public static string Address(this HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
}
