namespace TrustChain.Core.Devices;

/// <summary>What the encrypted places of a day amount to for who has keys. Beside the day, and no part of it: the day's bytes are the same for who has none.</summary>
/// <param name="Encrypted">How many positions of the day are encrypted.</param>
/// <param name="Read">How many of these were read.</param>
/// <param name="IsComplete">Whether all were read, and those of the statement before too, with which the first is compared.</param>
/// <param name="Findings">What the checks of places find in those that were read, in the order of time.</param>
/// <param name="MoreFindings">How many findings there are beyond the first 20 of a code.</param>
/// <param name="Places">Where its statements began and ended, as far as that was read: each place once, at most <see cref="MaxPlaces"/>, where it was last at the end.</param>
public sealed record DayPlaces(int Encrypted, int Read, bool IsComplete, IReadOnlyList<Finding> Findings, int MoreFindings, IReadOnlyList<RoughPlace> Places)
{
    /// <summary>Most places of a day.</summary>
    public const int MaxPlaces = 100;

    /// <summary>Judges the places of a day as if they were open.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="day">The day.</param>
    /// <param name="before">The last statements of all days before.</param>
    /// <param name="statements">The day's statements, in any order. Imported ones have no encrypted measure and are left out.</param>
    /// <param name="places">What was read, by record; a statement that is not there was not read.</param>
    public static DayPlaces Judge(
        DeviceTemplate template, DateOnly day, StatementsBefore before, IReadOnlyList<StatementFacts> statements, IReadOnlyDictionary<long, StatementPlaces> places)
    {
        var earlier = before.Own is { } own ? Open(own) : null;
        var (judged, findings, more) = new DayBuilder(template, day, earlier, [.. statements.Where(static s => !s.Imported).Select(Open)], null).JudgePlaceAlone();
        var (encrypted, read) = (judged.Sum(Encrypted), judged.Sum(Read));
        return new DayPlaces(encrypted, read, read == encrypted && (earlier is null || Read(earlier) == Encrypted(earlier)), findings, more, List(judged));

        StatementFacts Open(StatementFacts statement) => statement with { Summary = statement.Summary.WithPosition(places.GetValueOrDefault(statement.RecordId)?.Position) };

        int Encrypted(StatementFacts statement) => statement.Summary.Measure(template.Lookup.Latitude).Count;

        int Read(StatementFacts statement) => places.GetValueOrDefault(statement.RecordId)?.Read ?? 0;
    }

    private static IReadOnlyList<RoughPlace> List(IReadOnlyList<StatementFacts> statements) => Join(statements
        .OrderBy(static s => s.Summary.From).ThenBy(static s => s.KeyNumber).ThenBy(static s => s.Sequence)
        .Select(static s => s.Summary.Position).OfType<PositionSummary>().SelectMany(static p => new[] { RoughPlace.Of(p.First), RoughPlace.Of(p.Last) }));

    /// <summary>Places in the order in which they were last left, each once; of too many the last ones.</summary>
    /// <param name="places">In the order of time.</param>
    public static IReadOnlyList<RoughPlace> Join(IEnumerable<RoughPlace> places) => [.. places.Reverse().Distinct().Take(MaxPlaces).Reverse()];
}
