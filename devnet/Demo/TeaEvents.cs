using System.Globalization;
using System.Text.Json.Nodes;

namespace TrustChain.Devnet.Demo;

/// <summary>A signed statement of the demo: one organisation's events, told together.</summary>
/// <param name="Name">Name of the step; with several events, of the first one, the others being numbered from 2.</param>
/// <param name="By">Who says it.</param>
/// <param name="Events">The events.</param>
internal sealed record TeaStep(string Name, TeaOrganisation By, params IReadOnlyList<JsonObject> Events);

/// <summary>
/// The events of the tea demo as EPCIS 2.0. 210 kg of leaf become 46.2 kg of tea; the commissioning of the made tea is not here, because the factory has
/// the service record and sign that step.
/// </summary>
internal sealed class TeaEvents(int season, TeaItems items)
{
    public const string Fertilising = "fertilising";
    public const string PluckingYunwu = "plucking-yunwu";
    public const string Drying = "drying";
    public const string Inspecting = "inspecting";
    public const string Transporting = "transporting";

    private const string StepPrefix = "urn:trustchain:tea:step:";

    private readonly EventWriter _write = new(season);

    /// <summary>Up to the made tea.</summary>
    public IEnumerable<TeaStep> Growing()
    {
        yield return new(Fertilising, TeaOrganisations.Yunwu, Observe(
            Place("02-24T08:20", StepPrefix + "fertilising", "in_progress", TeaOrganisations.Yunwu, 1, "云雾山东坡三号园 East Slope Plot 3"), items.YunwuLeaf, 126m,
            "菜籽饼肥，每亩一百二十千克 Rapeseed cake, 1.8 t per hectare"));
        yield return new(PluckingYunwu, TeaOrganisations.Yunwu, Pluck(
            Place("03-28T06:40", StepPrefix + "plucking", "active", TeaOrganisations.Yunwu, 1, "云雾山东坡三号园 East Slope Plot 3"), items.YunwuLeaf, 126m,
            "一芽一叶，手工采摘 One bud and one leaf, by hand", TeaItems.Variety,
            EventWriter.Sensor("03-28T06:40", season, ("Temperature", 13.6m, "CEL"), ("RelativeHumidity", 86m, "P1"))));
        yield return new("plucking-longxi", TeaOrganisations.Longxi, Pluck(
            Place("03-28T07:15", StepPrefix + "plucking", "active", TeaOrganisations.Longxi, 1, "龙溪北岸茶园 North Bank Garden"), items.LongxiLeaf, 84m,
            "一芽一叶，手工采摘 One bud and one leaf, by hand", "鸠坑群体种 Jiukeng landrace",
            EventWriter.Sensor("03-28T07:15", season, ("Temperature", 14.9m, "CEL"), ("RelativeHumidity", 79m, "P1"))));
    }

    /// <summary>At the factory, from leaf to tea.</summary>
    public IEnumerable<TeaStep> Making()
    {
        yield return Transform("withering", "03-28T21:30", 1, "萎凋间 Withering room",
            [(items.YunwuLeaf, 126m), (items.LongxiLeaf, 84m)], (items.Withered, 151.2m), "摊青九小时 Spread for nine hours",
            EventWriter.Sensor("03-28T13:00", season, ("Temperature", 21.4m, "CEL"), ("RelativeHumidity", 72m, "P1")),
            EventWriter.Sensor("03-28T18:00", season, ("Temperature", 22.1m, "CEL"), ("RelativeHumidity", 68m, "P1")));
        yield return Transform("fixing", "03-29T00:10", 2, "杀青车间 Fixing line", [(items.Withered, 151.2m)], (items.Fixed, 105.6m), "滚筒杀青 Drum fixing",
            EventWriter.Sensor("03-28T23:20", season, ("Temperature", 268m, "CEL"), ("Time", 4m, "MIN")));
        yield return Transform("rolling", "03-29T01:30", 3, "揉捻车间 Rolling line", [(items.Fixed, 105.6m)], (items.Rolled, 105m), "轻揉 Light rolling",
            EventWriter.Sensor("03-29T01:00", season, ("Temperature", 24.3m, "CEL"), ("Time", 25m, "MIN")));
        yield return Transform(Drying, "03-29T05:45", 4, "烘干车间 Drying line", [(items.Rolled, 105m)], (items.MadeTea, 46.2m), "两次烘干，含水率百分之五点二 Dried twice, to 5.2 % water",
            EventWriter.Sensor("03-29T02:30", season, ("Temperature", 118m, "CEL"), ("Time", 18m, "MIN")),
            EventWriter.Sensor("03-29T05:00", season, ("Temperature", 82m, "CEL"), ("Time", 45m, "MIN")));
    }

    /// <summary>From the laboratory to the sale.</summary>
    /// <param name="report">Digest of the inspection report.</param>
    public IEnumerable<TeaStep> Selling(string report)
    {
        var inspected = Observe(
            Place("04-02T10:00", "inspecting", "conformant", TeaOrganisations.Laboratory, 1, "清源检验所理化室 Physics and chemistry room"), items.MadeTea, 0.5m,
            "水分、灰分、农残七十一项，均合格 Water, ash, 71 pesticides: all within limits");
        inspected["tc:document"] = new JsonArray(report);
        inspected["sensorElementList"] = new JsonArray(EventWriter.Sensor("04-02T09:30", season, ("Temperature", 20m, "CEL"), ("RelativeHumidity", 45m, "P1")));
        yield return new(Inspecting, TeaOrganisations.Laboratory, inspected);

        yield return new("packing", TeaOrganisations.Factory, [.. items.Tins.Select((tin, i) =>
        {
            var e = Place($"04-12T09:{i:00}", "packing", "container_closed", TeaOrganisations.Factory, 5, "包装间 Packing room", "AggregationEvent", "ADD");
            e["parentID"] = tin;
            e["childQuantityList"] = new JsonArray(EventWriter.Quantity(items.MadeTea, 0.1m));
            return e;
        })]);
        yield return new("casing", TeaOrganisations.Factory, Aggregate("04-13T14:10", "packing", "ADD", "container_closed", TeaOrganisations.Factory, 5, "包装间 Packing room"));
        yield return new("shipping", TeaOrganisations.Factory, Trade(
            "04-14T08:30", "shipping", "in_transit", TeaOrganisations.Factory, 6, "松岚茶厂发货台 Loading bay", ("po", TeaOrganisations.Shop, "PO"), ("desadv", TeaOrganisations.Factory, "DA")));
        yield return new(Transporting, TeaOrganisations.Carrier, Transport());
        yield return new("receiving", TeaOrganisations.Shop, Trade(
            "04-16T11:05", "receiving", "in_progress", TeaOrganisations.Shop, 1, "一盏茶铺后仓 Back room", ("desadv", TeaOrganisations.Factory, "DA"), ("recadv", TeaOrganisations.Shop, "RA")));
        yield return new("unpacking", TeaOrganisations.Shop, Aggregate("04-16T15:20", "unpacking", "DELETE", "sellable_not_accessible", TeaOrganisations.Shop, 1, "一盏茶铺后仓 Back room"));
        var sold = Place("04-20T16:45", "retail_selling", "retail_sold", TeaOrganisations.Shop, 2, "一盏茶铺 Shop floor", "ObjectEvent", "OBSERVE");
        sold["epcList"] = new JsonArray(items.Tins[0]);
        yield return new("selling", TeaOrganisations.Shop, sold);
    }

    private JsonObject Place(
        string time, string step, string disposition, TeaOrganisation organisation, int place, string name, string type = "ObjectEvent", string action = "OBSERVE") =>
        _write.Event(type, action, time, step, disposition, TeaItems.Place(organisation, place), name);

    private static JsonObject Pluck(JsonObject e, string lot, decimal kilograms, string note, string variety, JsonObject sensor)
    {
        e["action"] = "ADD";
        e["quantityList"] = new JsonArray(EventWriter.Quantity(lot, kilograms));
        e["ilmd"] = new JsonObject { ["tc:name"] = "茶鲜叶 Fresh tea leaf", ["tc:origin"] = TeaItems.Origin, ["tc:variety"] = variety };
        e["sensorElementList"] = new JsonArray(sensor);
        e["tc:note"] = note;
        return e;
    }

    private static JsonObject Observe(JsonObject e, string lot, decimal kilograms, string note)
    {
        e["quantityList"] = new JsonArray(EventWriter.Quantity(lot, kilograms));
        e["tc:note"] = note;
        return e;
    }

    private TeaStep Transform(
        string name, string time, int place, string placeName, IEnumerable<(string Lot, decimal Kilograms)> inputs, (string Lot, decimal Kilograms) output, string note, params JsonObject[] sensors)
    {
        var e = _write.Event("TransformationEvent", null, time, StepPrefix + name, "in_progress", TeaItems.Place(TeaOrganisations.Factory, place), placeName);
        e["inputQuantityList"] = new JsonArray([.. inputs.Select(static i => EventWriter.Quantity(i.Lot, i.Kilograms))]);
        e["outputQuantityList"] = new JsonArray(EventWriter.Quantity(output.Lot, output.Kilograms));
        e["sensorElementList"] = new JsonArray([.. sensors]);
        e["tc:note"] = note;
        return new TeaStep(name, TeaOrganisations.Factory, e);
    }

    private JsonObject Aggregate(string time, string step, string action, string disposition, TeaOrganisation organisation, int place, string placeName)
    {
        var e = Place(time, step, disposition, organisation, place, placeName, "AggregationEvent", action);
        e["parentID"] = items.Case;
        e["childEPCs"] = new JsonArray([.. items.Tins.Select(static t => JsonValue.Create(t))]);
        return e;
    }

    private JsonObject Trade(
        string time, string step, string disposition, TeaOrganisation organisation, int place, string placeName, params IEnumerable<(string Type, TeaOrganisation By, string Letters)> papers)
    {
        var e = Place(time, step, disposition, organisation, place, placeName, "TransactionEvent", "ADD");
        e["epcList"] = new JsonArray(items.Case);
        e["bizTransactionList"] = new JsonArray([.. papers.Select(p => new JsonObject
        {
            ["type"] = p.Type,
            ["bizTransaction"] = string.Create(CultureInfo.InvariantCulture, $"urn:epcglobal:cbv:bt:{TeaItems.Gln(p.By, 0)}:{p.Letters}-{season}-0414"),
        })]);
        return WithParties(e);
    }

    /// <summary>Not public by the template: only the carrier and the parties it names may read it.</summary>
    private JsonObject Transport()
    {
        var e = Place("04-15T09:00", "transporting", "in_transit", TeaOrganisations.Carrier, 1, "江海物流七号车 Lorry 7");
        e["epcList"] = new JsonArray(items.Case);
        (string Time, decimal Celsius, decimal Humidity)[] readings =
            [("04-14T12:00", 17.8m, 58m), ("04-14T20:00", 15.2m, 61m), ("04-15T04:00", 14.6m, 63m), ("04-15T09:00", 16.1m, 60m)];
        e["sensorElementList"] = new JsonArray(
            [.. readings.Select(r => EventWriter.Sensor(r.Time, season, ("Temperature", r.Celsius, "CEL"), ("RelativeHumidity", r.Humidity, "P1")))]);
        return WithParties(e);
    }

    private static JsonObject WithParties(JsonObject e)
    {
        e["sourceList"] = new JsonArray(new JsonObject { ["type"] = "owning_party", ["source"] = TeaItems.Party(TeaOrganisations.Factory) });
        e["destinationList"] = new JsonArray(new JsonObject { ["type"] = "owning_party", ["destination"] = TeaItems.Party(TeaOrganisations.Shop) });
        return e;
    }
}
