namespace TrustChain.Cli.Devices.Simulation;

/// <summary>A station among trees: weather of the season, rain, soil that dries, water in the morning when it is dry, and a battery that the sun charges.</summary>
internal sealed class Orchard : Machine
{
    private readonly Battery _battery = new(0.05, 0.95, 0.9);
    private readonly (double Latitude, double Longitude) _place;
    private DateTime _day;
    private double _soil = 16;
    private double _weather;
    private double _rainFrom;
    private double _rainHours;
    private double _clouds;
    private double _moisture;
    private double _litres;
    private bool _waters;

    public Orchard(Pcg random)
        : base(random)
    {
        _moisture = random.Between(22, 34);
        _place = Move((26.58, 118.74), random.Between(-2, 2), random.Between(-2, 2));
        _litres = random.Between(1000, 90_000);
    }

    /// <inheritdoc/>
    public override double[] Advance(DateTime local, double hours)
    {
        if (local.Date != _day)
        {
            _day = local.Date;
            _weather = (0.75 * _weather) + (Random.Noise() * 1.6);
            (_rainFrom, _rainHours) = Random.Happens(0.24) ? (Random.Between(0, 20), Random.Between(1, 7)) : (0, 0);
            _clouds = _rainHours > 0 ? Random.Between(0.6, 0.9) : Random.Between(0, 0.6);
        }
        var hour = HourOf(local);
        var sun = Within(hour, 6, 18) ? Math.Sin((hour - 6) / 12 * Math.PI) * (1 - _clouds) : 0;
        var season = 17 + (11 * Math.Sin((local.DayOfYear - 110) / 365.25 * 2 * Math.PI));
        var temperature = season + _weather - 3 + (8 * sun * (1 - (_clouds / 2))) + (2 * Math.Sin((hour - 9) / 24 * 2 * Math.PI)) + (Random.Noise() * 0.15);
        _moisture += Within(hour, _rainFrom, _rainFrom + _rainHours) ? hours * 1.6 : 0;
        _moisture -= hours * (0.02 + (Math.Max(0, temperature) * 0.003) + (sun * 0.08));
        _waters = Within(hour, 5, 7) && (_moisture < 21 || (_waters && _moisture < 30));
        if (_waters)
        {
            _litres += hours * Random.Between(1150, 1250);
            _moisture += hours * 3.4;
        }
        _moisture = Math.Clamp(_moisture, 6, 44);
        _battery.Use(hours * 0.0004);
        _battery.Charge(hours * sun * 0.003);
        _soil += (temperature - _soil) * Math.Min(1, 0.06 * hours);
        var humidity = Math.Clamp(88 - (2.2 * (temperature - season)) - (25 * sun) + (Random.Noise() * 0.6), 12, 100);
        var seen = Seen(_place);
        return
        [
            temperature, _soil + (Random.Noise() * 0.05), humidity, _moisture + (Random.Noise() * 0.08), sun * 95_000, _litres, _waters ? 1 : 0, temperature < 2 ? 1 : 0, _battery.Level * 100,
            seen.Latitude, seen.Longitude,
        ];
    }
}
