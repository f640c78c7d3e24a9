import Document

/// What was found in objects: for each shape, the object it was last looked up in, and a slot for each of its names.
///
/// A mapping asks for many names of one object: one pass over its members finds them all.
struct Findings: ~Copyable {
    /// For each shape: the index of its object; ``nothing`` for none.
    private(set) var objects: UnsafeMutablePointer<UInt32> = .allocate(capacity: 0)
    /// For each name: its value in its shape's object. One lies before them that nobody reads: storing what isn't asked for
    /// costs less than asking whether it is.
    private(set) var slots: UnsafeMutablePointer<Value> = .allocate(capacity: 1) + 1
    private var shapeCapacity = 0
    private var slotCapacity = 0

    static let nothing = UInt32.max

    deinit {
        objects.deallocate()
        (slots - 1).deallocate()
    }

    /// Forgets which objects were looked in.
    func forget(shapes: Int) { objects.update(repeating: Self.nothing, count: shapes) }

    /// Forgets everything, and makes room for a program's shapes and names.
    mutating func reset(shapes: Int, names: Int) {
        if shapes > shapeCapacity || names > slotCapacity {
            objects.deallocate()
            (slots - 1).deallocate()
            shapeCapacity = max(shapes, shapeCapacity)
            slotCapacity = max(names, slotCapacity)
            objects = .allocate(capacity: shapeCapacity)
            slots = .allocate(capacity: slotCapacity + 1) + 1
        }
        forget(shapes: shapes)
    }
}

extension Machine {
    /// The member that an access asks for, of the object at an index.
    @inline(__always)
    func member(of index: Int, _ access: UnsafePointer<Access>) -> Value {
        let shape = Int(access.pointee.shape)
        if findings.objects[shape] != UInt32(truncatingIfNeeded: index) { find(shape, in: index) }
        return findings.slots[Int(access.pointee.slot)]
    }

    /// Finds all names of a shape in the object at an index, when they aren't found yet.
    @inline(__always)
    func find(_ shape: Int32, of index: Int) {
        if findings.objects[Int(shape)] != UInt32(truncatingIfNeeded: index) { find(Int(shape), in: index) }
    }

    /// Finds all names of a shape in the object at an index.
    @inline(never)
    private func find(_ number: Int, in index: Int) {
        findings.objects[number] = UInt32(truncatingIfNeeded: index)
        guard let plan = plan(number, index) else { return search(number, in: index) }
        find(index, plan)
    }

    /// Finds all names of a shape in the object at an index, name by name. Arithmetic is unchecked: all of it stays within
    /// the tape.
    @inline(never)
    private func search(_ number: Int, in index: Int) {
        let shape = (tables.shapes + number).pointee
        let slots = findings.slots + Int(shape.first)
        let shift = shape.shift & 63
        var left = Int(shape.count)
        for place in 0..<left { slots[place] = .undefined }
        let (words, bytes) = tape.fixed
        // An object's head holds its end.
        let end = words + Int(UInt32(truncatingIfNeeded: words[index]))
        var at = words + index + 1
        while at < end {
            let key = at[0]
            let word = at[1]
            at += 1
            let length = Int((key >> 32) & 0x3FF_FFFF)
            let text = UnsafeRawPointer(bytes + Int(UInt32(truncatingIfNeeded: key)))
            let (head, tail) = Name.ends(of: text, length)
            let isContainer = word >> 60 &- Value.array < 2
            let place = self.place(of: text, length, head, tail, shape, shift)
            if place >= 0 {
                slots[place] = isContainer ? Value(link: at - words) : Value(bits: word)
                left &-= 1
                if left == 0 { return }
            }
            at = isContainer ? words + Int(UInt32(truncatingIfNeeded: word)) : at + 1
        }
    }

    /// A text's place among a shape's names; below 0 when it is none.
    @inline(__always)
    func place(
        of text: UnsafeRawPointer, _ length: Int, _ head: UInt64, _ tail: UInt64, _ shape: Shape, _ shift: UInt64
    ) -> Int {
        let names = tables.names + Int(shape.first)
        let bucket = Name.bucket(head, tail, shape.multiplier, shift)
        var place = Int(tables.buckets[Int(shape.table) + bucket])
        while place >= 0 {
            let name = names + place
            if name.pointee.head == head, name.pointee.tail == tail, Int(name.pointee.length) == length,
                length <= 16 || isSame(text, name.pointee)
            {
                return place
            }
            place = Int(name.pointee.next)
        }
        return place
    }

    /// Whether a text has a long name's middle; its length and its ends are the same.
    @inline(never)
    private func isSame(_ text: UnsafeRawPointer, _ name: Name) -> Bool {
        let own = UnsafeRawPointer(tables.lookUps + Int(name.offset))
        for place in stride(from: 8, to: Int(name.length) - 8, by: 8)
        where text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            != own.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        {
            return false
        }
        return true
    }

    /// A name's value in an object, or in each object of an array.
    mutating func field(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        try found(tables.accesses + Int(number), input)
    }

    /// A path of names only, the commonest by far: objects are walked without touching a stack.
    mutating func fields(_ first: Int32, _ count: Int32, _ input: Value) throws(MappingFailure) -> Value {
        var value = input
        var place = first
        let end = first &+ count
        while place < end {
            guard value.isLink else { return .undefined }
            let access = tables.accesses + Int(place)
            // Of an object that was looked in last nothing more is asked.
            if findings.objects[Int(access.pointee.shape)] != UInt32(truncatingIfNeeded: value.bits) {
                let index = container(value)
                if tape[index] >> 60 == Value.array {
                    // Behind the accesses for objects lie those for the elements of arrays.
                    return try fieldsOfArray(place &+ count, end &+ count, value)
                }
                find(access.pointee.shape, of: index)
            }
            value = findings.slots[Int(access.pointee.slot)]
            place &+= 1
        }
        return value
    }

    /// Goes on with a path of names where an array was met.
    @inline(never)
    private mutating func fieldsOfArray(_ from: Int32, _ to: Int32, _ array: Value) throws(MappingFailure) -> Value {
        let base = stack.count
        // What a step gave flattens into its items; the first step's input too.
        pushElements(array)
        var low = base
        for place in from..<to {
            let high = stack.count
            let access = tables.accesses + Int(place)
            var results = 0
            var last = Value.undefined
            for item in low..<high {
                try step()
                let found = try found(access, stack[item])
                if found.isUndefined { continue }
                results += 1
                last = found
                if isArray(found), !found.has(Value.constructed) { pushElements(found) } else { stack.append(found) }
            }
            if place == to - 1, results == 1, isArray(last), !last.has(Value.sequence) {
                stack.truncate(base)
                return last
            }
            low = high
        }
        return try take(from: low, base: base)
    }

    /// What an access gives in an object, or in each object of an array, as a step evaluates it.
    mutating func found(_ access: UnsafePointer<Access>, _ item: Value) throws(MappingFailure) -> Value {
        guard item.isLink else { return .undefined }
        let index = container(item)
        if tape[index] >> 60 == Value.object { return member(of: index, access) }
        let base = stack.count
        try pushMembers(of: index, access)
        return try sequence(from: base)
    }

    /// Pushes a name's values in each object of an array; arrays among them flatten.
    private mutating func pushMembers(
        of array: Int, _ access: UnsafePointer<Access>
    ) throws(MappingFailure) {
        var cursor = array + 1
        for _ in 0..<count(at: array) {
            let element = value(at: cursor)
            cursor = next(cursor)
            guard element.isLink else { continue }
            try step()
            let index = container(element)
            if tape[index] >> 60 == Value.array {
                try guardStack()
                try pushMembers(of: index, access)
                continue
            }
            let found = member(of: index, access)
            if found.isUndefined { continue }
            pushItems(found)
        }
    }
}
