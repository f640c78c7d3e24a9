import Document

/// Arrays.
enum Arrays {
    static let functions: [Function] = [
        Function(
            "append", "<xx:a>", "Two arrays (or values) in one.",
            examples: [
                .init("$append([1, 2], [3])", "[1,2,3]"), .init("$append(1, 2)", "[1,2]"),
                .init("$append(nothing, 1)", "1"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let first = machine.argument(arguments, 0)
            let second = machine.argument(arguments, 1)
            if first.isUndefined { return second }
            if second.isUndefined { return first }
            let base = machine.stack.count
            machine.pushItems(first)
            machine.pushItems(second)
            return try machine.array(from: base)
        },
        Function(
            "reverse", "<a:a>", "An array from its end to its beginning.",
            examples: [.init("$reverse([1, 2, 3])", "[3,2,1]"), .init("$reverse(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            guard list.isLink, machine.count(at: machine.container(list)) > 1 else { return list }
            let base = machine.stack.count
            machine.pushElements(list)
            var low = base
            var high = machine.stack.count - 1
            while low < high {
                let value = machine.stack[low]
                machine.stack[low] = machine.stack[high]
                machine.stack[high] = value
                low += 1
                high -= 1
            }
            return try machine.array(from: base)
        },
        Function(
            "distinct", "<x:x>", "An array without repetitions: the first of equal values stays.",
            examples: [
                .init("$distinct([1, 2, 1.0, \"1\"])", #"[1,2,"1"]"#),
                .init("$distinct([{\"a\": 1}, {\"a\": 1}])", #"[{"a":1}]"#),
                .init("$distinct(1)", "1"),
            ], distinct),
        Function(
            "sort", "<af?:a>",
            "An array in order: of numbers, of strings, or by a function that says whether to swap two.",
            examples: [
                .init("$sort([3, 1, 2.5])", "[1,2.5,3]"), .init("$sort([\"b\", \"a\"])", #"["a","b"]"#),
                .init("$sort([1, 2, 3], function($l, $r) { $l < $r })", "[3,2,1]"),
            ], sort),
        Function(
            "zip", "<a+>", "Arrays side by side: an array of the first values, one of the second, and so on.", arity: 0,
            examples: [.init("$zip([1, 2, 3], [\"a\", \"b\"])", #"[[1,"a"],[2,"b"]]"#), .init("$zip([], [1])", "[]")]
        ) { (machine, arguments) throws(MappingFailure) in
            var length = Int.max
            for place in 0..<arguments.count {
                let list = machine.argument(arguments, place)
                length = min(length, list.isLink ? machine.count(at: machine.container(list)) : 0)
            }
            let base = machine.stack.count
            for row in 0..<(arguments.count == 0 ? 0 : length) {
                try machine.step()
                let start = machine.stack.count
                for place in 0..<arguments.count {
                    machine.stack.append(machine.element(machine.argument(arguments, place), row))
                }
                let tuple = try machine.array(from: start)
                machine.stack.append(tuple)
            }
            return try machine.array(from: base)
        },
    ]

    private static func distinct(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let list = machine.argument(arguments, 0)
        guard machine.isArray(list), machine.count(at: machine.container(list)) > 1 else { return list }
        let base = machine.stack.count
        machine.pushElements(list)
        let end = machine.stack.count
        var seen = Seen(from: end)
        for place in base..<end {
            let value = machine.stack[place]
            if try seen.place(of: value, on: &machine) == nil { machine.stack.append(value) }
        }
        let result = try machine.array(from: end, flags: list.bits & Value.sequence)
        machine.stack.truncate(base)
        return result
    }

    private static func sort(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let list = machine.argument(arguments, 0)
        let function = machine.argument(arguments, 1)
        guard list.isLink, machine.count(at: machine.container(list)) > 1 else { return list }
        let base = machine.stack.count
        machine.pushElements(list)
        let count = machine.stack.count - base
        let order: [Int32]
        if function.isFunction {
            order = try machine.mergeSorted(count) { (machine: inout Machine, a, b) throws(MappingFailure) in
                let start = machine.stack.count
                machine.stack.append(machine.stack[base + Int(a)])
                machine.stack.append(machine.stack[base + Int(b)])
                let swaps = machine.collapsed(try machine.apply(function, from: start, .null))
                machine.stack.truncate(start)
                // JavaScript's truth, as in the reference: any array, object or function is true.
                if swaps.isLink || swaps.isFunction { return true }
                return try machine.truth(swaps)
            }
        } else {
            for place in base..<base + count {
                let value = machine.stack[place]
                guard machine.stack[base].isNumber ? value.isNumber : (value.isString && machine.stack[base].isString)
                else {
                    throw machine.failure(
                        "D3070", "$sort without a function needs an array of numbers or one of strings")
                }
            }
            order = try machine.mergeSorted(count) { (machine: inout Machine, a, b) throws(MappingFailure) in
                machine.compare(machine.stack[base + Int(a)], machine.stack[base + Int(b)]) > 0
            }
        }
        for place in order { machine.stack.append(machine.stack[base + Int(place)]) }
        let result = try machine.array(from: base + count)
        machine.stack.truncate(base)
        return result
    }
}
