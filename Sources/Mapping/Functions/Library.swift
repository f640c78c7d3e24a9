import Document

/// One function of the library: all there is to know about it stands in one place.
///
/// To add a function, write it in the file of its group and list it in that file's array; nothing else changes.
struct Function: Sendable {
    typealias Body = @Sendable (inout Machine, Arguments) throws(MappingFailure) -> Value
    /// Looks at the arguments that are string literals (nil for others) while compiling; answers what is wrong.
    typealias Check = @Sendable ([String?], MappingOptions) -> (code: String, message: String)?

    /// What a result depends on besides the arguments: nothing, chance, or text that is run.
    enum Purity: Sendable { case pure, random, dynamic }

    /// An expression and its result, as JSON; nil is undefined. Each is run as a test.
    struct Example: Sendable {
        let expression: String
        let result: String?

        init(_ expression: String, _ result: String?) {
            self.expression = expression
            self.result = result
        }
    }

    /// The name, without its `$`.
    let name: String
    /// The parameters' types, as JSONata writes them.
    let signature: String
    /// What it does, in one line.
    let summary: String
    let examples: [Example]
    /// How many arguments a higher-order function hands to it.
    let arity: Int
    let purity: Purity
    let check: Check?
    let body: Body

    init(
        _ name: String, _ signature: String, _ summary: String, arity: Int? = nil, purity: Purity = .pure,
        examples: [Example], check: Check? = nil, _ body: @escaping Body
    ) {
        self.name = name
        self.signature = signature
        self.summary = summary
        self.examples = examples
        // swift-format-ignore: NeverUseForceTry
        self.arity = arity ?? (try! Signature(signature)).parameters.count
        self.purity = purity
        self.check = check
        self.body = body
    }
}

/// All functions, by name and number.
struct Library: Sendable {
    let functions: [Function]
    let signatures: [Signature]
    private let numbers: [String: Int]

    /// JSONata's library and the integration functions.
    static let standard = Library(
        Strings.functions + Matching.functions + Encoding.functions + Numbers.functions + Formatting.functions
            + Aggregation.functions + Truth.functions + Arrays.functions + Objects.functions
            + HigherOrder.functions + Dates.functions + Control.functions + Chance.functions + Identifiers.functions
            + Codes.functions + Decimals.functions + References.functions)

    init(_ functions: [Function]) {
        self.functions = functions
        // swift-format-ignore: NeverUseForceTry
        signatures = functions.map { try! Signature($0.signature) }
        numbers = Dictionary(uniqueKeysWithValues: functions.enumerated().map { ($1.name, $0) })
    }

    func number(of name: String) -> Int? { numbers[name] }

    /// What a call needs, where nothing is counted or checked.
    struct Tables: @unchecked Sendable {
        /// The signatures in the form that fits nearly every call.
        let signatures: UnsafePointer<QuickSignature>
        let bodies: UnsafePointer<Function.Body>
    }

    /// The standard library's tables; they live as long as the process.
    static let tables: Tables = {
        let functions = standard.functions
        let signatures = UnsafeMutablePointer<QuickSignature>.allocate(capacity: functions.count)
        let bodies = UnsafeMutablePointer<Function.Body>.allocate(capacity: functions.count)
        for (number, function) in functions.enumerated() {
            (signatures + number).initialize(to: QuickSignature(standard.signatures[number]))
            (bodies + number).initialize(to: function.body)
        }
        return Tables(signatures: UnsafePointer(signatures), bodies: UnsafePointer(bodies))
    }()
}

extension Machine {
    /// An argument, or undefined when it wasn't given.
    func argument(_ arguments: Arguments, _ place: Int) -> Value {
        place < arguments.count ? stack[arguments.base + place] : .undefined
    }

    /// An integer argument (its fraction is cut off), or nil when it wasn't given.
    func integer(_ arguments: Arguments, _ place: Int) -> Int? {
        let value = argument(arguments, place)
        guard value.isNumber else { return nil }
        if let small = small(value), small.exponent == 0 { return small.coefficient }
        let number = number(value)
        let whole = number.rounded(number.isNegative ? .up : .down)
        return whole.integer ?? (whole.isNegative ? -(1 << 51) : 1 << 51)
    }
}
