import Document

/// Functions that take functions.
enum HigherOrder {
    static let functions: [Function] = [
        Function(
            "map", "<af>", "What a function makes of each value (and its place, and the array).",
            examples: [
                .init("$map([1, 2], function($v) { $v * 2 })", "[2,4]"),
                .init("$map([\"a\", \"b\"], function($v, $i) { $v & $i })", #"["a0","b1"]"#),
                .init("$map([1], function($v) { $v })", "1"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            let function = machine.argument(arguments, 1)
            if list.isUndefined { return list }
            let base = machine.stack.count
            try machine.forEach(list) { (machine, value, place) throws(MappingFailure) in
                let result = try machine.handed(function, value, place, list)
                if !result.isUndefined { machine.stack.append(result) }
            }
            return try machine.array(from: base, flags: Value.sequence)
        },
        Function(
            "filter", "<af>", "The values that a function says true of.",
            examples: [
                .init("$filter([1, 2, 3], function($v) { $v > 1 })", "[2,3]"),
                .init("$filter([1, 2], function($v, $i) { $i = 1 })", "2"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            let function = machine.argument(arguments, 1)
            if list.isUndefined { return list }
            let base = machine.stack.count
            try machine.forEach(list) { (machine, value, place) throws(MappingFailure) in
                if try machine.truth(machine.handed(function, value, place, list)) { machine.stack.append(value) }
            }
            return try machine.array(from: base, flags: Value.sequence)
        },
        Function(
            "single", "<af?>", "The one value that a function says true of: an error when there are none or more.",
            examples: [.init("$single([1, 2, 3], function($v) { $v = 2 })", "2"), .init("$single([7])", "7")]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            let function = machine.argument(arguments, 1)
            if list.isUndefined { return list }
            var found = Value.undefined
            try machine.forEach(list) { (machine, value, place) throws(MappingFailure) in
                if function.isFunction, try !machine.truth(machine.handed(function, value, place, list)) { return }
                guard found.isUndefined else {
                    throw machine.failure("D3138", "$single expects one value that matches, there are more")
                }
                found = value
            }
            if found.isUndefined {
                throw machine.failure("D3139", "$single expects one value that matches, there is none")
            }
            return found
        },
        Function(
            "reduce", "<afj?:j>",
            "All values folded into one by a function of what there is so far and the next value.",
            examples: [
                .init("$reduce([1, 2, 3], function($a, $b) { $a + $b })", "6"),
                .init("$reduce([1, 2], function($a, $b) { $a & $b }, \"\")", #""12""#),
            ], reduce),
    ]

    private static func reduce(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let list = machine.argument(arguments, 0)
        let function = machine.argument(arguments, 1)
        if list.isUndefined { return list }
        let arity = machine.arity(function)
        guard arity >= 2 else {
            throw machine.failure("D3050", "the function of $reduce must take two arguments or more")
        }
        var result = machine.argument(arguments, 2)
        var isFirst = result.isUndefined
        try machine.forEach(list) { (machine, value, place) throws(MappingFailure) in
            if isFirst {
                isFirst = false
                result = value
                return
            }
            let base = machine.stack.count
            machine.stack.append(result)
            machine.stack.append(value)
            if arity >= 3 { machine.stack.append(place) }
            if arity >= 4 { machine.stack.append(list) }
            result = try machine.apply(function, from: base, .null)
            machine.stack.truncate(base)
        }
        return result
    }
}

extension Machine {
    /// Hands each element of an array and its place to a closure.
    mutating func forEach(
        _ list: Value, _ body: (inout Machine, Value, Value) throws(MappingFailure) -> Void
    ) throws(MappingFailure) {
        let index = container(list)
        var cursor = index + 1
        for place in 0..<count(at: index) {
            try step()
            let value = value(at: cursor)
            cursor = next(cursor)
            try body(&self, value, Value(small: place))
        }
    }
}
