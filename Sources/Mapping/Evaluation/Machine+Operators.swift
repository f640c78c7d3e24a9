import Document
import Glibc

extension Machine {
    // MARK: Equality

    mutating func equality(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let left = try operand(operation.pointee.a, input)
        let right = try operand(operation.pointee.b, input)
        if left.isUndefined || right.isUndefined { return .false }
        return Value(try equal(left, right) == (operation.pointee.kind == .equal))
    }

    /// Whether two values are the same: numbers by value, objects with members in any order.
    mutating func equal(_ left: Value, _ right: Value) throws(MappingFailure) -> Bool {
        if left.isNumber { return right.isNumber && compare(numbers: left, right) == 0 }
        guard left.tag == right.tag else { return false }
        switch left.tag {
        case Value.string: return sameText(left, right)
        case Value.link: return try equalContainers(container(left), container(right))
        case Value.function:
            let (one, other) = (functions[left.index], functions[right.index])
            return left.index == right.index || (one.kind == .library && other.kind == .library && one.a == other.a)
        default: return left.bits == right.bits
        }
    }

    private mutating func equalContainers(_ left: Int, _ right: Int) throws(MappingFailure) -> Bool {
        if left == right { return true }
        try step()
        try guardStack()
        guard tape[left] >> 60 == tape[right] >> 60, count(at: left) == count(at: right) else { return false }
        var cursor = left + 1
        if tape[left] >> 60 == Value.array {
            var other = right + 1
            for _ in 0..<count(at: left) {
                guard try equal(value(at: cursor), value(at: other)) else { return false }
                cursor = next(cursor)
                other = next(other)
            }
            return true
        }
        for _ in 0..<count(at: left) {
            let found = try member(of: right, key: Value(bits: tape[cursor]))
            guard !found.isUndefined, try equal(value(at: cursor + 1), found) else { return false }
            cursor = next(cursor + 1)
        }
        return true
    }

    func sameText(_ left: Value, _ right: Value) -> Bool {
        left.length == right.length && memcmp(tape.bytes + left.offset, tape.bytes + right.offset, left.length) == 0
    }

    /// The member of the object at an index whose name is a string of the tape.
    mutating func member(of index: Int, key: Value) throws(MappingFailure) -> Value {
        var cursor = index + 1
        let count = count(at: index)
        // Names are compared quickly, but there may be many.
        try step(count &>> 4)
        for _ in 0..<count {
            if sameText(Value(bits: tape[cursor]), key) { return value(at: cursor + 1) }
            cursor = next(cursor + 1)
        }
        return .undefined
    }

    // MARK: Order

    mutating func comparison(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let left = try operand(operation.pointee.a, input)
        let right = try operand(operation.pointee.b, input)
        guard left.isUndefined || left.isString || left.isNumber, right.isUndefined || right.isString || right.isNumber
        else {
            throw failure(
                "T2010", "both sides of '\(operation.pointee.kind.symbol)' must be numbers or strings", at: number,
                token: operation.pointee.kind.symbol, input: input)
        }
        if left.isUndefined || right.isUndefined { return .undefined }
        guard left.isNumber == right.isNumber else {
            throw failure(
                "T2009",
                "both sides of '\(operation.pointee.kind.symbol)' must be of one type: two numbers or two strings",
                at: number, token: operation.pointee.kind.symbol, input: input)
        }
        let order = compare(left, right)
        switch operation.pointee.kind {
        case .less: return Value(order < 0)
        case .lessOrEqual: return Value(order <= 0)
        case .greater: return Value(order > 0)
        default: return Value(order >= 0)
        }
    }

    /// The order of two numbers, or of two strings by code point.
    func compare(_ left: Value, _ right: Value) -> Int {
        if left.isNumber { return compare(numbers: left, right) }
        let a = utf8(left)
        let b = utf8(right)
        for place in 0..<min(a.count, b.count) where a[place] != b[place] { return a[place] < b[place] ? -1 : 1 }
        return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
    }

    mutating func membership(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let left = try operand(operation.pointee.a, input)
        let right = try operand(operation.pointee.b, input)
        if left.isUndefined || right.isUndefined { return .false }
        guard isArray(right) else { return Value(identical(left, right)) }
        let index = container(right)
        var cursor = index + 1
        let count = count(at: index)
        try step(count &>> 4)
        for _ in 0..<count {
            if identical(left, value(at: cursor)) { return .true }
            cursor = next(cursor)
        }
        return .false
    }

    /// Equality of scalars; containers are only identical to themselves.
    private func identical(_ left: Value, _ right: Value) -> Bool {
        if left.isNumber { return right.isNumber && compare(numbers: left, right) == 0 }
        guard left.tag == right.tag else { return false }
        switch left.tag {
        case Value.string: return sameText(left, right)
        case Value.link: return container(left) == container(right)
        default: return left.bits == right.bits
        }
    }

    // MARK: Ranges

    /// The most elements a range may have.
    static let longestRange = 10_000_000

    mutating func range(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let base = stack.count
        try pushRange(number, input)
        return try sequence(from: base)
    }

    /// Pushes the integers of a range.
    mutating func pushRange(_ number: Int32, _ input: Value) throws(MappingFailure) {
        let left = try evaluate(operations[Int(number)].a, input)
        let right = try evaluate(operations[Int(number)].b, input)
        guard left.isUndefined || (left.isNumber && self.number(left).isInteger) else {
            throw failure("T2003", "the left side of '..' must be an integer", at: number, token: "..", input: input)
        }
        guard right.isUndefined || (right.isNumber && self.number(right).isInteger) else {
            throw failure("T2004", "the right side of '..' must be an integer", at: number, token: "..", input: input)
        }
        if left.isUndefined || right.isUndefined { return }
        let from = floor(left)
        let to = floor(right)
        if from > to { return }
        guard to - from < Self.longestRange else {
            throw failure(
                "D2014", "a range must not have more than \(Self.longestRange) elements", at: number, token: "..",
                input: input)
        }
        stepsLeft -= to - from
        try step()
        for integer in from...to { stack.append(Value(small: integer)) }
    }

    // MARK: Order-by

    /// Sorts the items on the stack from `low` to `high` and pushes them in order.
    mutating func pushSorted(_ number: Int32, _ low: Int, _ high: Int) throws(MappingFailure) {
        if high - low <= 1 {
            for place in low..<high { stack.append(stack[place]) }
            return
        }
        let order = try sorted(number, count: high - low) {
            (machine: inout Machine, term, item) throws(MappingFailure) in
            try machine.evaluate(term, machine.stack[low + item])
        }
        for place in order { stack.append(stack[low + Int(place)]) }
    }

    /// The value of an order-by's term for an item.
    typealias SortKey = (inout Machine, _ term: Int32, _ item: Int) throws(MappingFailure) -> Value

    /// The order of items: a stable merge sort. As in the reference a term is evaluated when two items are compared that the
    /// terms before it leave alike, and then once an item.
    mutating func sorted(_ number: Int32, count: Int, _ key: SortKey) throws(MappingFailure) -> [Int32] {
        let keys = stack.count
        let terms = Int(operations[Int(number)].b)
        // Room for all of them is taken at once.
        try step(count * terms)
        try checkRoom(8 * count * terms)
        for _ in 0..<count * terms { stack.append(.placeholder) }
        let order = try mergeSorted(count) { (machine: inout Machine, a, b) throws(MappingFailure) in
            try machine.goesBehind(number, keys, Int(a), Int(b), key)
        }
        stack.truncate(keys)
        return order
    }

    /// Sorts the numbers below `count` stably; the closure says whether the first belongs behind the second.
    ///
    /// Which ones it is asked about is the reference's: where a comparator contradicts itself, the result is the same.
    mutating func mergeSorted(
        _ count: Int, _ goesBehind: (inout Machine, Int32, Int32) throws(MappingFailure) -> Bool
    ) throws(MappingFailure) -> [Int32] {
        let order = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        let scratch = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        defer {
            order.deallocate()
            scratch.deallocate()
        }
        for place in 0..<count { order[place] = Int32(place) }
        try mergeSort(order, scratch, 0, count, goesBehind)
        return Array(UnsafeBufferPointer(start: order, count: count))
    }

    /// Sorts a part: its halves, of which the first one is the shorter, then both in one. So deep as there are halvings.
    private mutating func mergeSort(
        _ order: UnsafeMutablePointer<Int32>, _ scratch: UnsafeMutablePointer<Int32>, _ low: Int, _ high: Int,
        _ goesBehind: (inout Machine, Int32, Int32) throws(MappingFailure) -> Bool
    ) throws(MappingFailure) {
        if high - low < 2 { return }
        let middle = low + (high - low) / 2
        try mergeSort(order, scratch, low, middle, goesBehind)
        try mergeSort(order, scratch, middle, high, goesBehind)
        for place in low..<middle { scratch[place] = order[place] }
        var left = low
        var right = middle
        var place = low
        while left < middle, right < high {
            try step()
            if try goesBehind(&self, scratch[left], order[right]) {
                order[place] = order[right]
                right += 1
            } else {
                order[place] = scratch[left]
                left += 1
            }
            place += 1
        }
        while left < middle {
            order[place] = scratch[left]
            left += 1
            place += 1
        }
    }

    private mutating func goesBehind(
        _ number: Int32, _ keys: Int, _ a: Int, _ b: Int, _ key: SortKey
    ) throws(MappingFailure) -> Bool {
        let terms = Int(operations[Int(number)].b)
        let list = Int(operations[Int(number)].a)
        for term in 0..<terms {
            let (one, other) = (keys + a * terms + term, keys + b * terms + term)
            var (left, right) = (stack[one], stack[other])
            if left == .placeholder {
                left = try key(&self, tables.lists[list + 2 * term], a)
                stack[one] = left
            }
            if right == .placeholder {
                right = try key(&self, tables.lists[list + 2 * term], b)
                stack[other] = right
            }
            // What is undefined comes last, in both directions.
            if left.isUndefined {
                if right.isUndefined { continue }
                return true
            }
            if right.isUndefined { return false }
            guard left.isString || left.isNumber, right.isString || right.isNumber else {
                throw failure("T2008", "an order-by needs numbers or strings", at: number, token: "^")
            }
            guard left.isString == right.isString else {
                throw failure("T2007", "an order-by needs values of one type", at: number, token: "^")
            }
            let order = compare(left, right)
            if order == 0 { continue }
            let descends = tables.lists[list + 2 * term + 1] == 1
            return descends ? order < 0 : order > 0
        }
        return false
    }
}
