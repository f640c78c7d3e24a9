import Document

extension Machine {
    /// The sequence of what is on the stack from `low`; the stack falls back to `base`.
    mutating func take(from low: Int, base: Int, keepsSingleton: Bool = false) throws(MappingFailure) -> Value {
        let result = try sequence(from: low, keepsSingleton: keepsSingleton)
        stack.truncate(base)
        return result
    }

    // MARK: Paths

    /// A path whose steps don't bind anything.
    mutating func path(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let base = stack.count
        let first = tables.steps + Int(operation.pointee.a)
        let count = Int(operation.pointee.b)
        var done = 0
        let start = begin(operation, input, &done)
        if done == 0 {
            if !first.pointee.kind.isVariable, isArray(input) { pushElements(input) } else { stack.append(input) }
        } else if start.isUndefined {
            done = count
        } else if isArray(start), !start.has(Value.constructed) {
            pushElements(start)
        } else {
            stack.append(start)
        }
        var low = base
        var whole: Value?
        for place in done..<count {
            let step = first + place
            let high = stack.count
            if place == 0, step.pointee.constructsArray {
                let result = try evaluate(step.pointee.operation, input)
                whole = isArray(result) ? result : nil
                if !result.isUndefined { pushItems(result) }
            } else {
                whole = try pushStep(step, low, high, isLast: place == count - 1)
            }
            low = high
            if stack.count == low { break }
        }
        let keeps = operation.pointee.flags.contains(.keepsSingleton)
        if operation.pointee.c >= 0 {
            if let whole {
                stack.truncate(low)
                pushElements(whole)
            }
            if stack.count == low { stack.append(.undefined) }
            let result = try group(operation.pointee.c, from: low)
            stack.truncate(base)
            return result
        }
        if let whole {
            stack.truncate(base)
            guard keeps, whole.has(Value.constructed), !whole.has(Value.sequence) else { return whole }
            stack.append(whole)
            return try sequence(from: base, keepsSingleton: true)
        }
        return try take(from: low, base: base, keepsSingleton: keeps)
    }

    /// Goes a path's first names, as long as there is one object: no stack is touched for them.
    @inline(__always)
    private func begin(_ operation: UnsafePointer<Operation>, _ input: Value, _ done: inout Int) -> Value {
        var value = input
        let names = Int(truncatingIfNeeded: operation.pointee.word)
        while done < names, value.isLink {
            let index = container(value)
            guard tape[index] >> 60 == Value.object else { break }
            let step = tables.steps + Int(operation.pointee.a) + done
            value = member(of: index, tables.accesses + Int(operations[Int(step.pointee.operation)].a))
            done &+= 1
        }
        return value
    }

    /// What a step gives for an item, before its filters.
    @inline(__always)
    private mutating func stepValue(_ step: UnsafePointer<Step>, _ item: Value) throws(MappingFailure) -> Value {
        // A name is looked up at once; any other operation is evaluated.
        if step.pointee.kind == .field, operations[Int(step.pointee.operation)].flags.isEmpty {
            return try found(tables.accesses + Int(operations[Int(step.pointee.operation)].a), item)
        }
        return try constructed(step.pointee.operation, item)
    }

    /// Applies a step to the items on the stack from `low` to `high` and pushes what it gives, flattened. Answers the
    /// result itself when a last step gives just one array: that array stays what it is.
    mutating func pushStep(
        _ step: UnsafePointer<Step>, _ low: Int, _ high: Int, isLast: Bool
    ) throws(MappingFailure) -> Value? {
        if step.pointee.kind == .sort {
            try pushSorted(step.pointee.operation, low, high)
            if step.pointee.stageCount > 0 {
                let sorted = try array(from: high)
                let result = try filtered(
                    sorted, step.pointee.stages, step.pointee.stageCount, keepsSingleton: true)
                if !result.isUndefined { pushItems(result) }
                return nil
            }
            if isLast, stack.count - high > 1 {
                let result = try array(from: high)
                pushElements(result)
                return result
            }
            return nil
        }
        var results = 0
        var last = Value.undefined
        for place in low..<high {
            var result = try stepValue(step, stack[place])
            if step.pointee.stageCount == 1, !result.isTuples {
                // One filter, as most have: what passes is pushed at once.
                let filter = tables.stages[Int(step.pointee.stages)].operation
                result = try pushFiltered(filter, result, &results)
                if !result.isUndefined { last = result }
                continue
            }
            if step.pointee.stageCount > 0, !result.isUndefined {
                result = try filtered(
                    result, step.pointee.stages, step.pointee.stageCount, keepsSingleton: true)
            }
            if result.isUndefined {
                // What a filter left nothing of is a result all the same.
                if step.pointee.stageCount > 0 { results += 1 }
                continue
            }
            results += 1
            last = result
            if isArray(result), !result.has(Value.constructed) { pushElements(result) } else { stack.append(result) }
        }
        return isLast && results == 1 && isArray(last) && !last.has(Value.sequence) ? last : nil
    }

    // MARK: Filters

    /// What is left of a value after filters. A result of one element is an array only if asked for.
    mutating func filtered(
        _ value: Value, _ stages: Int32, _ count: Int32, keepsSingleton: Bool
    ) throws(MappingFailure) -> Value {
        if value.isTuples { return try filteredTuples(value, stages, count) }
        var value = value
        for place in stages..<stages + count {
            if value.isUndefined { return value }
            value = try filter(tables.stages[Int(place)].operation, value)
        }
        return keepsSingleton ? value : collapsed(value)
    }

    /// Pushes what is left of a step's result after a filter, and counts it as a result. Answers an array that was picked
    /// whole: as a last step's only result it stays what it is.
    private mutating func pushFiltered(
        _ predicate: Int32, _ value: Value, _ results: inout Int
    ) throws(MappingFailure) -> Value {
        // What nothing is left of counts, too: arrays that other items give are flattened then.
        results += 1
        if value.isUndefined { return value }
        let operation = operations + Int(predicate)
        if operation.pointee.kind == .constant, Value(bits: operation.pointee.word).isNumber {
            let place = floor(Value(bits: operation.pointee.word))
            let array = isArray(value)
            let count = array ? count(at: container(value)) : 1
            let wanted = place < 0 ? count + place : place
            guard wanted >= 0, wanted < count else { return .undefined }
            let found = array ? element(value, wanted) : value
            if found.isUndefined { return .undefined }
            pushItems(found)
            return isArray(found) ? found : .undefined
        }
        guard isArray(value) else {
            for _ in try 0..<picks(evaluate(predicate, value), 0, 1) { stack.append(value) }
            return .undefined
        }
        let index = container(value)
        let count = count(at: index)
        var cursor = index + 1
        for place in 0..<count {
            let item = self.value(at: cursor)
            cursor = next(cursor)
            let result = try evaluate(predicate, item)
            if result.isBoolean {
                if result == .true { stack.append(item) }
                continue
            }
            for _ in try 0..<picks(result, place, count) { stack.append(item) }
        }
        return .undefined
    }

    private mutating func filter(_ predicate: Int32, _ value: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(predicate)
        if operation.pointee.kind == .constant, Value(bits: operation.pointee.word).isNumber {
            return try pick(Value(bits: operation.pointee.word), value)
        }
        let base = stack.count
        pushItems(value)
        let high = stack.count
        for place in base..<high {
            let item = stack[place]
            let result = try evaluate(predicate, item)
            for _ in try 0..<picks(result, place - base, high - base) { stack.append(item) }
        }
        let kept = try array(from: high, flags: Value.sequence)
        stack.truncate(base)
        return kept
    }

    /// The element at a constant place; an array there is the result itself.
    private mutating func pick(_ number: Value, _ value: Value) throws(MappingFailure) -> Value {
        let place = floor(number)
        var found = value
        if isArray(value) {
            let count = count(at: container(value))
            found = element(value, place < 0 ? count + place : place)
        } else if place != 0, place != -1 {
            return .undefined
        }
        if found.isUndefined || isArray(found) { return found }
        let base = stack.count
        stack.append(found)
        return try array(from: base, flags: Value.sequence)
    }

    /// How often a predicate's result picks the item at a place: numbers pick places, anything else by its truth.
    func picks(_ result: Value, _ place: Int, _ count: Int) throws(MappingFailure) -> Int {
        if result.isNumber {
            let wanted = floor(result)
            return (wanted < 0 ? count + wanted : wanted) == place ? 1 : 0
        }
        guard isArray(result) else { return try truth(result) ? 1 : 0 }
        let index = container(result)
        var cursor = index + 1
        var picked = 0
        for _ in 0..<self.count(at: index) {
            let entry = value(at: cursor)
            guard entry.isNumber else { return try truth(result) ? 1 : 0 }
            picked += try picks(entry, place, count)
            cursor = next(cursor)
        }
        return picked
    }

    // MARK: Wildcards

    mutating func wildcard(_ operation: UnsafePointer<Operation>, _ input: Value) throws(MappingFailure) -> Value {
        var input = input
        if input.isLink, input.has(Value.outer) { input = element(input, 0) }
        guard input.isLink else { return .undefined }
        let base = stack.count
        let index = container(input)
        let isObject = tape[index] >> 60 == Value.object
        let listing = listing(of: index)
        var cursor = index + 1
        // As in the reference, a result that an array went into is an array even with one element.
        var plain = false
        for place in 0..<count(at: index) {
            if let listing { cursor = listing[place] }
            if isObject { cursor += 1 }
            let value = value(at: cursor)
            cursor = next(cursor)
            if isArray(value) {
                plain = true
                try pushFlattened(value)
            } else {
                stack.append(value)
            }
        }
        if plain { return try array(from: base) }
        return try sequence(from: base, keepsSingleton: operation.pointee.flags.contains(.keepsArray))
    }

    private mutating func pushFlattened(_ array: Value) throws(MappingFailure) {
        try step()
        try guardStack()
        let index = container(array)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            let value = value(at: cursor)
            cursor = next(cursor)
            if isArray(value) { try pushFlattened(value) } else { stack.append(value) }
        }
    }

    mutating func descendants(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        guard !input.isUndefined else { return .undefined }
        let base = stack.count
        try pushDescendants(input)
        return try sequence(from: base, keepsSingleton: operation.pointee.flags.contains(.keepsArray))
    }

    private mutating func pushDescendants(_ value: Value) throws(MappingFailure) {
        try step()
        try guardStack()
        guard value.isLink else {
            stack.append(value)
            return
        }
        let index = container(value)
        let isObject = tape[index] >> 60 == Value.object
        if isObject { stack.append(value) }
        let listing = listing(of: index)
        var cursor = index + 1
        for place in 0..<count(at: index) {
            if let listing { cursor = listing[place] }
            if isObject { cursor += 1 }
            try pushDescendants(self.value(at: cursor))
            cursor = next(cursor)
        }
    }
}
