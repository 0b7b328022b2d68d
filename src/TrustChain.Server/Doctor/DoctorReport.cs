namespace TrustChain.Server.Doctor;

/// <summary>How a part stands.</summary>
internal enum FindingLevel
{
    Ok,

    /// <summary>It works, or may; somebody should look.</summary>
    Warning,

    /// <summary>The server would not start, not work, or not keep its promises.</summary>
    Fault,
}

/// <summary>One line of the report.</summary>
/// <param name="Check">The part looked at, in one word.</param>
/// <param name="Level">How it stands.</param>
/// <param name="Text">What was found; holds nothing secret.</param>
/// <param name="Mend">What to do about it; null when it is well.</param>
internal sealed record Finding(string Check, FindingLevel Level, string Text, string? Mend);

/// <summary>What was found, in the order of looking.</summary>
internal sealed class DoctorReport
{
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> Findings => _findings;

    public bool HasFault => _findings.Any(static f => f.Level == FindingLevel.Fault);

    public void Ok(string check, string text) => _findings.Add(new Finding(check, FindingLevel.Ok, text, null));

    public void Warn(string check, string text, string mend) => _findings.Add(new Finding(check, FindingLevel.Warning, text, mend));

    public void Fault(string check, string text, string mend) => _findings.Add(new Finding(check, FindingLevel.Fault, text, mend));

    /// <summary>A part that could not be looked at because of another, which has its own line.</summary>
    public void Skip(string check, string reason) => Warn(check, $"not checked: {reason}", "mend that first, and run doctor again");
}
