import Document

extension Machine {
    // MARK: Arrays

    mutating func arrayConstructor(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let base = stack.count
        for place in 0..<Int(operation.pointee.b) {
            let item = tables.lists[Int(operation.pointee.a) + 2 * place]
            let isArray = tables.lists[Int(operation.pointee.a) + 2 * place + 1] == 1
            if operations[Int(item)].kind == .range,
                operations[Int(item)].flags.isDisjoint(with: [.suffix, .keepsArray])
            {
                try pushRange(item, input)
                continue
            }
            let value = try evaluate(item, input)
            if value.isUndefined { continue }
            if isArray || !self.isArray(value) { stack.append(value) } else { pushElements(value) }
        }
        let constructed = operation.pointee.flags.contains(.constructsArray)
        return try array(from: base, flags: constructed ? Value.constructed : 0)
    }

    // MARK: Objects

    /// An object whose keys are constants: no groups to form.
    mutating func record(_ operation: UnsafePointer<Operation>, _ input: Value) throws(MappingFailure) -> Value {
        let base = stack.count
        if input.isLink, isArray(input) {
            pushElements(input)
            return try group(operation.pointee.c, from: base)
        }
        let object = input.isLink ? container(input) : -1
        let room = 2 &* Int(operation.pointee.b)
        // Its words come first, then those of the containers in it.
        try reserve(words: room + 1)
        let start = tape.count
        _ = tape.advance(words: room + 1)
        var at = start &+ 1
        var pair = tables.pairs + Int(operation.pointee.a)
        let end = pair + Int(operation.pointee.b)
        try step(Int(operation.pointee.b))
        while pair < end {
            let value: Value
            if pair.pointee.access >= 0 {
                // Most are a name or two.
                value = object >= 0 ? try member(pair, object, input) : .undefined
            } else {
                value = try constructed(pair.pointee.operation, input)
            }
            if !value.isUndefined {
                let words = tape.start + at
                words[0] = pair.pointee.key &+ UInt64(truncatingIfNeeded: poolBase)
                words[1] = value.bits
                at &+= 2
            }
            pair += 1
        }
        tape[start] = TapeWords.container(.object, count: (at &- start) >> 1, end: at)
        while at <= start &+ room {
            tape[at] = Value.null.bits
            at &+= 1
        }
        return Value(link: start)
    }

    /// An operation's value, which often is an object.
    @inline(__always)
    mutating func constructed(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        guard operation.pointee.kind == .record, operation.pointee.flags.isDisjoint(with: [.suffix, .keepsArray]) else {
            return try evaluate(number, input)
        }
        try step()
        return try record(operation, input)
    }

    /// The value of a member that is a name or two of an object.
    @inline(__always)
    private mutating func member(
        _ pair: UnsafePointer<PairCode>, _ object: Int, _ input: Value
    ) throws(MappingFailure) -> Value {
        find(pair.pointee.first.shape, of: object)
        let value = findings.slots[Int(pair.pointee.first.slot)]
        if pair.pointee.inner < 0 { return value }
        guard value.isLink else { return .undefined }
        let access = tables.accesses + Int(pair.pointee.inner)
        if findings.objects[Int(access.pointee.shape)] != UInt32(truncatingIfNeeded: value.bits) {
            let inner = container(value)
            guard tape[inner] >> 60 == Value.object else { return try evaluate(pair.pointee.operation, input) }
            find(access.pointee.shape, of: inner)
        }
        return findings.slots[Int(access.pointee.slot)]
    }

    /// One group while grouping: its key, which pair made it, and the chain of its items.
    struct Group: BitwiseCopyable {
        var key: Value
        var pair: Int32
        var firstItem: Int32
        var lastItem: Int32
        /// The next group with the same hash.
        var next: Int32
    }

    /// Groups in the order their keys appeared.
    struct Groups {
        var groups: [Group] = []
        /// For each entry: the item's place, and the group's next entry.
        var entries: [(item: Int32, next: Int32)] = []
        private var table: [UInt64: Int32] = [:]

        mutating func add(
            _ machine: borrowing Machine, key: Value, pair: Int32, item: Int32
        ) throws(MappingFailure) {
            let hash = machine.likeness(ofText: key)
            entries.append((item, -1))
            let entry = Int32(entries.count - 1)
            var known = table[hash] ?? -1
            while known >= 0, !machine.sameText(groups[Int(known)].key, key) { known = groups[Int(known)].next }
            guard known >= 0 else {
                groups.append(Group(key: key, pair: pair, firstItem: entry, lastItem: entry, next: table[hash] ?? -1))
                table[hash] = Int32(groups.count - 1)
                return
            }
            guard groups[Int(known)].pair == pair else {
                throw machine.failure("D1009", "several key expressions give the same key")
            }
            entries[Int(groups[Int(known)].lastItem)].next = entry
            groups[Int(known)].lastItem = entry
        }
    }

    /// Groups the items on the stack from `base` by the keys of a constructor, and makes the object.
    mutating func group(_ number: Int32, from base: Int) throws(MappingFailure) -> Value {
        let code = tables.groups[Int(number)]
        if stack.count == base { stack.append(.undefined) }
        let high = stack.count
        var groups = Groups()
        for place in base..<high {
            for pair in 0..<code.count {
                let key = try evaluate(tables.lists[Int(code.pairs + 2 * pair)], stack[place])
                if key.isUndefined { continue }
                try checkKey(key, code)
                do throws(MappingFailure) {
                    try groups.add(self, key: key, pair: pair, item: Int32(place))
                } catch {
                    throw self.place(error, offset: code.offset)
                }
            }
        }
        let result = stack.count
        for group in groups.groups {
            var context = stack[Int(groups.entries[Int(group.firstItem)].item)]
            if group.firstItem != group.lastItem {
                let start = stack.count
                var entry = group.firstItem
                var given = 0
                while entry >= 0 {
                    let item = stack[Int(groups.entries[Int(entry)].item)]
                    entry = groups.entries[Int(entry)].next
                    if item.isUndefined { continue }
                    given += 1
                    context = item
                    pushItems(item)
                }
                if given > 1 { context = try array(from: start) } else { stack.truncate(start) }
            }
            let value = try evaluate(tables.lists[Int(code.pairs + 2 * group.pair + 1)], context)
            if value.isUndefined { continue }
            stack.append(group.key)
            stack.append(value)
        }
        let object = try object(from: result)
        stack.truncate(base)
        return object
    }

    func checkKey(_ key: Value, _ group: GroupCode) throws(MappingFailure) {
        guard key.isString else {
            throw .error(
                code.program.source.error(
                    "T1003", "a key must be a string, and is \(type(of: key).described)", at: Int(group.offset),
                    token: "{"
                ))
        }
    }

    func place(_ failure: MappingFailure, offset: Int32) -> MappingFailure {
        guard case .error(let error) = failure, error.offset < 0 else { return failure }
        return .error(code.program.source.error(error.code, error.message, at: Int(offset), token: "{"))
    }
}
