namespace TrustChain.Cli.Devices.Simulation;

/// <summary>A lifting platform on building sites: works by day but Sundays, rests at noon, charges at night, and is carried to another site now and then.</summary>
internal sealed class AerialPlatform : Machine
{
    private const double Lorry = 45; // km/h

    private readonly Battery _battery;
    private readonly double _power;
    private (double Latitude, double Longitude) _place;
    private (double Latitude, double Longitude) _site;
    private double _hours;
    private double _energy;
    private double _lifts;
    private double _busyFor;
    private bool _busy;
    private DateTime _nextMove;
    private double _alarmFor;
    private double _oil = 18;

    public AerialPlatform(Pcg random)
        : base(random)
    {
        _hours = random.Between(150, 4200);
        _power = random.Between(1.4, 2.4);
        _energy = _hours * _power * random.Between(0.95, 1.05);
        _lifts = _hours * random.Between(7, 11);
        _battery = new Battery(24, random.Between(0.82, 0.99), random.Between(0.6, 1));
        _place = _site = Somewhere(25);
    }

    /// <inheritdoc/>
    public override double[] Advance(DateTime local, double hours)
    {
        if (_nextMove == default)
        {
            _nextMove = local.Date.AddDays(Random.Next(12) + 3);
        }
        var hour = HourOf(local);
        Travel(local, hour, hours);
        var atWork = WorksLong ? Within(hour, 6, 22) : local.DayOfWeek != DayOfWeek.Sunday && (Within(hour, 7.5, 12) || Within(hour, 13, 17.5)) && _place == _site;
        if ((_busyFor -= hours) <= 0)
        {
            _busy = !_busy;
            _busyFor = _busy ? Random.Between(0.3, 1.6) : Random.Between(0.1, 0.6);
        }
        var runs = atWork && (_busy || WorksLong) && _battery.Level > 0.08;
        if (runs)
        {
            _energy += _battery.Use(hours * _power * Random.Between(0.85, 1.15));
            _hours += hours;
            _lifts += hours * Random.Between(5, 12);
        }
        if (WorksLong || Within(hour, 18, 24) || hour < 6)
        {
            _battery.Charge(hours * (WorksLong ? 1.6 : 3.2)); // On the cable.
        }
        _oil = Follow(_oil, runs ? Air(hour) + 28 : Air(hour), hours);
        _alarmFor = runs && Random.Happens(hours * 0.01) ? Random.Between(0.1, 0.5) : _alarmFor - hours;
        var crawl = runs ? 0.02 : 0;
        var seen = Seen(Move(_place, Random.Noise() * crawl, Random.Noise() * crawl));
        return [_hours, _energy, _lifts, _battery.Level * 100, _oil, runs ? 1 : 0, _alarmFor > 0 ? 1 : 0, 0, seen.Latitude, seen.Longitude];
    }

    /// <summary>To another site on a lorry, before work.</summary>
    private void Travel(DateTime local, double hour, double hours)
    {
        if (local.Date >= _nextMove && Within(hour, 5.5, 6))
        {
            _site = Move(_place, Random.Between(-12, 12), Random.Between(-12, 12));
            _nextMove = local.Date.AddDays(Random.Next(12) + 4);
        }
        if (_place != _site && Within(hour, 5.5, 7.5))
        {
            var (north, east) = ((_site.Latitude - _place.Latitude) * 111.2, (_site.Longitude - _place.Longitude) * 96);
            var left = Math.Sqrt((north * north) + (east * east));
            var share = left < Lorry * hours ? 1 : Lorry * hours / left;
            _place = share == 1 ? _site : Move(_place, north * share, east * share);
        }
    }
}
