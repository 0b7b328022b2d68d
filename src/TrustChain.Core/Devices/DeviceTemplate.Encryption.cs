using System.Text;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Devices;

public sealed partial class DeviceTemplate
{
    /// <summary>
    /// The group of day keys that encrypts a report: <see cref="KeyGroup.Position"/> for places (<c>Angle</c>), <see cref="KeyGroup.Rider"/> for what is about the rider,
    /// <see cref="KeyGroup.Operation"/> for what else the template has encrypted; null for what stays in the clear.
    /// </summary>
    /// <param name="type">The report's <c>type</c>, in either of its spellings.</param>
    /// <param name="component">The same of its <c>component</c>; null where it has none.</param>
    public KeyGroup? FindEncryptionGroup(string type, string? component)
    {
        var measure = Lookup.Find(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(component ?? ""), 0);
        return measure < 0 || Measures[measure].IsOpen ? null
            : Measures[measure].About == MeasureSubject.Rider ? KeyGroup.Rider
            : TemplateLookup.LongForm(Vocabulary.Measurement, Measures[measure].Type) == TemplateLookup.LongForm(Vocabulary.Measurement, "Angle") ? KeyGroup.Position
            : KeyGroup.Operation;
    }
}
