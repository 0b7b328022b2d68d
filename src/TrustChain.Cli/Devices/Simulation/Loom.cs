namespace TrustChain.Cli.Devices.Simulation;

/// <summary>An air-jet loom: two shifts but Sundays, stops when a thread breaks, stands at night.</summary>
internal sealed class Loom : Machine
{
    private const double PicksPerMetre = 2400;

    private readonly double _speed;
    private readonly double _power;
    private double _hours;
    private double _picks;
    private double _energy;
    private double _stopFor;
    private double _motor = 20;

    public Loom(Pcg random)
        : base(random)
    {
        _speed = random.Between(520, 680);
        _power = random.Between(2.6, 3.4);
        _hours = random.Between(500, 20_000);
        _picks = _hours * 60 * _speed * 0.97;
        _energy = _hours * _power;
    }

    /// <inheritdoc/>
    public override double[] Advance(DateTime local, double hours)
    {
        var hour = HourOf(local);
        var shift = local.DayOfWeek != DayOfWeek.Sunday && (Within(hour, 6, 11.5) || Within(hour, 12, 18) || Within(hour, 18.5, 22));
        _stopFor -= hours;
        if (shift && _stopFor <= 0 && Random.Happens(Math.Min(0.5, hours * 0.9)))
        {
            _stopFor = Random.Between(0.03, 0.2);
        }
        var runs = shift && _stopFor <= 0;
        _motor = Follow(_motor, runs ? Air(hour) + 45 : Air(hour), hours);
        if (runs)
        {
            _hours += hours;
            _picks += (_speed + (Random.Noise() * 1.5)) * 60 * hours;
            _energy += hours * _power * Random.Between(0.97, 1.03);
        }
        return [_hours, _energy, _picks, _picks / PicksPerMetre, _motor, runs ? 1 : 0, shift && _stopFor > 0 ? 1 : 0, 0];
    }
}
