namespace TrustChain.Core.Identifiers;

/// <summary>What a reader accepts beyond, or checks beyond, the syntax of GS1 Digital Link and of element strings.</summary>
[Flags]
public enum Gs1Reading
{
    /// <summary>Exactly what the standards allow; check digits are reported, not required.</summary>
    Strict = 0,

    /// <summary>Accept the alphabetic names of Digital Link 1.1 in a path, such as gtin, lot and ser.</summary>
    ShortNames = 1,

    /// <summary>Accept a GTIN of 8, 12 or 13 digits in a Digital Link and fill it with zeros to 14.</summary>
    ShortGtin = 2,

    /// <summary>Accept application identifiers (two to four digits) that the General Specifications do not define, outside the path.</summary>
    UnknownAis = 4,

    /// <summary>With <see cref="UnknownAis"/>: accept them in the query of a Digital Link too.</summary>
    UnknownAttributes = 8,

    /// <summary>A wrong check digit of the primary key is an error.</summary>
    VerifyCheckDigit = 16,

    /// <summary>What <see cref="CanonicalDigitalLink"/> accepts in a path: <see cref="ShortNames"/> and <see cref="ShortGtin"/>.</summary>
    Lenient = ShortNames | ShortGtin,
}
