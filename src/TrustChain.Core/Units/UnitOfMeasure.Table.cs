namespace TrustChain.Core.Units;

public sealed partial class UnitOfMeasure
{
    // Coherent SI units that have no factor of their own, and the few others that take SI prefixes.
    private const string Prefixable = """
        m, g 1e-3*kg, s, A, K, mol, cd, rad, sr, Hz, N, Pa, J, W, C, V, F, Ohm, S, Wb, T, H, lm, lx, Bq, Gy, Sv, bit, l 1e-3*m3, t 1e3*kg,
        bar 1e5*Pa, byte 8*bit, eV 1.602176634e-19*J, Ci 3.7e10*Bq, rem 1e-2*Sv, P 0.1*Pa*s, St 1e-4*m2/s, calIT 4.1868*J, calth 4.184*J
        """;

    // The other symbols, each by its definition: international yard and pound, US survey foot, ISO 31 and NIST SP 811 values.
    private const string Symbols = """
        min 60*s, h 60*min, d 24*h, wk 7*d, y 365.25*d, mo y/12, pi 3.14159265358979323846264338327950288, rev 2*pi*rad, deg rev/360,
        in 0.0254*m, ft 12*in, yd 3*ft, mi 5280*ft, usft 1200/3937*m, au 149597870700*m, lb 0.45359237*kg, oz lb/16, gr lb/7000, tonUK 2240*lb,
        tonUS 2000*lb, g0 9.80665*m/s2, kgf g0*kg, lbf lb*g0, ozf oz*g0, pdl lb*ft/s2, slug lbf*s2/ft, dyn 1e-5*N, erg 1e-7*J, psi lbf/in2,
        mmHg 133.322387415*Pa, mmWater 9.80665*Pa, BtuIT 4186.8*J/kg*lb*5/9, Btuth 4184*J/kg*lb*5/9, gal 231*in3, bbl 42*gal, bu 2150.42*in3,
        ukgal 4.54609*l, ukbbl 35*ukgal, ukbu 8*ukgal
        """;

    // UN/ECE Recommendation 20, codes by quantity, each with what it is made of instead of a rounded factor. Where the two differ by more than
    // rounding, the definition in the code's name wins (troy ounce, micropoise, some flow rates). An acre is that of the US survey foot, as there.
    // Left out, because no factor makes them the same: gauge pressure, reactive power, volumes of gas or alcohol at reference conditions, scales.
    private const string Table = """
        AbsorbedDose: A95 Gy, C13 mGy, C80 1e-2*Gy, A61 erg/g
        AbsorbedDoseRate: A96 Gy/s, P54 mGy/s, P55 uGy/s, P56 nGy/s, P57 Gy/min, P58 mGy/min, P59 uGy/min, P60 nGy/min, P61 Gy/h, P62 mGy/h,
           P63 uGy/h, P64 nGy/h
        Acceleration: MSK m/s2, M38 km/s2, M39 cm/s2, M41 mm/s2, A76 cm/s2, C11 1e-3*cm/s2, A73 ft/s2, IV in/s2, M40 yd/s2, M42 mi/s2, K40 g0
        AmountOfSubstance: C34 mol, B45 kmol, C18 mmol, FH umol, P44 lb/g*mol
        AmountOfSubstancePerUnitVolume: C36 mol/m3, C35 mol/dm3, C38 mol/l, M33 mmol/l, B46 kmol/m3
        Angle: C81 rad, C25 mrad, B97 urad, DD deg, D61 deg/60, D62 deg/3600, A91 rev/400, M43 rev/6400, M44 rev
        AngularAcceleration: 2B rad/s2, M45 deg/s2
        AngularMomentum: B33 kg*m2/s, C53 N*m*s
        AngularVelocity: 2A rad/s, E96 deg/s, M46 rev/min
        Area: MTK m2, KMK km2, CMK cm2, DMK dm2, MMK mm2, H30 um2, H16 dam2, H18 hm2, ARE 100*m2, HAR 1e4*m2, DAA 1e3*m2, A14 1e-28*m2, INK in2,
           FTK ft2, YDK yd2, MIK mi2, ACR 43560*usft2, M48 5280*5280*usft2, M47 pi/4*1e-6*in2, BB 31360*in2, SQR 100*ft2, TI 1e3*in2, 56 100*m2,
           E19 400/121*m2
        Capacitance: FAR F, N90 kF, C10 mF, 4O uF, C41 nF, 4T pF, H48 aF
        Conductance: SIE S, B53 kS, C27 mS, B99 uS, N92 pS, NQ S, NR uS
        Conductivity: D10 S/m, B77 MS/m, B54 kS/m, H43 S/cm, H61 mS/cm, G42 uS/cm, G43 uS/m, G44 nS/cm, G45 nS/m, L42 pS/m
        Density: KMQ kg/m3, 23 g/cm3, D41 t/m3, GJ g/ml, B35 kg/l, GL g/l, A93 g/m3, GP mg/m3, GQ ug/m3, B72 Mg/m3, B34 kg/dm3, H29 ug/l,
           M1 mg/l, F23 g/dm3, G31 kg/cm3, 87 lb/ft3, LA lb/in3, K84 lb/yd3, GE lb/gal, K71 lb/ukgal, G32 oz/yd3, L39 oz/in3, L38 oz/gal,
           L37 oz/ukgal, K41 gr/gal, L65 slug/ft3, L92 tonUK/yd3, L93 tonUS/yd3
        Dimensionless: C62 1, Q26 1, EA 1, H87 1, NAR 1, PR 2, DZN 12, SCO 20, CEN 100, GRO 144, GGR 1728, MIL 1e3, T3 1e3, MIO 1e6, MLD 1e9,
           BIL 1e12, TRL 1e18, P1 1e-2, 60 1e-2, VP 1e-2, NX 1e-3, E40 1e-5, 59 1e-6, 61 1e-9, M29 1, H64 1e-3, GK 1e-3, NA 1e-6, J33 1e-9,
           Q29 1e-8, L32 1e-12, M91 1, H60 1, K62 1, L19 1e-3, J36 1e-6, H65 1e-6, J87 1e-6, J91 1e-3, L21 1e-9, F02 1, J56 1, E99 1e-3,
           F03 1e-2, F04 1e-3, F05 10, F07 1e-5, L52 1, H93 1e-4, H94 1e-5, H91 1e-6, H92 1e-7
        DoseEquivalent: D13 Sv, C28 mSv, D91 rem, L31 mrem
        DoseEquivalentRate: P65 Sv/s, P66 mSv/s, P67 uSv/s, P68 nSv/s, P69 rem/s, P70 Sv/h, P71 mSv/h, P72 uSv/h, P73 nSv/h, P74 Sv/min,
           P75 mSv/min, P76 uSv/min, P77 nSv/min
        DynamicViscosity: C65 Pa*s, C24 mPa*s, N36 N/m2*s, N37 kg/m/s, N38 kg/m/min, N40 kg/m/h, N39 kg/m/d, N41 g/cm/s, 89 P, C7 cP, J32 uP,
           K67 lb/ft/h, K68 lb/ft/s, N43 lb/ft/min, N44 lb/ft/d, L64 slug/ft/s, K91 lbf*s/ft2, K92 lbf*s/in2, N34 pdl*s/ft2, N42 pdl*s/in2
        ElectricCharge: COU C, A8 A*s, N95 A*min, AMH A*h, TAH kA*h, E09 mA*h, D77 MC, B26 kC, D86 mC, B86 uC, C40 nC, C71 pC,
           N94 0.1/299792458*C
        ElectricCurrent: AMP A, H38 MA, B22 kA, 4K mA, B84 uA, C39 nA, C70 pA, N96 10*A
        ElectricCurrentDensity: A41 A/m2, B66 MA/m2, B23 kA/m2, A4 A/cm2, A7 A/mm2
        ElectricFieldStrength: D50 V/m, B79 MV/m, B55 kV/m, D51 V/mm, D47 V/cm, H23 V/in, C30 mV/m, C3 uV/m
        Energy: JOU J, A68 EJ, C68 PJ, D30 TJ, GV GJ, 3B MJ, KJO kJ, C15 mJ, A70 fJ, A13 aJ, J55 W*s, WHR W*h, KWH kW*h, MWH MW*h, GWH GW*h,
           D32 TW*h, A53 eV, B29 keV, B71 MeV, A85 GeV, A57 erg, 85 ft*lbf, N46 ft*pdl, N47 in*pdl, D70 calIT, D35 calth, J75 4.19002*J,
           N69 4.1819*J, E14 kcalIT, K53 kcalth, K51 4.19002*kJ, E11 GcalIT, BTU BtuIT, J39 1055.87*J, N66 1059.67*J, N67 1054.8*J,
           N68 1054.68*J, N70 1e15*BtuIT, N71 1.05506e8*J, N72 1.054804e8*J
        Exposure: CKG C/kg, C8 mC/kg, 2C 2.58e-4*C/kg, 2Y 2.58e-4*mC/kg, KR 2.58e-4*kC/kg
        Force: NEW N, B73 MN, B47 kN, C20 mN, B92 uN, M77 kg*m/s2, DU dyn, B37 kgf, B51 kgf, M78 1e-3*kgf, C78 lbf, M75 1e3*lbf, L40 ozf,
           L94 tonUS*g0, M76 pdl
        Frequency: HTZ Hz, KHZ kHz, MHZ MHz, A86 GHz, D29 THz, C97 1/s, C94 1/min, H10 1/h, E91 1/d, H85 1/wk, H11 1/mo, H09 1/y, RPM 1/min,
           RPS 1/s, BPM 1/min, OPM 1/min
        Illuminance: LUX lx, KLX klx, B60 lm/m2, P25 lm/ft2, P26 lm/cm2, P27 lm/ft2
        Inductance: 81 H, P24 kH, C14 mH, B90 uH, C43 nH, C73 pH
        Irradiance: D54 W/m2, C32 mW/m2, D85 uW/m2, C76 pW/m2, N48 W/cm2, N49 W/in2, A64 erg/s/cm2, A65 erg/s/cm2, N50 BtuIT/ft2/h,
           N51 Btuth/ft2/h, N52 Btuth/ft2/min, N53 BtuIT/ft2/s, N54 Btuth/ft2/s, N55 BtuIT/in2/s, N56 calth/cm2/min, N57 calth/cm2/s
        KinematicViscosity: S4 m2/s, M81 cm2/s, C17 mm2/s, 91 St, 4C cSt, S3 ft2/s, M79 ft2/h, G08 in2/s
        Length: MTR m, MAM Mm, KMT km, HMT hm, A45 dam, DMT dm, CMT cm, MMT mm, 4H um, C45 nm, C52 pm, A71 fm, A11 1e-10*m, A12 au,
           B57 299792458*365.25*d/s*m, C63 648000/pi*au, INH in, M7 1e-6*in, 77 1e-3*in, FOT ft, YRD yd, AK 6*ft, SMI mi, NMI 1852*m,
           M50 660*ft, X1 66*ft, M51 usft, M52 5280*usft, M49 66*usft, F49 16.5*usft, E33 1e-3*ft, H79 mm/3, H80 1.75*in, H82 in/72, JPS 100*m
        LinearMomentum: B31 kg*m/s, C57 N*s, M98 kg*cm/s, M99 g*cm/s, N10 lb*ft/s, N11 lb*in/s
        Luminance: A24 cd/m2, P28 cd/in2, P32 cd/ft2, P29 cd/ft2/pi, P30 cd/cm2/pi, P31 cd/cm2
        LuminousFlux: LUM lm
        LuminousIntensity: CDL cd, P33 kcd, P34 mcd, P35 0.903*cd, P36 1.019*cd
        MagneticFlux: WEB Wb, P11 kWb, C33 mWb, B65 1e-8*Wb, P53 4*pi*1e-8*Wb
        MagneticFluxDensity: D33 T, P13 kT, C29 mT, D81 uT, C48 nT, P12 nT, 76 1e-4*T, 78 0.1*T
        MagneticVectorPotential: D59 Wb/m, B56 kWb/m, D60 Wb/mm
        Mass: KGM kg, KTN kt, TNE t, 2U Mg, DTN 100*kg, HGM hg, DJ dag, GRM g, DG dg, CGM cg, MGM mg, MC ug, CTM 0.2*g, D43 1.6605390666e-27*kg,
           LBR lb, ONZ oz, OZ oz, GRN gr, DRI oz/16, DRA 60*gr, DRM 60*gr, SCR 20*gr, DWT 24*gr, APZ 480*gr, LBT 5760*gr, STI 14*lb, QTR 28*lb,
           CWI 112*lb, CWA 100*lb, CNT 100*lb, LTN tonUK, STN tonUS, F13 slug, M86 0.5*kg, M85 175/6*g
        MassFlowRate: KGS kg/s, F31 kg/min, E93 kg/h, F30 kg/d, F29 g/s, F28 g/min, F27 g/h, F26 g/d, F34 mg/s, F33 mg/min, 4M mg/h, F32 mg/d,
           L81 t/s, L78 t/min, E18 t/h, L71 t/d, M88 t/mo, M89 t/y, K81 lb/s, K78 lb/min, 4U lb/h, K66 lb/d, M90 1e3*lb/h, L36 oz/s, L35 oz/min,
           L34 oz/h, L33 oz/d, L68 slug/s, L67 slug/min, L66 slug/h, L63 slug/d, L85 tonUK/d, 4W tonUS/h, L88 tonUS/d
        MassPerAreaTime: H56 kg/m2/s
        MemoryCapacity: A99 bit, C37 kbit, D36 Mbit, B68 Gbit, E83 Tbit, E78 Pbit, C21 1024*bit, D11 1048576*bit, B30 1073741824*bit, AD byte,
           Q12 byte, 2P kbyte, 4L Mbyte, E34 Gbyte, E35 Tbyte, E36 Pbyte, E64 1024*byte, E63 1048576*byte, E62 1073741824*byte,
           E61 1099511627776*byte, E60 1125899906842624*byte, E59 1152921504606846976*byte
        MolalityOfSolute: C19 mol/kg, D87 mmol/kg, H68 mmol/g, P47 kmol/kg, P48 kmol/kg
        MolarEnergy: B15 J/mol, B44 kJ/mol
        MolarMass: D74 kg/mol, A94 g/mol, F24 kg/kmol
        MolarVolume: A40 m3/mol, A37 dm3/mol, A36 cm3/mol, B58 l/mol
        Power: WTT W, D31 TW, A90 GW, MAW MW, KWT kW, C31 mW, D80 uW, C49 nW, C75 pW, D46 V*A, M35 mV*A, KVA kV*A, MVA MV*A, P14 J/s, P15 J/min,
           P16 J/h, P17 J/d, P18 kJ/s, P19 kJ/min, P20 kJ/h, P21 kJ/d, D78 MJ/s, D03 kW*h/h, E07 MW*h/h, A63 erg/s, B39 kgf*m/s, HJ 75*kgf*m/s,
           A25 75*kgf*m/s, N12 75*kgf*m/s, BHP 550*ft*lbf/s, K42 9809.5*W, K43 746*W, F80 746.043*W, A74 ft*lbf/s, K16 ft*lbf/min, K15 ft*lbf/h,
           2I BtuIT/h, E16 1e6*BtuIT/h, J44 BtuIT/min, J45 BtuIT/s, J47 Btuth/h, J51 Btuth/min, J52 Btuth/s, J81 calth/min, J82 calth/s,
           E15 kcalth/h, K54 kcalth/min, K55 kcalth/s
        Pressure: PAL Pa, A89 GPa, MPA MPa, KPA kPa, A97 hPa, H75 daPa, 74 mPa, B96 uPa, C55 N/m2, E01 N/cm2, C56 N/mm2, KNM kN/m2, KBA kbar,
           HBA hbar, BAR bar, MBR mbar, B85 ubar, D9 dyn/cm2, ATM 101325*Pa, ATT kgf/cm2, UA 101325/760*Pa, HN mmHg, J89 10*mmHg, F79 25.4*mmHg,
           K25 304.8*mmHg, HP mmWater, H78 10*mmWater, N23 1e3*mmWater, F78 25.4*mmWater, K24 304.8*mmWater, N13 1333.22*Pa, N14 98.0638*Pa,
           N15 2988.98*Pa, N16 3386.38*Pa, N17 3376.85*Pa, N18 249.082*Pa, N19 248.84*Pa, B40 kgf/m2, E42 kgf/cm2, E41 kgf/mm2,
           K31 1e-3*kgf/cm2, PS psi, 80 psi, 84 1e3*psi, N20 1e3*psi, K85 lbf/ft2, N21 pdl/ft2, N26 pdl/in2
        RadiantIntensity: D57 W/sr
        Radioactivity: BQL Bq, GBQ GBq, 4N MBq, 2Q kBq, H08 uBq, CUR Ci, 2R kCi, MCU mCi, M5 uCi
        Resistance: OHM Ohm, H44 TOhm, A87 GOhm, B75 MOhm, B49 kOhm, E45 mOhm, B94 uOhm, P22 nOhm
        Resistivity: C61 Ohm*m, A88 GOhm*m, B76 MOhm*m, H88 MOhm*km, B50 kOhm*m, M24 Ohm*km, C60 Ohm*cm, C23 mOhm*m, B95 uOhm*m, C46 nOhm*m,
           P23 Ohm*pi/4*1e-6*in2/ft
        SolidAngle: D27 sr
        SpecificVolume: A39 m3/kg, 22 dl/g, H83 l/kg, KX ml/kg, N28 dm3/kg, N29 ft3/lb, N30 in3/lb
        Speed: MTS m/s, M62 km/s, KMH km/h, 2X m/min, M60 m/h, 2M cm/s, H49 cm/h, C16 mm/s, H81 mm/min, H67 mm/h, H66 mm/y, KNT 1852*m/h,
           HM mi/h, M57 mi/min, M58 mi/s, M64 yd/s, M65 yd/min, M66 yd/h, FS ft/s, FR ft/min, K14 ft/h, IU in/s, M63 in/min, M61 in/y
        SurfaceDensity: 28 kg/m2, D5 kg/cm2, N24 g/mm2, 25 g/cm2, GM g/m2, H63 mg/cm2, GO mg/m2, FP lb/ft2, N25 lb/yd2, N22 oz/in2, 37 oz/ft2,
           ON oz/yd2
        SurfaceTension: 4P N/m, N31 kN/m, C22 mN/m, M23 N/cm, F47 N/mm, DX dyn/cm, F17 lbf/ft, F48 lbf/in, N33 lbf/yd, N32 pdl/in
        Temperature: KEL K, CEL K+273.15, FAH 5/9*K+45967/180, A48 5/9*K
        Time: SEC s, B52 ks, C26 ms, B98 us, C47 ns, H70 ps, M56 1e-8*s, MIN min, HUR h, DAY d, WEE wk, DAD 10*d, MON mo, M36 30*d, QAN 3*mo,
           SAN 6*mo, ANN y, L95 365*d, M37 360*d, D42 3.1556925e7*s, L96 3.155815e7*s
        Torque: NU N*m, B74 MN*m, B48 kN*m, DN dN*m, J72 cN*m, F88 N*cm, D83 mN*m, B93 uN*m, M97 dyn*m, J94 dyn*cm, B38 kgf*m, M92 lbf*ft,
           F21 lbf*in, L41 ozf*in, M95 pdl*ft, M96 pdl*in
        Voltage: VLT V, B78 MV, KVT kV, 2Z mV, D82 uV, N99 pV, 2G V, 2H V
        Volume: MTQ m3, H20 km3, H19 hm3, DMA dam3, DMQ dm3, CMQ cm3, MMQ mm3, LTR l, MAL Ml, K6 kl, HLT hl, A44 dal, DLT dl, CLT cl, MLT ml,
           4G ul, Q34 nl, Q33 pl, Q32 fl, G26 m3, FF 100*m3, R9 1e3*m3, HMQ 1e6*m3, INQ in3, FTQ ft3, YDQ yd3, M69 mi3, HH 100*ft3, FC 1e3*ft3,
           M70 100*ft3, L84 42*ft3, L86 40*ft3, M68 128*ft3, WSD 165*ft3, BFT ft3/12, BP 100*ft3/12, MBF 1e3*ft3/12, M67 43560*usft3, GLL gal,
           WG gal, QTL gal/4, QT gal/4, PTL gal/8, PT gal/8, G21 gal/16, GIA gal/32, OZA gal/128, G24 gal/256, G25 gal/768, BLL bbl, GLI ukgal,
           B4 36*ukgal, J57 ukbbl, QTI ukgal/4, PTI ukgal/8, GII ukgal/32, OZI ukgal/160, L43 2*ukgal, BUI ukbu, BUA bu, G23 bu/4, GLD bu/8,
           QTD bu/32, L62 bu/32, PTD bu/64, L61 bu/64, BLD 7056*in3
        VolumeFlowRate: MQS m3/s, G53 m3/min, MQH m3/h, G52 m3/d, TQD 1e3*m3/d, 4X kl/h, J93 dm3/s, J92 dm3/min, E92 dm3/h, J90 dm3/d, G51 l/s,
           L2 l/min, E32 l/h, LD l/d, 2J cm3/s, G49 cm3/min, G48 cm3/h, G47 cm3/d, 40 ml/s, 41 ml/min, G55 ml/h, G54 ml/d, G58 in3/s,
           G57 in3/min, G56 in3/h, E17 ft3/s, 2L ft3/min, 2K ft3/h, K22 ft3/d, M16 yd3/s, M15 yd3/min, M13 yd3/h, M12 yd3/d, K30 gal/s,
           G2 gal/min, G50 gal/h, GB gal/d, K28 ukgal/s, G3 ukgal/min, K27 ukgal/h, K26 ukgal/d, J63 bbl/s, 5A bbl/min, J62 bbl/h, B1 bbl/d,
           J61 ukbbl/s, J58 ukbbl/min, J60 ukbbl/h, J59 ukbbl/d, J71 bu/s, J70 bu/min, J69 bu/h, J68 bu/d, J67 ukbu/s, J66 ukbu/min, J65 ukbu/h,
           J64 ukbu/d, L51 bu/4/s, L50 bu/4/min, L49 bu/4/h, L48 bu/4/d, L47 2*ukgal/s, L46 2*ukgal/min, L45 2*ukgal/h, L44 2*ukgal/d,
           L11 gal/4/s, L10 gal/4/min, K99 gal/4/h, K98 gal/4/d, K97 ukgal/4/s, K96 ukgal/4/min, K95 ukgal/4/h, K94 ukgal/4/d, L60 gal/8/s,
           L59 gal/8/min, L58 gal/8/h, L57 gal/8/d, L56 ukgal/8/s, L55 ukgal/8/min, L54 ukgal/8/h, L53 ukgal/8/d, K39 gal/32/s, K38 gal/32/min,
           K37 gal/32/h, K36 gal/32/d, K35 ukgal/32/s, K34 ukgal/32/min, K33 ukgal/32/h, K32 ukgal/32/d, K12 gal/128/s, K11 gal/128/min,
           K10 gal/128/h, J99 gal/128/d, J98 ukgal/160/s, J97 ukgal/160/min, J96 ukgal/160/h, J95 ukgal/160/d
        VolumetricFlux: P87 m3/s/m2, 35 ml/cm2/s, M22 ml/cm2/min
        Wavenumber: C92 1/m, Q25 1/m, E90 1/cm, C85 1e10/m, Q24 1/in
        """;
}
