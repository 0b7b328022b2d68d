namespace TrustChain.Server.Pages.Account;

/// <summary>What a form is shown with: the hidden field against forged requests, what was typed before, and what was wrong with it.</summary>
/// <param name="TokenName">Name of the hidden field.</param>
/// <param name="Token">Its value.</param>
public sealed record FormState(string TokenName, string Token)
{
    /// <summary>What was typed, by field; never a password or code.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>What is wrong, by field; the empty name for the form as a whole.</summary>
    public IReadOnlyList<(string Field, string Message)> Errors { get; init; } = [];

    /// <summary>What was just done, as a sentence.</summary>
    public string? Done { get; init; }

    /// <summary>The first thing that is wrong with a field.</summary>
    public string? ErrorOf(string field) => Errors.FirstOrDefault(e => e.Field == field).Message;

    /// <summary>What was typed into a field.</summary>
    public string ValueOf(string field) => Values.GetValueOrDefault(field, "");
}

/// <summary>What the frame of the account's pages shows: whose they are.</summary>
/// <param name="Name">The person.</param>
/// <param name="Organisation">For which organisation they act; null when they belong to none.</param>
/// <param name="IsAdmin">Whether they administer it.</param>
/// <param name="SeesEverything">Whether they may read the acts of the whole deployment.</param>
public sealed record AccountFrame(string Name, string? Organisation, bool IsAdmin, bool SeesEverything);
