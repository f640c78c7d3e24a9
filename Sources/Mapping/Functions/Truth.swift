import Document

/// Truth, existence and type.
enum Truth {
    static let functions: [Function] = [
        Function(
            "boolean", "<x-:b>",
            "The truth of a value: false for empty strings, arrays and objects, 0, null, functions.",
            examples: [
                .init("$boolean(\"\")", "false"), .init("$boolean([0, 1])", "true"), .init("$boolean(null)", "false"),
                .init("$boolean(nothing)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : Value(try machine.truth(value))
        },
        Function(
            "not", "<x-:b>", "The opposite of a value's truth.",
            examples: [.init("$not(0)", "true"), .init("$not(\"a\")", "false"), .init("$not(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : Value(try !machine.truth(value))
        },
        Function(
            "exists", "<x:b>", "Whether there is a value: null is one.",
            examples: [
                .init("$exists(nothing)", "false"), .init("$exists(null)", "true"), .init("$exists(\"\")", "true"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            Value(!machine.argument(arguments, 0).isUndefined)
        },
        Function(
            "type", "<x:s>", "The value's type: null, number, string, boolean, array, object or function.",
            examples: [
                .init("$type(1)", #""number""#), .init("$type(null)", #""null""#), .init("$type($sum)", #""function""#),
                .init("$type(nothing)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            switch machine.type(of: value) {
            case .null: return try machine.string("null")
            case .number: return try machine.string("number")
            case .string: return try machine.string("string")
            case .boolean: return try machine.string("boolean")
            case .array: return try machine.string("array")
            case .function: return try machine.string("function")
            case .object: return try machine.string("object")
            default: return .undefined
            }
        },
    ]
}
