import Document

/// Decimal arithmetic as commerce does it, where JSONata's own operators leave something open: how to round, and money.
enum Decimals {
    static let functions: [Function] = [
        Function(
            "omni_round", "<n-n?s?:n>",
            "Rounded to so many decimals by a rule: half-up (the usual one; the middle goes away from zero), half-even, up, down, ceiling, floor.",
            examples: [
                .init("$omni_round(2.345, 2)", "2.35"), .init("$omni_round(2.345, 2, \"half-even\")", "2.34"),
                .init("$omni_round(-2.5)", "-3"), .init("$omni_round(2.341, 2, \"up\")", "2.35"),
                .init("$omni_round(-2.349, 2, \"down\")", "-2.34"), .init("$omni_round(nothing, 2)", nil),
            ],
            check: { literals, _ in
                guard literals.count == 3, let rule = literals[2], rules[rule] == nil else { return nil }
                return ("U1008", unknown(rule))
            }
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let given = machine.argument(arguments, 2)
            let name = given.isString ? machine.text(given) : "half-up"
            guard let rule = rules[name] else { throw machine.failure("U2007", unknown(name)) }
            let places = min(max(machine.integer(arguments, 1) ?? 0, -400), 400)
            return try machine.value(machine.number(value).rounded(rule, places: places))
        },
        Function(
            "omni_divide", "<nnn?:n>",
            "A quotient of exact decimals, rounded half-up to so many decimals; without them, to 34 digits.",
            examples: [
                .init("$omni_divide(10, 3, 2)", "3.33"), .init("$omni_divide(1, 8)", "0.125"),
                .init("$omni_divide(2, 3, 4)", "0.6667"), .init("$omni_divide(nothing, 3)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let (value, by) = (machine.argument(arguments, 0), machine.argument(arguments, 1))
            if value.isUndefined || by.isUndefined { return .undefined }
            guard let quotient = machine.number(value).divided(by: machine.number(by)) else {
                throw machine.failure("D1001", "$omni_divide was given 0 to divide by")
            }
            guard let places = machine.integer(arguments, 2) else { return try machine.value(quotient) }
            return try machine.value(
                quotient.rounded(.toNearestOrAwayFromZero, places: min(max(places, -400), 400)))
        },
        Function(
            "omni_minor", "<ns:n>",
            "An amount of money in its currency's smallest unit, rounded half-up: cents. Undefined when there is no such currency (ISO 4217).",
            examples: [
                .init("$omni_minor(19.90, \"EUR\")", "1990"), .init("$omni_minor(500, \"JPY\")", "500"),
                .init("$omni_minor(1.2345, \"KWD\")", "1235"), .init("$omni_minor(1, \"XYZ\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            guard let (amount, decimals) = try money(machine, arguments) else { return .undefined }
            let scaled = Number(
                isNegative: amount.isNegative, coefficient: amount.coefficient, exponent: amount.exponent + decimals)
            return try machine.value(scaled.rounded(.toNearestOrAwayFromZero))
        },
        Function(
            "omni_major", "<ns:n>",
            "An amount that is given in a currency's smallest unit: 1990 cents are 19.9. Undefined when there is no such currency (ISO 4217).",
            examples: [
                .init("$omni_major(1990, \"EUR\")", "19.9"), .init("$omni_major(500, \"JPY\")", "500"),
                .init("$omni_major(1, \"XYZ\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            guard let (amount, decimals) = try money(machine, arguments) else { return .undefined }
            return try machine.value(
                Number(
                    isNegative: amount.isNegative, coefficient: amount.coefficient,
                    exponent: amount.exponent - decimals))
        },
    ]

    private static let rules: [String: FloatingPointRoundingRule] = [
        "half-up": .toNearestOrAwayFromZero, "half-even": .toNearestOrEven, "up": .awayFromZero,
        "down": .towardZero, "ceiling": .up, "floor": .down,
    ]

    private static func unknown(_ rule: String) -> String {
        "there is no such rounding; there are half-up, half-even, up, down, ceiling, floor"
    }

    private static func money(
        _ machine: borrowing Machine, _ arguments: Arguments
    ) throws(MappingFailure) -> (amount: Number, decimals: Int)? {
        let (value, currency) = (machine.argument(arguments, 0), machine.argument(arguments, 1))
        guard value.isNumber, currency.isString, let known = Currency(machine.text(currency)) else { return nil }
        return (machine.number(value), known.decimals)
    }
}
