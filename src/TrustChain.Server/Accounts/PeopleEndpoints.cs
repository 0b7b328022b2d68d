using Microsoft.AspNetCore.Identity;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>What the deployment's admins do with accounts: shut one, open it again, and turn one-time codes off that are lost.</summary>
internal static class PeopleEndpoints
{
    public static void MapPeople(this IEndpointRouteBuilder app)
    {
        var people = app.MapGroup("/api/people/{login}").WithTags("People").RequireAdmin();
        people.MapPost("/disable", DisableAsync).WithSummary("Shuts an account: it is signed out everywhere and signs in no more.");
        people.MapPost("/codes-off", TurnCodesOffAsync).WithSummary("Turns the one-time codes of somebody off who has lost them: the password alone signs in again. The account is signed out everywhere.");
        people.MapPost("/enable", EnableAsync).WithSummary("Opens an account again that was shut, or locked after failed attempts.");
    }

    private static Task<IResult> DisableAsync(
        string login, HttpContext context, UserManager<Person> users, SessionStore sessions, AuditStore audit, TimeProvider time) =>
        ChangeAsync(login, context, "person-disabled", users, sessions, audit, person => person.DisabledAt ??= time.GetUtcNow());

    private static Task<IResult> EnableAsync(string login, HttpContext context, UserManager<Person> users, SessionStore sessions, AuditStore audit) =>
        ChangeAsync(login, context, "person-enabled", users, sessions, audit, static person => (person.DisabledAt, person.LockedUntil, person.FailedCount) = (null, null, 0));

    private static Task<IResult> TurnCodesOffAsync(string login, HttpContext context, UserManager<Person> users, SessionStore sessions, AuditStore audit) =>
        ChangeAsync(login, context, "person-codes-off", users, sessions, audit, static person => (person.TwoFactor, person.AuthenticatorKey, person.RecoveryCodes) = (false, null, []));

    private static async Task<IResult> ChangeAsync(
        string login, HttpContext context, string act, UserManager<Person> users, SessionStore sessions, AuditStore audit, Action<Person> change)
    {
        if (login.Length > 100 || await users.FindByNameAsync(login) is not { } person)
        {
            return Problems.NotFound("person");
        }
        change(person);
        if (!(await users.UpdateAsync(person)).Succeeded)
        {
            return Problems.Create(409, ProblemCodes.ChangedMeanwhile, "The account changed at the same moment; try again.");
        }
        await sessions.EndAllAsync(person.Id, null, CancellationToken.None); // What was begun is ended, also when nobody waits for the answer.
        await audit.AddAsync(context.Act(null, act, person.Login), CancellationToken.None);
        return Results.NoContent();
    }
}
