import Document

/// Paths whose steps bind something: `@$v`, `#$i` and `%`. Each result then carries its bindings along: a tuple.
extension Machine {
    /// A tuple stream as a value: its tuples stay in their table until the path that made them ends.
    private func stream(from start: Int) -> Value {
        Value(bits: Value.tuples << 60 | UInt64(tuples.count - start) << 32 | UInt64(start))
    }

    func tupleCount(_ stream: Value) -> Int { Int((stream.bits >> 32) & 0xFFF_FFFF) }

    private mutating func extended(_ bindings: Int32, _ symbol: Int32, _ value: Value) -> Int32 {
        self.bindings.append(Binding(symbol: symbol, next: bindings, value: value))
        return Int32(self.bindings.count - 1)
    }

    /// Evaluates with a tuple's bindings in scope.
    private mutating func evaluate(_ operation: Int32, _ tuple: Tuple) throws(MappingFailure) -> Value {
        let mark = mark
        pushFrame(first: tuple.bindings)
        let result = try evaluate(operation, tuple.value)
        frame = mark.frame
        // Its bindings may have been extended: only the scope itself goes.
        if functions.count == mark.functions { frames.truncate(mark.frames) }
        return result
    }

    /// A path with at least one step that binds.
    mutating func tuplePath(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let base = stack.count
        let tupleBase = tuples.count
        let first = tables.steps + Int(operation.pointee.a)
        let count = Int(operation.pointee.b)
        if !first.pointee.kind.isVariable, isArray(input) { pushElements(input) } else { stack.append(input) }
        var low = base
        var place = 0
        // Steps before the first one that binds are plain.
        while place < count, !first[place].isTuple {
            let high = stack.count
            if place == 0, first.pointee.constructsArray {
                let result = try evaluate(first.pointee.operation, input)
                if isArray(result), self.count(at: container(result)) == 0 {
                    stack.truncate(base)
                    return result
                }
                pushItems(result)
            } else {
                _ = try pushStep(first + place, low, high, isLast: false)
            }
            low = high
            place += 1
            if stack.count == low {
                stack.truncate(base)
                return try emptyPath(operation)
            }
        }
        var start = tuples.count
        var isPlain = true
        while place < count {
            if isPlain, first[place].kind == .sort {
                // The first step that binds is an order-by: sort plain values, then number them.
                let high = stack.count
                try pushSorted(first[place].operation, low, high)
                low = high
            }
            if isPlain {
                for item in low..<stack.count { tuples.append(Tuple(value: stack[item], bindings: -1)) }
                if first[place].kind == .sort, first[place].index >= 0 {
                    bindPlaces(from: start, first[place].index)
                }
            }
            start = try tupleStep(first + place, from: start, isSorted: isPlain && first[place].kind == .sort)
            isPlain = false
            place += 1
        }
        stack.truncate(base)
        return try finishTuples(operation, from: start, tupleBase: tupleBase)
    }

    private mutating func emptyPath(_ operation: UnsafePointer<Operation>) throws(MappingFailure) -> Value {
        if operation.pointee.c >= 0 {
            let base = stack.count
            return try group(operation.pointee.c, from: base)
        }
        return .undefined
    }

    /// Turns the tuples into the path's result: themselves for a surrounding path, an object, or their values.
    private mutating func finishTuples(
        _ operation: UnsafePointer<Operation>, from start: Int, tupleBase: Int
    ) throws(MappingFailure) -> Value {
        if operation.pointee.c >= 0 {
            let result = try groupTuples(operation.pointee.c, stream(from: start))
            tuples.truncate(tupleBase)
            return result
        }
        if operation.pointee.flags.contains(.yieldsTuples) { return stream(from: start) }
        let base = stack.count
        for place in start..<tuples.count { stack.append(tuples[place].value) }
        tuples.truncate(tupleBase)
        return try sequence(
            from: base, keepsSingleton: operation.pointee.flags.contains(.keepsSingleton))
    }

    private mutating func bindPlaces(from start: Int, _ symbol: Int32) {
        for place in start..<tuples.count {
            let tuple = tuples[place]
            let all = extended(tuple.bindings, symbol, Value(small: place - start))
            tuples[place] = Tuple(value: tuple.value, bindings: all)
        }
    }

    /// Applies a step to the tuples from `start` on; answers where the resulting ones begin.
    private mutating func tupleStep(
        _ step: UnsafePointer<Step>, from start: Int, isSorted: Bool
    ) throws(MappingFailure) -> Int {
        let end = tuples.count
        var resultStart = end
        if step.pointee.kind == .sort {
            if isSorted { resultStart = start } else { try sortTuples(step.pointee.operation, start, end) }
        } else {
            for place in start..<end { try pushTuples(step, tuples[place]) }
        }
        if step.pointee.stageCount == 0 { return resultStart }
        return try stage(step.pointee.stages, step.pointee.stageCount, from: resultStart)
    }

    private mutating func pushTuples(_ step: UnsafePointer<Step>, _ tuple: Tuple) throws(MappingFailure) {
        let start = tuples.count
        let result = try evaluate(step.pointee.operation, tuple)
        if result.isTuples {
            // The results of all tuples must lie side by side: these move down over what their path left behind.
            let count = tupleCount(result)
            for place in 0..<count {
                let inner = tuples[result.index + place]
                let all = joined(inner.bindings, onto: tuple.bindings)
                tuples[start + place] = Tuple(value: inner.value, bindings: all)
            }
            tuples.truncate(start + count)
            return
        }
        tuples.truncate(start)
        if result.isUndefined { return }
        let base = stack.count
        pushItems(result)
        for place in base..<stack.count {
            var bindings = tuple.bindings
            var value = stack[place]
            if step.pointee.focus >= 0 {
                bindings = extended(bindings, step.pointee.focus, value)
                value = tuple.value
            }
            if step.pointee.index >= 0 {
                bindings = extended(bindings, step.pointee.index, Value(small: place - base))
            }
            if step.pointee.ancestor >= 0 { bindings = extended(bindings, step.pointee.ancestor, tuple.value) }
            tuples.append(Tuple(value: value, bindings: bindings))
        }
        stack.truncate(base)
    }

    /// A list of bindings with all of another one before it.
    private mutating func joined(_ inner: Int32, onto outer: Int32) -> Int32 {
        if outer < 0 { return inner }
        var symbols: [Binding] = []
        var entry = inner
        while entry >= 0 {
            symbols.append(bindings[Int(entry)])
            entry = bindings[Int(entry)].next
        }
        var result = outer
        for binding in symbols.reversed() { result = extended(result, binding.symbol, binding.value) }
        return result
    }

    private mutating func sortTuples(_ number: Int32, _ start: Int, _ end: Int) throws(MappingFailure) {
        let order = try sorted(number, count: end - start) {
            (machine: inout Machine, term, item) throws(MappingFailure) in
            try machine.evaluate(term, machine.tuples[start + item])
        }
        for place in order { tuples.append(tuples[start + Int(place)]) }
    }

    /// Applies filters and position bindings to the tuples from `start` on; answers where the resulting ones begin.
    private mutating func stage(_ stages: Int32, _ count: Int32, from start: Int) throws(MappingFailure) -> Int {
        var start = start
        for place in stages..<stages + count {
            let stage = tables.stages[Int(place)]
            if stage.operation < 0 {
                bindPlaces(from: start, stage.symbol)
                continue
            }
            let end = tuples.count
            for item in start..<end {
                let tuple = tuples[item]
                let top = tuples.count
                let result = try evaluate(stage.operation, tuple)
                let picked = try picks(result, item - start, end - start)
                tuples.truncate(top)
                for _ in 0..<picked { tuples.append(tuple) }
            }
            start = end
        }
        return start
    }

    /// The tuples of a value that pass filters.
    mutating func filteredTuples(_ value: Value, _ stages: Int32, _ count: Int32) throws(MappingFailure) -> Value {
        let copy = tuples.count
        for place in value.index..<value.index + tupleCount(value) { tuples.append(tuples[place]) }
        return stream(from: try stage(stages, count, from: copy))
    }

    // MARK: Grouping

    /// Groups tuples by the keys of a constructor; in each group, what was bound becomes arrays.
    mutating func groupTuples(_ number: Int32, _ value: Value) throws(MappingFailure) -> Value {
        let code = tables.groups[Int(number)]
        let start = value.index
        var groups = Groups()
        for place in start..<start + tupleCount(value) {
            for pair in 0..<code.count {
                let key = try evaluate(tables.lists[Int(code.pairs + 2 * pair)], tuples[place])
                if key.isUndefined { continue }
                try checkKey(key, code)
                do throws(MappingFailure) {
                    try groups.add(self, key: key, pair: pair, item: Int32(place))
                } catch {
                    throw self.place(error, offset: code.offset)
                }
            }
        }
        let base = stack.count
        for group in groups.groups {
            var merged = tuples[Int(groups.entries[Int(group.firstItem)].item)]
            if group.firstItem != group.lastItem { merged = try merge(groups, group) }
            let result = try evaluate(tables.lists[Int(code.pairs + 2 * group.pair + 1)], merged)
            if result.isUndefined { continue }
            stack.append(group.key)
            stack.append(result)
        }
        return try object(from: base)
    }

    /// One tuple for a group: each binding holds the values of all.
    private mutating func merge(_ groups: Groups, _ group: Group) throws(MappingFailure) -> Tuple {
        var places: [Int] = []
        var entry = group.firstItem
        while entry >= 0 {
            places.append(Int(groups.entries[Int(entry)].item))
            entry = groups.entries[Int(entry)].next
        }
        let base = stack.count
        for place in places { pushItems(tuples[place].value) }
        let value = try array(from: base)
        var seen: Set<Int32> = []
        var result: Int32 = -1
        for place in places {
            var binding = tuples[place].bindings
            while binding >= 0 {
                let entry = bindings[Int(binding)]
                binding = entry.next
                guard seen.insert(entry.symbol).inserted else { continue }
                for other in places {
                    let bound = self.bound(entry.symbol, tuples[other].bindings)
                    if !bound.isUndefined { pushItems(bound) }
                }
                result = extended(result, entry.symbol, try array(from: base))
            }
        }
        return Tuple(value: value, bindings: result)
    }

    private func bound(_ symbol: Int32, _ list: Int32) -> Value {
        var binding = list
        while binding >= 0 {
            let entry = bindings[Int(binding)]
            if entry.symbol == symbol { return entry.value }
            binding = entry.next
        }
        return .undefined
    }
}
