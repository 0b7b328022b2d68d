namespace TrustChain.Core.Identifiers;

/// <summary>One element of a GS1 element string.</summary>
/// <param name="Ai">Application identifier, two to four digits, such as "01".</param>
/// <param name="Value">Data field without any escaping.</param>
public readonly record struct ElementValue(string Ai, string Value);
