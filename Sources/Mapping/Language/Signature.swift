/// A signature that isn't one.
struct SignatureError: Error {
    let code: String
    let message: String
    let offset: Int
}

/// The types of a function's parameters, as `<s-n?:s>`: string (or else the context), optional number, gives a string.
///
/// Letters: s string, n number, b boolean, l null, o object, a array, f function, j any JSON, x anything; `(sn)` a
/// choice, `a<s>` an array of strings, `-` takes the context when left out, `?` optional, `+` one or more.
struct Signature: Sendable {
    /// The kinds of values as bits.
    struct Types: OptionSet, Sendable {
        let rawValue: UInt16
        static let array = Types(rawValue: 1)
        static let string = Types(rawValue: 2)
        static let number = Types(rawValue: 4)
        static let boolean = Types(rawValue: 8)
        static let null = Types(rawValue: 16)
        static let function = Types(rawValue: 32)
        static let object = Types(rawValue: 64)
        static let missing = Types(rawValue: 128)
        static let json: Types = [.array, .string, .number, .boolean, .null, .object, .missing]
        static let any: Types = [.json, .function]

        /// The types of values by their tags, eight bits each; a link's is looked up.
        private static let low: UInt64 = 0x0000_0002_0408_0810
        private static let high: UInt64 = 0x8004_8080_0104_2080

        init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The type of a value that is no link, by its tag.
        @inline(__always)
        init(tag: UInt64) {
            rawValue = UInt16(truncatingIfNeeded: (tag < 8 ? Self.low : Self.high) &>> (tag &* 8)) & 0xFF
        }
    }

    struct Parameter: Sendable {
        var types: Types
        var isArray = false
        /// The type of the elements, when it was given.
        var elements: Types?
        var usesContext = false
        var isOptional = false
        var repeats = false
    }

    private(set) var parameters: [Parameter] = []
    let text: String

    init(_ text: String) throws(SignatureError) {
        self.text = text
        let letters = Array(text.utf8)
        var at = 1
        while at < letters.count, letters[at] != UInt8(ascii: ":") {
            try read(letters, &at)
            at += 1
        }
    }

    private static func types(_ letter: UInt8) -> Types? {
        switch letter {
        case UInt8(ascii: "s"): .string
        case UInt8(ascii: "n"): .number
        case UInt8(ascii: "b"): .boolean
        case UInt8(ascii: "l"): .null
        case UInt8(ascii: "o"): .object
        case UInt8(ascii: "a"): .array
        case UInt8(ascii: "f"): .function
        case UInt8(ascii: "j"): .json
        case UInt8(ascii: "x"): .any
        default: nil
        }
    }

    /// What elements may be: a type, or a choice of types.
    private static func elements(_ letters: ArraySlice<UInt8>) -> Types? {
        guard let first = letters.first else { return nil }
        guard first == UInt8(ascii: "(") else { return types(first) }
        let choice = letters.dropFirst().prefix { $0 != UInt8(ascii: ")") }.compactMap(types)
        return choice.isEmpty ? nil : choice.reduce([]) { $0.union($1) }
    }

    private mutating func read(_ letters: [UInt8], _ at: inout Int) throws(SignatureError) {
        let last = parameters.count - 1
        switch letters[at] {
        case UInt8(ascii: "a"): parameters.append(Parameter(types: .any, isArray: true))
        case UInt8(ascii: "f"): parameters.append(Parameter(types: .function))
        case UInt8(ascii: "-") where last >= 0: parameters[last].usesContext = true
        case UInt8(ascii: "?") where last >= 0: parameters[last].isOptional = true
        case UInt8(ascii: "+") where last >= 0: parameters[last].repeats = true
        case UInt8(ascii: "("):
            let end = closing(letters, at, UInt8(ascii: "("), UInt8(ascii: ")"))
            var types: Types = .missing
            for letter in letters[(at + 1)..<end] {
                guard letter != UInt8(ascii: "<") else {
                    throw SignatureError(
                        code: "S0402", message: "a choice of types can't hold types with parameters", offset: at)
                }
                if let one = Self.types(letter) { types.formUnion(one) }
            }
            parameters.append(Parameter(types: types))
            at = end
        case UInt8(ascii: "<"):
            let end = closing(letters, at, UInt8(ascii: "<"), UInt8(ascii: ">"))
            guard last >= 0, parameters[last].isArray || parameters[last].types == .function else {
                throw SignatureError(
                    code: "S0401", message: "only functions and arrays have type parameters", offset: at)
            }
            if parameters[last].isArray { parameters[last].elements = Self.elements(letters[(at + 1)..<end]) }
            at = end
        default:
            if let types = Self.types(letters[at]) { parameters.append(Parameter(types: types.union(.missing))) }
        }
    }

    private func closing(_ letters: [UInt8], _ from: Int, _ open: UInt8, _ close: UInt8) -> Int {
        var depth = 1
        var at = from
        while at + 1 < letters.count {
            at += 1
            if letters[at] == close {
                depth -= 1
                if depth == 0 { return at }
            } else if letters[at] == open {
                depth += 1
            }
        }
        return at
    }
}

extension Signature {
    /// How many arguments each parameter takes, as the greedy match of a regular expression would; nil when none fits.
    ///
    /// - Parameter types: for each argument what it may be: one type while a mapping runs, several before.
    func match(_ types: ArraySlice<Types>) -> [Int]? { Self.match(parameters[...], types) }

    private static func match(_ parameters: ArraySlice<Parameter>, _ types: ArraySlice<Types>) -> [Int]? {
        guard let parameter = parameters.first else { return types.isEmpty ? [] : nil }
        var most = 0
        let limit = parameter.repeats ? types.count : 1
        for type in types.prefix(limit) {
            guard !parameter.types.isDisjoint(with: type) else { break }
            most += 1
        }
        let least = parameter.usesContext || parameter.isOptional ? 0 : 1
        var taken = most
        while taken >= least {
            if let rest = match(parameters.dropFirst(), types.dropFirst(taken)) { return [taken] + rest }
            taken -= 1
        }
        return nil
    }

    /// The place of the first argument that doesn't fit.
    func mismatch(_ types: [Types]) -> Int {
        for count in stride(from: types.count, through: 0, by: -1) {
            for parameters in 0...parameters.count
            where Self.match(self.parameters.prefix(parameters), types.prefix(count)) != nil {
                return count
            }
        }
        return 0
    }
}

extension Signature.Types {
    /// `a string`, `a number or null`.
    var described: String {
        let names: [(Self, String)] = [
            (.null, "null"), (.boolean, "true or false"), (.number, "a number"), (.string, "a string"),
            (.array, "an array"), (.object, "an object"), (.function, "a function"),
        ]
        let words = names.filter { !isDisjoint(with: $0.0) }.map(\.1)
        return words.isEmpty ? "nothing" : words.joined(separator: " or ")
    }
}

/// A signature as plain words, for checking calls whose arguments fit one by one.
struct QuickSignature: BitwiseCopyable {
    /// For each of at most four parameters: the types it takes; none where there is no such parameter.
    private var types: UInt64 = 0
    /// For arrays: the elements' types; zero when any will do.
    private var elements: UInt64 = 0
    var arrays: UInt8 = 0
    /// How many arguments must be given, so that no context is needed.
    var least = 0
    /// How many can be given; -1 when the signature is not of the plain kind.
    var most = -1

    init(_ signature: Signature) {
        let parameters = signature.parameters
        guard parameters.count <= 4, !parameters.contains(where: \.repeats) else { return }
        for (place, parameter) in parameters.enumerated() {
            types |= UInt64(parameter.types.rawValue) << (16 * place)
            elements |= UInt64(parameter.elements?.subtracting(.missing).rawValue ?? 0) << (16 * place)
            if parameter.isArray { arrays |= 1 << place }
            if !parameter.isOptional || parameter.usesContext { least = place + 1 }
        }
        most = parameters.count
    }

    /// The types that a parameter takes.
    @inline(__always)
    func types(_ place: Int) -> UInt16 { UInt16(truncatingIfNeeded: types &>> UInt64(16 &* place)) }

    /// The types that an array's elements may have; zero for any.
    @inline(__always)
    func elements(_ place: Int) -> UInt16 { UInt16(truncatingIfNeeded: elements &>> UInt64(16 &* place)) }
}
