namespace TrustChain.Core.Units;

/// <summary>
/// What units measure, named as the GS1 measurement types. Types that share their units share a quantity; the comment says which, after the
/// base unit. Names are stable, numbers are not.
/// </summary>
public enum Quantity
{
    /// <summary>Base unit: gray.</summary>
    AbsorbedDose,

    /// <summary>Base unit: gray per second.</summary>
    AbsorbedDoseRate,

    /// <summary>Base unit: metre per second squared.</summary>
    Acceleration,

    /// <summary>Base unit: mole.</summary>
    AmountOfSubstance,

    /// <summary>Base unit: mole per cubic metre.</summary>
    AmountOfSubstancePerUnitVolume,

    /// <summary>Base unit: radian.</summary>
    Angle,

    /// <summary>Base unit: radian per second squared.</summary>
    AngularAcceleration,

    /// <summary>Base unit: newton metre second.</summary>
    AngularMomentum,

    /// <summary>Base unit: radian per second.</summary>
    AngularVelocity,

    /// <summary>Base unit: square metre.</summary>
    Area,

    /// <summary>Base unit: farad.</summary>
    Capacitance,

    /// <summary>Base unit: siemens.</summary>
    Conductance,

    /// <summary>Base unit: siemens per metre.</summary>
    Conductivity,

    /// <summary>Base unit: kilogram per cubic metre; absolute humidity and mass concentration too.</summary>
    Density,

    /// <summary>Base unit: one; counts, relative humidity and fractions too.</summary>
    Dimensionless,

    /// <summary>Base unit: sievert.</summary>
    DoseEquivalent,

    /// <summary>Base unit: sievert per second.</summary>
    DoseEquivalentRate,

    /// <summary>Base unit: pascal second.</summary>
    DynamicViscosity,

    /// <summary>Base unit: coulomb.</summary>
    ElectricCharge,

    /// <summary>Base unit: ampere.</summary>
    ElectricCurrent,

    /// <summary>Base unit: ampere per square metre.</summary>
    ElectricCurrentDensity,

    /// <summary>Base unit: volt per metre.</summary>
    ElectricFieldStrength,

    /// <summary>Base unit: joule.</summary>
    Energy,

    /// <summary>Base unit: coulomb per kilogram.</summary>
    Exposure,

    /// <summary>Base unit: newton.</summary>
    Force,

    /// <summary>Base unit: hertz.</summary>
    Frequency,

    /// <summary>Base unit: lux.</summary>
    Illuminance,

    /// <summary>Base unit: henry.</summary>
    Inductance,

    /// <summary>Base unit: watt per square metre.</summary>
    Irradiance,

    /// <summary>Base unit: square metre per second.</summary>
    KinematicViscosity,

    /// <summary>Base unit: metre; altitude too.</summary>
    Length,

    /// <summary>Base unit: newton second.</summary>
    LinearMomentum,

    /// <summary>Base unit: candela per square metre.</summary>
    Luminance,

    /// <summary>Base unit: lumen.</summary>
    LuminousFlux,

    /// <summary>Base unit: candela.</summary>
    LuminousIntensity,

    /// <summary>Base unit: weber.</summary>
    MagneticFlux,

    /// <summary>Base unit: tesla.</summary>
    MagneticFluxDensity,

    /// <summary>Base unit: weber per metre.</summary>
    MagneticVectorPotential,

    /// <summary>Base unit: kilogram.</summary>
    Mass,

    /// <summary>Base unit: kilogram per second.</summary>
    MassFlowRate,

    /// <summary>Base unit: kilogram per square metre and second.</summary>
    MassPerAreaTime,

    /// <summary>Base unit: bit.</summary>
    MemoryCapacity,

    /// <summary>Base unit: mole per kilogram.</summary>
    MolalityOfSolute,

    /// <summary>Base unit: joule per mole.</summary>
    MolarEnergy,

    /// <summary>Base unit: kilogram per mole.</summary>
    MolarMass,

    /// <summary>Base unit: cubic metre per mole.</summary>
    MolarVolume,

    /// <summary>Base unit: watt; radiant flux too.</summary>
    Power,

    /// <summary>Base unit: pascal.</summary>
    Pressure,

    /// <summary>Base unit: watt per steradian.</summary>
    RadiantIntensity,

    /// <summary>Base unit: becquerel.</summary>
    Radioactivity,

    /// <summary>Base unit: ohm.</summary>
    Resistance,

    /// <summary>Base unit: ohm metre.</summary>
    Resistivity,

    /// <summary>Base unit: steradian.</summary>
    SolidAngle,

    /// <summary>Base unit: cubic metre per kilogram.</summary>
    SpecificVolume,

    /// <summary>Base unit: metre per second.</summary>
    Speed,

    /// <summary>Base unit: kilogram per square metre.</summary>
    SurfaceDensity,

    /// <summary>Base unit: newton per metre.</summary>
    SurfaceTension,

    /// <summary>Base unit: kelvin.</summary>
    Temperature,

    /// <summary>Base unit: second.</summary>
    Time,

    /// <summary>Base unit: newton metre.</summary>
    Torque,

    /// <summary>Base unit: volt.</summary>
    Voltage,

    /// <summary>Base unit: cubic metre.</summary>
    Volume,

    /// <summary>Base unit: cubic metre per second.</summary>
    VolumeFlowRate,

    /// <summary>Base unit: cubic metre per square metre and second.</summary>
    VolumetricFlux,

    /// <summary>Base unit: reciprocal metre.</summary>
    Wavenumber,
}
