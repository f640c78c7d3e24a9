import Document

/// Codes that systems write in many ways, in the standards' own: currencies (ISO 4217), units (UN/ECE Recommendation 20),
/// and quantities from one unit to another.
enum Codes {
    static let functions: [Function] = [
        Function(
            "omni_currency", "<(sn)-:s>",
            "A currency's code of three letters (ISO 4217), from it in any case or from its number; undefined when there is none.",
            examples: [
                .init("$omni_currency(\" eur \")", #""EUR""#), .init("$omni_currency(\"978\")", #""EUR""#),
                .init("$omni_currency(36)", #""AUD""#), .init("$omni_currency(\"euro\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            guard let currency = Currency(machine.text(try machine.text(of: value))) else { return .undefined }
            return try machine.string(currency.code)
        },
        Function(
            "omni_unit", "<s-:s>",
            "A unit's code (UN/ECE Recommendation 20), from it or from one of its usual names; undefined when it isn't known.",
            examples: [
                .init("$omni_unit(\"kg\")", #""KGM""#), .init("$omni_unit(\"pcs\")", #""H87""#),
                .init("$omni_unit(\"Stk.\")", #""H87""#), .init("$omni_unit(\"MTR\")", #""MTR""#),
                .init("$omni_unit(\"wheelbarrow\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            guard let unit = Unit(machine.text(value)) else { return .undefined }
            return try machine.string(unit.code)
        },
        Function(
            "omni_convert", "<nss:n>",
            "A quantity in another unit, exact; undefined when a unit isn't known, or they measure different things.",
            examples: [
                .init("$omni_convert(1.5, \"kg\", \"g\")", "1500"), .init("$omni_convert(30, \"H87\", \"DZN\")", "2.5"),
                .init("$omni_convert(2, \"in\", \"CMT\")", "5.08"), .init("$omni_convert(1, \"kg\", \"m\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let (value, from, to) = (
                machine.argument(arguments, 0), machine.argument(arguments, 1), machine.argument(arguments, 2)
            )
            guard value.isNumber, from.isString, to.isString, let own = Unit(machine.text(from)),
                let other = Unit(machine.text(to)), own.measure == other.measure
            else { return .undefined }
            let product = machine.number(value) * own.factor
            guard let quotient = product.divided(by: other.factor) else { return .undefined }
            return try machine.value(quotient)
        },
    ]

    /// The text in capitals without what people put around codes.
    fileprivate static func plain(_ text: String) -> String {
        String(text.uppercased().filter { !$0.isWhitespace && $0 != "." })
    }
}

/// A currency of ISO 4217.
struct Currency {
    let code: String
    /// How many decimals its smallest unit has.
    let decimals: Int

    /// By its letters, in any case, or by its number.
    init?(_ text: String) {
        let own = Codes.plain(text)
        let code: String
        if let number = Int(own), own.utf8.count <= 3 {
            guard let found = Self.byNumber[number] else { return nil }
            code = found
        } else {
            guard Self.codes.contains(own) else { return nil }
            code = own
        }
        self.code = code
        decimals = Self.unusual[code] ?? 2
    }

    /// Those whose smallest unit isn't a hundredth.
    private static let unusual: [String: Int] = {
        var decimals: [String: Int] = [:]
        for code in "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(separator: " ") {
            decimals[String(code)] = 0
        }
        for code in "BHD IQD JOD KWD LYD OMR TND".split(separator: " ") { decimals[String(code)] = 3 }
        for code in "CLF UYW".split(separator: " ") { decimals[String(code)] = 4 }
        return decimals
    }()

    private static let byNumber: [Int: String] = {
        let words = table.split(whereSeparator: \.isWhitespace)
        return stride(from: 0, to: words.count, by: 2).reduce(into: [:]) { numbers, place in
            numbers[Int(words[place + 1])!] = String(words[place])
        }
    }()

    private static let codes = Set(byNumber.values)

    /// The currencies in use, with their numbers.
    private static let table = """
        AED 784 AFN 971 ALL 008 AMD 051 AOA 973 ARS 032 AUD 036 AWG 533 AZN 944 BAM 977 BBD 052 BDT 050 BGN 975
        BHD 048 BIF 108 BMD 060 BND 096 BOB 068 BOV 984 BRL 986 BSD 044 BTN 064 BWP 072 BYN 933 BZD 084 CAD 124 CDF 976
        CHE 947 CHF 756 CHW 948 CLF 990 CLP 152 CNY 156 COP 170 COU 970 CRC 188 CUP 192 CVE 132 CZK 203 DJF 262 DKK 208
        DOP 214 DZD 012 EGP 818 ERN 232 ETB 230 EUR 978 FJD 242 FKP 238 GBP 826 GEL 981 GHS 936 GIP 292 GMD 270 GNF 324
        GTQ 320 GYD 328 HKD 344 HNL 340 HTG 332 HUF 348 IDR 360 ILS 376 INR 356 IQD 368 IRR 364 ISK 352 JMD 388 JOD 400
        JPY 392 KES 404 KGS 417 KHR 116 KMF 174 KPW 408 KRW 410 KWD 414 KYD 136 KZT 398 LAK 418 LBP 422 LKR 144 LRD 430
        LSL 426 LYD 434 MAD 504 MDL 498 MGA 969 MKD 807 MMK 104 MNT 496 MOP 446 MRU 929 MUR 480 MVR 462 MWK 454 MXN 484
        MXV 979 MYR 458 MZN 943 NAD 516 NGN 566 NIO 558 NOK 578 NPR 524 NZD 554 OMR 512 PAB 590 PEN 604 PGK 598 PHP 608
        PKR 586 PLN 985 PYG 600 QAR 634 RON 946 RSD 941 RUB 643 RWF 646 SAR 682 SBD 090 SCR 690 SDG 938 SEK 752 SGD 702
        SHP 654 SLE 925 SOS 706 SRD 968 SSP 728 STN 930 SVC 222 SYP 760 SZL 748 THB 764 TJS 972 TMT 934 TND 788 TOP 776
        TRY 949 TTD 780 TWD 901 TZS 834 UAH 980 UGX 800 USD 840 USN 997 UYI 940 UYU 858 UYW 927 UZS 860 VED 926 VES 928
        VND 704 VUV 548 WST 882 XAF 950 XCD 951 XCG 532 XOF 952 XPF 953 YER 886 ZAR 710 ZMW 967 ZWG 924
        """
}

/// A unit of measure of UN/ECE Recommendation 20: those that goods are counted, weighed and measured in.
struct Unit {
    enum Measure { case count, mass, length, area, volume, time }

    let code: String
    let measure: Measure
    /// How much it is of the measure's smallest unit here.
    let factor: Number

    /// By its code, or one of its usual names.
    init?(_ text: String) {
        let own = Codes.plain(text)
        guard let place = Self.byName[own] else { return nil }
        self = Self.all[place].unit
    }

    private init(_ code: String, _ measure: Measure, _ factor: String) {
        (self.code, self.measure, self.factor) = (code, measure, Number(factor)!)
    }

    private static let byName: [String: Int] = all.enumerated().reduce(into: [:]) { names, entry in
        names[entry.element.unit.code] = entry.offset
        for name in entry.element.names.split(separator: " ") { names[name.uppercased()] = entry.offset }
    }

    /// Each unit, and the names that it goes by.
    private static let all: [(unit: Unit, names: String)] = [
        (Unit("H87", .count, "1"), "pce pcs pc piece pieces kpl st stk stck stück stuk szt"),
        (Unit("EA", .count, "1"), "each"),
        (Unit("C62", .count, "1"), "one unit units"), (Unit("PR", .count, "2"), "pair pairs pari paar"),
        (Unit("DZN", .count, "12"), "dozen doz dz"), (Unit("CEN", .count, "100"), "hundred"),
        (Unit("GRO", .count, "144"), "gross"), (Unit("MIL", .count, "1000"), "thousand"),
        (Unit("MGM", .mass, "0.001"), "mg"), (Unit("GRM", .mass, "1"), "g gr gram grams"),
        (Unit("KGM", .mass, "1000"), "kg kilo kilogram kilograms"),
        (Unit("TNE", .mass, "1000000"), "t ton tonne tonnes"),
        (Unit("LBR", .mass, "453.59237"), "lb lbs pound pounds"),
        (Unit("ONZ", .mass, "28.349523125"), "oz ounce ounces"),
        (Unit("MMT", .length, "1"), "mm"), (Unit("CMT", .length, "10"), "cm"), (Unit("DMT", .length, "100"), "dm"),
        (Unit("MTR", .length, "1000"), "m metre metres meter meters"), (Unit("KMT", .length, "1000000"), "km"),
        (Unit("INH", .length, "25.4"), "in inch inches"), (Unit("FOT", .length, "304.8"), "ft foot feet"),
        (Unit("YRD", .length, "914.4"), "yd yard yards"), (Unit("MMK", .area, "1"), "mm2 mm²"),
        (Unit("CMK", .area, "100"), "cm2 cm²"), (Unit("DMK", .area, "10000"), "dm2 dm²"),
        (Unit("MTK", .area, "1000000"), "m2 m² sqm"), (Unit("MLT", .volume, "1"), "ml"),
        (Unit("CMQ", .volume, "1"), "cm3 cm³"),
        (Unit("CLT", .volume, "10"), "cl"), (Unit("DLT", .volume, "100"), "dl"),
        (Unit("LTR", .volume, "1000"), "l litre litres liter liters"), (Unit("DMQ", .volume, "1000"), "dm3 dm³"),
        (Unit("HLT", .volume, "100000"), "hl"), (Unit("MTQ", .volume, "1000000"), "m3 m³ cbm"),
        (Unit("OZA", .volume, "29.5735295625"), "floz"), (Unit("GLL", .volume, "3785.411784"), "gal gallon gallons"),
        (Unit("SEC", .time, "1"), "s sec second seconds"), (Unit("MIN", .time, "60"), "min minute minutes"),
        (Unit("HUR", .time, "3600"), "h hr hour hours"), (Unit("DAY", .time, "86400"), "d day days"),
    ]
}
