namespace TrustChain.Cli.Devices.Simulation;

/// <summary>A bicycle with a motor: trips from morning to night, more of them when people go to work and home; charged where it sleeps. Its place is told without noise.</summary>
internal sealed class EBike : Machine
{
    private readonly Battery _battery;
    private readonly (double Latitude, double Longitude) _home;
    private readonly double _chargesBefore;
    private (double Latitude, double Longitude) _place;
    private double _kilometres;
    private double _energy;
    private double _tripFor;
    private double _speed;
    private double _heading;
    private double _alarmFor;
    private double _hours;
    private double _cells = 18;

    public EBike(Pcg random, (double Latitude, double Longitude)? town = null)
        : base(random)
    {
        _kilometres = random.Between(80, 9000);
        _energy = _kilometres * random.Between(0.0105, 0.0125);
        _hours = _kilometres / 14;
        _chargesBefore = _energy / 0.55;
        _battery = new Battery(0.6, random.Between(0.78, 0.99), random.Between(0.5, 1));
        _place = _home = Somewhere(10, town);
    }

    /// <inheritdoc/>
    public override double[] Advance(DateTime local, double hours)
    {
        var hour = HourOf(local);
        _tripFor -= hours;
        var wanted = Within(hour, 7, 9) || Within(hour, 17, 19) ? 1.1 : Within(hour, 6.5, 22) ? 0.45 : 0; // trips begun in an hour
        if (_tripFor <= 0 && _battery.Level > 0.15 && Random.Happens(Math.Min(0.9, wanted * hours)))
        {
            _tripFor = Random.Between(0.12, 0.5);
            _speed = Random.Between(11, 19);
            _heading = Homewards() + (Random.Noise() * 0.9);
        }
        var (power, cadence) = (double.NaN, double.NaN); // Nobody pedals.
        var rides = _tripFor > 0 && wanted > 0 && _battery.Level > 0.06;
        if (rides)
        {
            var way = _speed * Random.Between(0.85, 1.1) * Math.Min(hours, 0.4);
            var pace = way / Math.Min(hours, 0.4);
            (power, cadence) = (20 + (0.2 * pace * pace), 36 + (2 * pace));
            _heading += Random.Noise() * 0.25;
            _hours += hours;
            _kilometres += way;
            _energy += _battery.Use(way * Random.Between(0.0095, 0.013));
            _place = Move(_place, way * 0.9 * Math.Cos(_heading), way * 0.9 * Math.Sin(_heading));
        }
        else if (Within(hour, 22.5, 24) || hour < 5.5)
        {
            _battery.Charge(hours * 0.14);
        }
        _alarmFor = rides && Random.Happens(hours * 0.005) ? Random.Between(0.1, 0.4) : _alarmFor - hours;
        _cells = Follow(_cells, rides ? Air(hour) + 12 : Air(hour), hours);
        // The rider's come last: the template of a shared bicycle ends before them.
        return
        [
            _hours, _kilometres, _energy, _chargesBefore + _battery.Charges, _battery.Level * 100, _battery.Health * 100, _cells, rides ? 1 : 0, _alarmFor > 0 ? 1 : 0, _place.Latitude, _place.Longitude, power, cadence,
        ];
    }

    /// <summary>A heading: anywhere near home, and back from far away.</summary>
    private double Homewards()
    {
        var (north, east) = ((_home.Latitude - _place.Latitude) * 111.2, (_home.Longitude - _place.Longitude) * 96);
        return Math.Sqrt((north * north) + (east * east)) < 2 ? Random.Between(0, 2 * Math.PI) : Math.Atan2(east, north);
    }
}
