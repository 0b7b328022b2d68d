using System.Buffers.Binary;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Devices;

/// <summary>
/// Seals the places of a day that were encrypted and that the service read, for the database: a key of the deployment opens them, the database alone does not. Device and day are sealed with
/// them, so that rows cannot be exchanged.
/// </summary>
internal sealed class SealedPlaces(KeyRing ring) : IDisposable
{
    private const int HeadSize = 8;
    private const int PlaceSize = 4;

    private const string Purpose = "device places";

    private readonly SecretBox _box = new(ring.Derive(Purpose));
    private readonly List<SecretBox> _former = [.. ring.DeriveFormer(Purpose).Select(static key => new SecretBox(key))];

    public string Seal(DayOfDevice day, IReadOnlyList<RoughPlace> places)
    {
        var bytes = new byte[HeadSize + (PlaceSize * places.Count)];
        WriteHead(day, bytes);
        for (var i = 0; i < places.Count; i++)
        {
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(HeadSize + (PlaceSize * i)), (short)places[i].Latitude);
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(HeadSize + (PlaceSize * i) + 2), (short)places[i].Longitude);
        }
        return _box.Seal(bytes);
    }

    /// <summary>The places; null for what was sealed under a key that is neither the deployment's nor a former one that is named, for another day or device, or altered.</summary>
    public IReadOnlyList<RoughPlace>? Open(DayOfDevice day, string text)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        WriteHead(day, head);
        if ((_box.Open(text) ?? _former.Select(b => b.Open(text)).FirstOrDefault(static b => b is not null)) is not { } bytes || bytes.Length % PlaceSize != 0 || !bytes.AsSpan().StartsWith(head))
        {
            return null;
        }
        var places = new RoughPlace[(bytes.Length - HeadSize) / PlaceSize];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = new RoughPlace(
                BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(HeadSize + (PlaceSize * i))), BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(HeadSize + (PlaceSize * i) + 2)));
        }
        return places;
    }

    public void Dispose()
    {
        _box.Dispose();
        _former.ForEach(static b => b.Dispose());
    }

    private static void WriteHead(DayOfDevice day, Span<byte> head)
    {
        BinaryPrimitives.WriteInt32BigEndian(head, day.DeviceId);
        BinaryPrimitives.WriteInt32BigEndian(head[4..], day.Day.DayNumber);
    }
}
