namespace TrustChain.Core.Identifiers;

/// <summary>
/// The modulo-10 check digit of GS1 keys (GS1 General Specifications, section 7.9.1): counted from the digit left of the check digit, weights alternate 3, 1.
/// </summary>
public static class CheckDigit
{
    /// <summary>Whether the last digit is the check digit of those before it.</summary>
    /// <param name="digits">The whole key or numeric part, ASCII digits, check digit last.</param>
    /// <returns>False also for fewer than two characters and for anything but ASCII digits.</returns>
    public static bool IsValid(ReadOnlySpan<char> digits)
    {
        return digits.Length >= 2 && TryCompute(digits[..^1], out var expected) && digits[^1] == expected;
    }

    /// <summary>The check digit, '0' to '9', to put after these digits.</summary>
    /// <param name="digitsWithoutCheck">At least one ASCII digit.</param>
    /// <exception cref="ArgumentException">The span is empty or holds anything but ASCII digits.</exception>
    public static char Compute(ReadOnlySpan<char> digitsWithoutCheck)
    {
        return digitsWithoutCheck.Length > 0 && TryCompute(digitsWithoutCheck, out var check)
            ? check
            : throw new ArgumentException("A check digit is computed over one or more ASCII digits.", nameof(digitsWithoutCheck));
    }

    private static bool TryCompute(ReadOnlySpan<char> digits, out char check)
    {
        // Sums of the two weight classes; which one weighs 3 is settled by the parity of the length.
        uint odd = 0;
        uint even = 0;
        foreach (var character in digits)
        {
            var digit = (uint)character - '0';
            if (digit > 9)
            {
                check = default;
                return false;
            }
            (odd, even) = (even + digit, odd);
        }
        // After the last step "odd" holds every second digit counted from the right end, including that end.
        check = (char)('0' + ((10 - (((odd * 3) + even) % 10)) % 10));
        return true;
    }
}
