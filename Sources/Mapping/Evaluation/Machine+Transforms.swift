import Document

extension Machine {
    /// `|pattern|update, delete|` applied to its argument: a changed copy.
    ///
    /// The copy is new objects all the way down. A changed object is written anew, and the old one's head becomes a link
    /// to it, so whoever points there sees the change.
    mutating func transform(_ closure: Closure, from base: Int) throws(MappingFailure) -> Value {
        let operation = operations[Int(closure.a)]
        guard stack.count > base, !stack[base].isUndefined else { return .undefined }
        guard stack[base].isLink else {
            throw failure("T0410", "a transform needs an object or an array")
        }
        let saved = frame
        frame = closure.frame
        defer { frame = saved }
        let result = try copy(stack[base], depth: 0)
        let matches = try evaluate(operation.a, result)
        if matches.isUndefined { return result }
        let first = stack.count
        pushItems(matches)
        let last = stack.count
        for place in first..<last {
            let match = stack[place]
            let update = try evaluate(operation.b, match)
            if !update.isUndefined {
                guard isObject(update) else {
                    throw failure("T2011", "a transform's update must be an object", at: operation.b, input: match)
                }
                try change(match, update: update)
            }
            if operation.c >= 0 { try delete(operation.c, from: match) }
        }
        stack.truncate(first)
        return result
    }

    /// A copy whose containers are all new.
    mutating func copy(_ value: Value, depth: Int) throws(MappingFailure) -> Value {
        guard value.isLink else { return value }
        guard depth < 512 else { throw failure("U2002", "the value nests too deep to be copied") }
        try step()
        let index = container(value)
        let isObject = tape[index] >> 60 == Value.object
        let base = stack.count
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            if isObject {
                stack.append(Value(bits: tape[cursor]))
                cursor += 1
            }
            let inner = try copy(self.value(at: cursor), depth: depth + 1)
            stack.append(inner.isUndefined ? .null : inner)
            cursor = next(cursor)
        }
        return isObject ? try object(from: base) : try array(from: base, flags: value.bits & 0xF_0000_0000)
    }

    /// Replaces an object by itself with another one's members.
    private mutating func change(_ match: Value, update: Value) throws(MappingFailure) {
        guard isObject(match) else { return }
        let base = stack.count
        pushMembers(match)
        let own = stack.count
        let index = container(update)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            let key = Value(bits: tape[cursor])
            let value = self.value(at: cursor + 1)
            var place = base
            while place < own, !sameText(stack[place], key) { place += 2 }
            if place < own {
                stack[place + 1] = value
            } else {
                stack.append(key)
                stack.append(value)
            }
            cursor = next(cursor + 1)
        }
        try replace(match, from: base)
    }

    private mutating func delete(_ operation: Int32, from match: Value) throws(MappingFailure) {
        let names = try evaluate(operation, match)
        if names.isUndefined { return }
        let first = stack.count
        pushItems(names)
        let last = stack.count
        for place in first..<last where !stack[place].isString {
            throw failure("T2012", "a transform's deletions must be strings", at: operation, input: match)
        }
        guard isObject(match) else {
            stack.truncate(first)
            return
        }
        let index = container(match)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            let key = Value(bits: tape[cursor])
            var place = first
            while place < last, !sameText(stack[place], key) { place += 1 }
            if place == last {
                stack.append(key)
                stack.append(value(at: cursor + 1))
            }
            cursor = next(cursor + 1)
        }
        try replace(match, from: last)
        stack.truncate(first)
    }

    /// Pushes an object's keys and values in turn.
    mutating func pushMembers(_ object: Value) {
        let index = container(object)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            stack.append(Value(bits: tape[cursor]))
            stack.append(value(at: cursor + 1))
            cursor = next(cursor + 1)
        }
    }

    private mutating func replace(_ match: Value, from base: Int) throws(MappingFailure) {
        let old = container(match)
        let new = try object(from: base)
        tape[old] = new.bits
        // What was found in it is the old one's.
        findings.forget(shapes: code.program.shapes.count)
    }
}
