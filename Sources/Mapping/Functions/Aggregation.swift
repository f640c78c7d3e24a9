import Document

/// Sums and the like over arrays of numbers.
enum Aggregation {
    static let functions: [Function] = [
        Function(
            "sum", "<a<n>:n>", "The sum of an array of numbers, exact.",
            examples: [.init("$sum([0.1, 0.2])", "0.3"), .init("$sum([])", "0"), .init("$sum(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            return list.isUndefined ? list : try sum(&machine, list)
        },
        Function(
            "count", "<a:n>", "How many values there are; 0 for nothing.",
            examples: [.init("$count([1, 2, 3])", "3"), .init("$count(nothing)", "0"), .init("$count(\"a\")", "1")]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            return Value(small: list.isLink ? machine.count(at: machine.container(list)) : 0)
        },
        Function(
            "max", "<a<n>:n>", "The largest of some numbers.",
            examples: [.init("$max([5, 7.5, 3])", "7.5"), .init("$max([])", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            extreme(&machine, machine.argument(arguments, 0)) { $0 > 0 }
        },
        Function(
            "min", "<a<n>:n>", "The smallest of some numbers.",
            examples: [.init("$min([5, 7, 3.5])", "3.5"), .init("$min([])", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            extreme(&machine, machine.argument(arguments, 0)) { $0 < 0 }
        },
        Function(
            "average", "<a<n>:n>", "The mean of some numbers.",
            examples: [.init("$average([5, 3, 3])", "3.6666666666666665"), .init("$average([1, 2])", "1.5")]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            if list.isUndefined { return list }
            let count = machine.count(at: machine.container(list))
            if count == 0 { return .undefined }
            let total = machine.number(try sum(&machine, list))
            if let quotient = total.dividedExactly(by: Number(count)) { return try machine.value(quotient) }
            return try machine.value(total.double / Double(count))
        },
    ]

    private static func sum(_ machine: inout Machine, _ list: Value) throws(MappingFailure) -> Value {
        let index = machine.container(list)
        var cursor = index + 1
        var total = Value(small: 0)
        for _ in 0..<machine.count(at: index) {
            total = try machine.sum(total, machine.value(at: cursor))
            cursor = machine.next(cursor)
        }
        return total
    }

    private static func extreme(_ machine: inout Machine, _ list: Value, _ isBetter: (Int) -> Bool) -> Value {
        guard list.isLink else { return .undefined }
        let index = machine.container(list)
        var cursor = index + 1
        var best = Value.undefined
        for _ in 0..<machine.count(at: index) {
            let value = machine.value(at: cursor)
            if best.isUndefined || isBetter(machine.compare(numbers: value, best)) { best = value }
            cursor = machine.next(cursor)
        }
        return best
    }
}
