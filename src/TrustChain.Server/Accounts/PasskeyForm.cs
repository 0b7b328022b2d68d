namespace TrustChain.Server.Accounts;

/// <summary>What browsers send of passkeys.</summary>
internal static class PasskeyForm
{
    /// <summary>
    /// The answer of a ceremony; null where there is none under way: the cookie with its challenge is gone, was used before, is older than five minutes or of another
    /// ceremony, which ASP.NET Core Identity tells by an exception.
    /// </summary>
    public static async Task<T?> TryAsync<T>(Func<Task<T>> ceremony)
        where T : class
    {
        try
        {
            return await ceremony();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
